import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HourProfile } from "../../../shared/core/forecast/hour-profile.ts";
import { HOUR_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";
import type { Spend } from "../../../shared/core/units/spend.ts";

const NOW = instant(100 * HOUR_MS);

/** An execution that begins so many steps of five minutes after the first instant and takes some. */
const execution = fc
  .record({
    start: fc.integer({ min: -30, max: 40 }),
    steps: fc.integer({ min: 1, max: 30 }),
    rate: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ start, steps, rate }): Spend => {
    const seconds = steps * 300;
    const startAt = plusMs(NOW, start * 300 * SECOND_MS);
    const endAt = plusMs(startAt, seconds * SECOND_MS);
    return { startAt, endAt, rate, units: seconds * rate };
  });

/** Spent in the hour to an instant, five minutes after five minutes. */
function spentBy(spends: readonly Spend[], at: number): number {
  let units = 0;
  for (const { startAt, endAt, rate } of spends) {
    for (let from = at - HOUR_MS; from < at; from += 300 * SECOND_MS) {
      if (from >= startAt && from < endAt) units += 300 * rate;
    }
  }
  return units;
}

describe("the fullest hour", () => {
  it("is the one that counting finds, from now on", () => {
    fc.assert(
      fc.property(fc.array(execution, { maxLength: 12 }), (spends) => {
        const ended = spends.filter(({ startAt }) => startAt < NOW);
        const coming = spends.filter(({ startAt }) => startAt >= NOW);
        const profile = new HourProfile(NOW, ended);
        for (const spend of coming.toSorted((a, b) => a.startAt - b.startAt)) {
          profile.walkTo(spend.startAt);
          profile.add(spend);
        }
        profile.walkTo(plusMs(NOW, 10 * HOUR_MS));

        const instants = Array.from({ length: 121 }, (_, index) => NOW + index * 300 * SECOND_MS);
        const most = Math.max(...instants.map((at) => spentBy(spends, at)));
        expect(profile.peak().units).toBe(most);
        expect(spentBy(spends, profile.peak().at)).toBe(most);
      }),
    );
  });

  it("forgets what an execution did not spend that ended early", () => {
    const spend = { startAt: NOW, endAt: plusMs(NOW, 600_000), rate: 4, units: 2_400 };
    const profile = new HourProfile(NOW, []);
    profile.add(spend);
    profile.walkTo(plusMs(NOW, 300_000));

    profile.cut(spend, plusMs(NOW, 300_000));
    const later = { ...spend, startAt: plusMs(NOW, 900_000), endAt: plusMs(NOW, 1_500_000) };
    profile.walkTo(later.startAt);
    profile.add(later);
    profile.walkTo(plusMs(NOW, 3 * HOUR_MS));

    expect(profile.peak()).toEqual({ units: 1_200 + 2_400, at: later.endAt });
  });
});
