import { OrreryError } from "../../shared/core/errors.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { Store, Transaction } from "../../shared/ports/store.ts";

/** What a database does to whoever uses it, each with its probability. */
export interface StoreWeather {
  readonly random: Random;
  /** It answers that it is busy, and nothing was done. */
  readonly busy: number;
  /** It commits, and the answer is lost on its way. */
  readonly unknown: number;
  /** It meets a conflict at the commit, and the body runs again. */
  readonly rerun: number;
}

class AbortedError extends Error {}

/** Who looks on. */
interface Witness<Seen> {
  /** What a transaction is about to commit, as it would read it itself. */
  readonly inside: (tx: Transaction) => Promise<Seen>;
  /** After the commit, and before whoever asked for it hears of it. */
  readonly afterCommit: (label: string, seen: Seen) => Promise<void>;
}

/**
 * A store that shows every commit to a witness, and that fails as the weather has it. Without weather
 * it does not fail.
 */
export function checkedStore<Seen>(
  store: Store,
  witness: Witness<Seen>,
  weather: () => StoreWeather | undefined,
): Store {
  const happens = (probability: number | undefined): boolean =>
    probability !== undefined && (weather()?.random.fraction() ?? 1) < probability;
  return {
    transact: async (label, body) => {
      const { busy, unknown, rerun } = weather() ?? {};
      if (happens(busy)) throw new OrreryError("STORE_BUSY", "The database is busy");
      if (happens(rerun)) {
        const abort = async (): Promise<never> =>
          await store.transact(label, async (tx) => {
            await body(tx);
            throw new AbortedError();
          });
        await abort().catch((error: unknown) => {
          if (!(error instanceof AbortedError)) throw error;
        });
      }
      const { result, seen } = await store.transact(label, async (tx) => {
        const done = await body(tx);
        return { result: done, seen: await witness.inside(tx) };
      });
      await witness.afterCommit(label, seen);
      if (!happens(unknown)) return result;
      throw new OrreryError("STORE_OUTCOME_UNKNOWN", "Nobody knows whether this was committed");
    },
    snapshot: async (body) => await store.snapshot(body),
    close: async () => await store.close(),
  };
}
