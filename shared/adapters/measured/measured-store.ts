import { OrreryError } from "../../core/errors.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Reader, Store } from "../../ports/store.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** What measures need. */
export interface Measuring {
  readonly telemetry: Telemetry;
  readonly clock: Pick<Clock, "monotonicMs">;
}

/**
 * The same store, each transaction and snapshot a span and a duration. A body that runs again was
 * tried again, whichever engine it is.
 */
export function measuredStore(store: Store, measuring: Measuring): Store {
  return {
    transact: async (label, body) =>
      await measured(
        measuring,
        label,
        async (counted) => await store.transact(label, counted(body)),
      ),
    snapshot: async (body) =>
      await measured(measuring, "snapshot", async (counted) => await store.snapshot(counted(body))),
    close: async () => await store.close(),
  };
}

type Counted = <R extends Reader, T>(body: (reader: R) => Promise<T>) => (reader: R) => Promise<T>;

async function measured<T>(
  { telemetry, clock }: Measuring,
  transaction: string,
  work: (counted: Counted) => Promise<T>,
): Promise<T> {
  const facts = { transaction };
  return await telemetry.span({ name: `store ${transaction}`, kind: "client", facts }, async () => {
    const startedMs = clock.monotonicMs();
    let tries = 0;
    try {
      return await work((body) => async (reader) => {
        tries += 1;
        return await body(reader);
      });
    } catch (error) {
      // A body's own error passes through the store, which did what it was asked.
      const isStores = error instanceof OrreryError && error.code.startsWith("STORE_");
      if (isStores) telemetry.count("orrery.store.failures", 1, { transaction, code: error.code });
      throw error;
    } finally {
      const seconds = (clock.monotonicMs() - startedMs) / 1_000;
      telemetry.record("orrery.store.duration", seconds, { transaction });
      if (tries > 1) telemetry.count("orrery.store.retries", tries - 1, { transaction });
    }
  });
}
