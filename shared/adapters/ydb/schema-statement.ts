import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { verdictOf, YdbFailure } from "./failure.ts";
import { pause, type SchemaPace } from "./schema-pace.ts";

/** What a migration needs of a database beside a connection. */
export interface SchemaClient {
  /**
   * Applies one statement that changes the schema. Rejects with a `YdbFailure`, at the latest after
   * `limits.ydbSchemaCallMs`; whether the statement took effect is then open.
   */
  execute(text: string): Promise<void>;
  /** Resolves whatever happens, within a bounded time. */
  close(): Promise<void>;
}

export interface StatementParts {
  readonly database: string;
  readonly schemaClient: SchemaClient;
  readonly clock: Clock & Alarms;
}

export interface Statement {
  readonly text: string;
  /** Whether what the statement makes is there. */
  readonly isDone: () => Promise<boolean>;
  readonly pace: SchemaPace;
  /** Told when the statement has to wait, for the pace or for another try. */
  readonly waits: () => void;
}

/**
 * Applies a statement that may be repeated: until it took effect, or somebody else's like it did,
 * or until it is clear that it will not, or `limits.ydbSchemaPatienceMs` have passed.
 */
export async function applyStatement(parts: StatementParts, statement: Statement): Promise<void> {
  const { clock, schemaClient } = parts;
  const { text, pace, isDone, waits } = statement;
  const giveUpMs = clock.monotonicMs() + limits.ydbSchemaPatienceMs;
  for (;;) {
    if (pace.waitMs() > 0) waits();
    await pace.turn();
    try {
      await schemaClient.execute(text);
      return;
    } catch (error) {
      if (!(error instanceof YdbFailure)) throw error;
      if (await isDone()) return;
      const isTooLate = clock.monotonicMs() + limits.ydbSchemaRetryMs >= giveUpMs;
      if (isTooLate || !isPassing(error)) throw stopped(parts.database, text, error);
      waits();
      await pause(clock, limits.ydbSchemaRetryMs);
    }
  }
}

/**
 * What a server says where another operation on the same table is under way: under several statuses,
 * depending on its version. The text is that of its schema shard.
 */
const UNDER_WAY = /under operation|MultipleModifications/;

function isPassing(failure: YdbFailure): boolean {
  return verdictOf(failure, "read").retry !== "never" || UNDER_WAY.test(failure.message);
}

function stopped(database: string, text: string, failure: YdbFailure): OrreryError {
  const [what = text] = text.split(" (", 1);
  const isThrottled = verdictOf(failure, "read").retry === "slowly";
  return new OrreryError(
    isThrottled ? "STORE_THROTTLED" : "STORE_UNAVAILABLE",
    `The migration of ${database} stopped at ${what}: ${failure.message} ` +
      `(${failure.status}). What was applied stays applied; once this is mended, ` +
      `\`orrery migrate --store '${database}'\` goes on from there.`,
    { cause: failure },
  );
}
