import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { YdbFailure, type FailureStatus } from "../../../shared/adapters/ydb/failure.ts";
import { SchemaPace } from "../../../shared/adapters/ydb/schema-pace.ts";
import { applyStatement } from "../../../shared/adapters/ydb/schema-statement.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";

const TEXT = "CREATE TABLE IF NOT EXISTS `a` (id Utf8 NOT NULL, PRIMARY KEY (id));";

/** How a statement fared against a database that fails as told, first one first, then succeeds. */
interface Fared {
  /** `applied`, or the error. */
  readonly outcome: unknown;
  /** When it was sent, in ms from the start. */
  readonly sentMs: readonly number[];
  readonly waits: number;
}

async function apply(
  failures: readonly (YdbFailure | Error)[],
  doneAfter = Infinity,
): Promise<Fared> {
  const clock = new ManualClock(instant(1_000_000));
  const sentMs: number[] = [];
  let waits = 0;
  const applied = applyStatement(
    {
      database: "ydb://box/local",
      clock,
      schemaClient: {
        execute: async () => {
          const failure = failures[sentMs.length];
          sentMs.push(clock.monotonicMs());
          await Promise.resolve();
          if (failure !== undefined) throw failure;
        },
        close: async () => await Promise.resolve(),
      },
    },
    {
      text: TEXT,
      pace: new SchemaPace(clock, undefined),
      isDone: async () => await Promise.resolve(sentMs.length >= doneAfter),
      waits: () => (waits += 1),
    },
  ).then(
    () => "applied",
    (error: unknown) => error,
  );
  await clock.advance(HOUR_MS);
  return { outcome: await applied, sentMs, waits };
}

const failure = (status: FailureStatus, message = "no"): YdbFailure =>
  new YdbFailure(status, message);

describe("a schema statement", () => {
  it("is sent once where it succeeds, without a wait", async () => {
    expect(await apply([])).toEqual({ outcome: "applied", sentMs: [0], waits: 0 });
  });

  it.each<[string, YdbFailure]>([
    ["over the quota", failure("OVERLOADED", "Request exceeded a limit on the number of schema")],
    ["throttled on the way", failure("GRPC_RESOURCE_EXHAUSTED")],
    ["that the database is not there for", failure("UNAVAILABLE")],
    ["whose answer was lost", failure("TIMED_OUT")],
    [
      "beside another operation on the table",
      failure("GENERIC_ERROR", "Check failed: path: '/local/a', error: path is under operation"),
    ],
  ])("%s is sent again, some seconds later, and told to wait", async (_what, passing) => {
    const fared = await apply([passing, passing]);

    const stepMs = limits.ydbSchemaRetryMs;
    expect(fared).toEqual({ outcome: "applied", sentMs: [0, stepMs, 2 * stepMs], waits: 2 });
  });

  it("counts as applied where it failed because another migrate had done it", async () => {
    const exists = failure("GENERIC_ERROR", "Column: mood already exists");

    expect(await apply([exists], 1)).toEqual({ outcome: "applied", sentMs: [0], waits: 0 });
  });

  it("is given up at once where it cannot succeed, with a way on", async () => {
    const { outcome, sentMs } = await apply([failure("UNAUTHORIZED", "Access denied")]);

    expect(sentMs).toEqual([0]);
    expect(outcome).toBeInstanceOf(OrreryError);
    expect(outcome).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(
        /stopped at CREATE TABLE IF NOT EXISTS `a`: Access denied \(UNAUTHORIZED\).*orrery migrate --store 'ydb:\/\/box\/local'/,
      ) as string,
    });
  });

  it("is given up after some minutes of a quota that gives nothing back", async () => {
    const day = failure(
      "OVERLOADED",
      "Request exceeded a limit on the number of schema operations",
    );
    const { outcome, sentMs } = await apply(Array.from({ length: 1_000 }, () => day));

    expect(outcome).toMatchObject({ code: "STORE_THROTTLED" });
    const lastMs = sentMs.at(-1) ?? 0;
    expect(lastMs).toBeLessThan(limits.ydbSchemaPatienceMs);
    expect(lastMs).toBeGreaterThan(limits.ydbSchemaPatienceMs - 10 * SECOND_MS);
  });

  it("hands on an error that is not the database's as it is", async () => {
    const bug = new TypeError("a bug");

    expect((await apply([bug])).outcome).toBe(bug);
  });
});
