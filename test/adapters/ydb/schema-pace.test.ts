import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { SchemaPace, type Pace } from "../../../shared/adapters/ydb/schema-pace.ts";
import { instant } from "../../../shared/core/time/instant.ts";

/** When each of `count` operations had its turn, one after the other, in ms from the start. */
async function turns(pace: Pace | undefined, count: number, totalMs: number): Promise<number[]> {
  const clock = new ManualClock(instant(1_000_000));
  const schemaPace = new SchemaPace(clock, pace);
  const at: number[] = [];
  const all = (async () => {
    for (let turn = 0; turn < count; turn += 1) {
      await schemaPace.turn();
      at.push(clock.monotonicMs());
    }
  })();
  await clock.advance(totalMs);
  await all;
  return at;
}

describe("operations under a quota of a sliding window", () => {
  it("go at once while they are fewer than it allows, then when the first has left it", async () => {
    expect(await turns({ operations: 3, windowMs: 1_000 }, 8, 2_000)).toEqual([
      ...[0, 0, 0],
      ...[1_000, 1_000, 1_000],
      ...[2_000, 2_000],
    ]);
  });

  it("are never more than it allows in any window, at whatever times they come", async () => {
    const clock = new ManualClock(instant(1_000_000));
    const pace = new SchemaPace(clock, { operations: 3, windowMs: 1_000 });
    const at: number[] = [];
    for (const afterMs of [0, 400, 100, 0, 450, 100, 0, 0, 3_000, 0, 10, 0]) {
      await clock.advance(afterMs);
      const waitMs = pace.waitMs();
      const turn = pace.turn().then(() => at.push(clock.monotonicMs()));
      await clock.advance(waitMs);
      await turn;
    }

    for (const [index, start] of at.entries()) {
      const later = at.slice(index).filter((other) => other < start + 1_000);
      expect(later.length, `from ${start}: ${at.join(" ")}`).toBeLessThanOrEqual(3);
    }
    expect(at.at(-1)).toBeGreaterThan(3_000);
  });

  it("never wait where there is no quota", async () => {
    expect(new Set(await turns(undefined, 100, 0))).toEqual(new Set([0]));
  });
});

describe("the wait before an operation", () => {
  it("is known before its turn, to the millisecond", async () => {
    const clock = new ManualClock(instant(0));
    const pace = new SchemaPace(clock, { operations: 1, windowMs: 500 });
    expect(pace.waitMs()).toBe(0);

    await pace.turn();
    await clock.advance(120);

    expect(pace.waitMs()).toBe(380);
  });
});
