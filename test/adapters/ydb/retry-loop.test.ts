import { describe, expect, it } from "vitest";
import { ConflictPace } from "../../../shared/adapters/ydb/conflict-pace.ts";
import { YdbFailure } from "../../../shared/adapters/ydb/failure.ts";
import { untilDone } from "../../../shared/adapters/ydb/retry-loop.ts";
import type { Connection } from "../../../shared/adapters/ydb/session.ts";
import { limits } from "../../../shared/core/limits.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { seededRandom } from "../../support/seeded-random.ts";

/** Tries to get a session, which fails in these ways one after the other; the last takes all the time left. */
async function tryWith(failures: readonly YdbFailure[]): Promise<unknown> {
  let nowMs = 0;
  const left = [...failures];
  const acquire = async (): Promise<never> => {
    await Promise.resolve();
    const failure = left.shift();
    if (left.length === 0) nowMs = limits.ydbTransactionMs;
    throw failure ?? new Error("no more tries were expected");
  };
  const clock = {
    now: () => instant(nowMs),
    monotonicMs: () => nowMs,
    set: (_at: unknown, wake: () => void) => {
      wake();
      return () => undefined;
    },
  };
  const random = seededRandom(1);
  const parts = {
    connection: { acquire } as unknown as Connection,
    clock,
    random,
    pace: new ConflictPace(clock, random),
  };
  const work = { what: "transaction demo", isInDoubt: () => false };
  return await untilDone(parts, work, async () => await Promise.resolve()).catch(
    (error: unknown) => error,
  );
}

describe("what ends a transaction that never got a session", () => {
  const refused = new YdbFailure("UNAVAILABLE", "the token was refused");
  const late = new YdbFailure("TIMED_OUT", "no session within 2 ms");

  it("is what refused it, and not that the time ran out while it waited once more", async () => {
    expect(String(await tryWith([refused, refused, late]))).toContain("the token was refused");
  });

  it("is that the time ran out, where nothing else was heard", async () => {
    expect(String(await tryWith([late]))).toContain("no session within 2 ms");
  });
});
