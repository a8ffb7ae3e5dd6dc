import { assert } from "../../core/assert.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { AnyTable, Reader, Store, Transaction } from "../../ports/store.ts";
import { BodyReader, BodyTransaction } from "../record/body-access.ts";
import { BodyScope } from "../record/body-scope.ts";
import { Attempt } from "./attempt.ts";
import { ConflictPace } from "./conflict-pace.ts";
import { verdictOf, YdbFailure } from "./failure.ts";
import { ReadBatch } from "./read-batch.ts";
import { untilDone, type RetryLoopParts, type Try } from "./retry-loop.ts";
import type { Connection } from "./session.ts";
import { outcomeUnknown } from "./store-error.ts";
import { outcomeOf, unansweredCommit, type UnansweredCommit } from "./unanswered-commit.ts";
import { WrittenShapes } from "./written-by.ts";

/**
 * The record layer over a YDB database, which any number of processes may share.
 *
 * Y1 A transaction is optimistic: it reads one state without waiting for anybody, and its one
 *    request of writes and commit is refused where somebody changed what it read. Then its body
 *    runs again, until one deadline over all tries (`limits.ydbTransactionMs`).
 * Y2 When a call has resolved, no request of it is under way: a function may freeze at once.
 * Y3 A commit whose answer was lost is looked up, not repeated: every row says who wrote it. Where
 *    even that proves nothing, the caller hears STORE_OUTCOME_UNKNOWN. So a body's writes happen
 *    once or not at all, whatever the network does.
 * Y4 Nothing connects before the first call, and then the schema is checked once: a database that
 *    this version does not know is refused before anything is read from it.
 */
export interface YdbStoreParts {
  readonly connection: Connection;
  readonly tables: readonly AnyTable[];
  readonly clock: Clock & Alarms;
  readonly random: Random;
  /** Throws where the database's schema is not the one this version works with. */
  readonly checkSchema: (reader: Reader) => Promise<void>;
}

export function createYdbStore(parts: YdbStoreParts): Store {
  return new YdbStore(parts);
}

class YdbStore implements Store {
  readonly #parts: YdbStoreParts & RetryLoopParts;
  readonly #shapes: WrittenShapes;
  readonly #running = new Set<Promise<unknown>>();
  #checked: Promise<void> | undefined;
  #closed: Promise<void> | undefined;

  constructor(parts: YdbStoreParts) {
    this.#parts = { ...parts, pace: new ConflictPace(parts.clock, parts.random) };
    this.#shapes = new WrittenShapes(parts.tables);
  }

  async transact<T>(label: string, body: (tx: Transaction) => Promise<T>): Promise<T> {
    const what = `transaction ${label}`;
    BodyScope.assertOutside(this, what);
    const unanswered: UnansweredCommit<T>[] = [];
    const work = { what, isInDoubt: () => unanswered.length > 0 };
    return await this.#call(async () => {
      await this.#checkOnce();
      return await untilDone(
        this.#parts,
        work,
        async (tried) =>
          await inAttempt("serializable", tried, async (attempt) => {
            // They stay under suspicion, whatever is found: one that still happens later makes
            // this try conflict, and the next one finds it.
            const earlier = await outcomeOf(unanswered, attempt);
            if (earlier.kind === "committed") return earlier.commit.result;
            if (earlier.kind === "unknown") throw outcomeUnknown(what, OVERWRITTEN);
            return await this.#try(attempt, { what, body, unanswered });
          }),
      );
    });
  }

  async snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    BodyScope.assertOutside(this, "a snapshot");
    return await this.#call(async () => {
      await this.#checkOnce();
      return await this.#read("snapshot", body);
    });
  }

  async close(): Promise<void> {
    BodyScope.assertOutside(this, "closing the store");
    this.#closed ??= Promise.allSettled(this.#running).then(
      async () => await this.#parts.connection.close(),
    );
    await this.#closed;
  }

  async #try<T>(attempt: Attempt, { what, body, unanswered }: Transacted<T>): Promise<T> {
    const scope = new BodyScope(this, what);
    const engine = new ReadBatch(attempt, this.#shapes);
    const tx = new BodyTransaction({ shapes: this.#shapes.shapes, engine, scope });
    const result = await engine.serve(async () => await scope.run(() => body(tx)));
    const writer = this.#parts.random.id();
    const writes = this.#shapes.signed(tx.writes(), writer);
    try {
      await attempt.commit(writes);
      return result;
    } catch (error) {
      const isLost =
        error instanceof YdbFailure && verdictOf(error, "commit").committed === "unknown";
      if (attempt.hasSentCommit && isLost)
        unanswered.push(unansweredCommit(writer, writes, engine, result));
      throw error;
    }
  }

  async #read<T>(what: string, body: (reader: Reader) => Promise<T>): Promise<T> {
    const work = { what, isInDoubt: () => false };
    return await untilDone(
      this.#parts,
      work,
      async (tried) =>
        await inAttempt("snapshot", tried, async (attempt) => {
          const scope = new BodyScope(this, `a ${what}`);
          const engine = new ReadBatch(attempt, this.#shapes);
          const reader = new BodyReader({ shapes: this.#shapes.shapes, engine, scope });
          return await engine.serve(async () => await scope.run(() => body(reader)));
        }),
    );
  }

  /** A check that failed is made again by the next call: the database may have been mended. */
  async #checkOnce(): Promise<void> {
    this.#checked ??= this.#read("check of the schema", this.#parts.checkSchema).catch(
      (error: unknown) => {
        this.#checked = undefined;
        throw error;
      },
    );
    await this.#checked;
  }

  async #call<T>(steps: () => Promise<T>): Promise<T> {
    assert(this.#closed === undefined, "the store is open");
    const call = steps();
    this.#running.add(call);
    try {
      return await call;
    } finally {
      this.#running.delete(call);
    }
  }
}

const OVERWRITTEN = "others have since written over what it wrote";

/** A transaction over all its tries. */
interface Transacted<T> {
  readonly what: string;
  readonly body: (tx: Transaction) => Promise<T>;
  /** Commits of its earlier tries. */
  readonly unanswered: UnansweredCommit<T>[];
}

/** However the steps end, the transaction of their attempt ends with them. */
async function inAttempt<T>(
  kind: "serializable" | "snapshot",
  { session, deadlineMs }: Try,
  steps: (attempt: Attempt) => Promise<T>,
): Promise<T> {
  const attempt = new Attempt(session, kind, deadlineMs);
  try {
    return await steps(attempt);
  } finally {
    await attempt.rollback();
  }
}
