import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fireAfter } from "../../../shared/core/schedule/owed.ts";
import { placeLoads, peakOf, type Load } from "../../../shared/core/schedule/stagger.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import { aSchedule } from "../../support/builders.ts";
import { aCron, at, aTiming, compiled } from "../../support/timing-builder.ts";

const LENGTH = 400;

const aLoad = (load: Partial<Load> = {}): Load => ({
  fires: [0],
  minutes: 10,
  rate: 4,
  evenRate: 0,
  offset: 0,
  ...load,
});

/** Every minute's rate, counted one by one. */
function profileByHand(loads: readonly Load[], offsets: readonly number[]): readonly number[] {
  return Array.from({ length: LENGTH }, (_, minute) =>
    loads.reduce((sum, load, index) => {
      const offset = offsets[index] ?? 0;
      const running = load.fires.filter(
        (fire) => minute >= fire + offset && minute < fire + offset + load.minutes,
      );
      return sum + load.evenRate + running.length * load.rate;
    }, 0),
  );
}

const loads = fc
  .record({
    first: fc.integer({ min: 0, max: 30 }),
    gap: fc.integer({ min: 5, max: 120 }),
    minutes: fc.integer({ min: 1, max: 120 }),
    rate: fc.integer({ min: 1, max: 100 }),
    window: fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined }),
  })
  .map(({ first, gap, minutes, rate, window }): Load => {
    const count = Math.floor((LENGTH - 160 - first) / gap);
    return aLoad({
      fires: Array.from({ length: count }, (_, index) => first + index * gap),
      minutes: Math.min(minutes, gap),
      rate,
      ...(window !== undefined && { window: Math.min(window, gap) }),
    });
  });

describe("schedules that are laid out", () => {
  it("do not start at once where their windows let them", () => {
    const three = [1, 2, 3].map(() => aLoad({ window: 30 }));

    expect(placeLoads(three, LENGTH)).toEqual([0, 10, 20]);
    expect(peakOf(three, [0, 0, 0], LENGTH)).toEqual({ unitsPerSecond: 12, unitsPerHour: 7_200 });
    expect(peakOf(three, [0, 10, 20], LENGTH)).toEqual({ unitsPerSecond: 4, unitsPerHour: 7_200 });
  });

  it("make way for those whose offset stands, wherever they are in the file", () => {
    expect(placeLoads([aLoad({ window: 30 }), aLoad()], LENGTH)).toEqual([10, 0]);
    expect(placeLoads([aLoad({ window: 30 }), aLoad({ offset: 5 })], LENGTH)).toEqual([15, 5]);
    expect(placeLoads([aLoad({ window: 5 }), aLoad()], LENGTH)).toEqual([4, 0]);
  });

  it("keep their places when another one is added behind them", () => {
    fc.assert(
      fc.property(fc.array(loads, { maxLength: 6 }), loads, (all, added) => {
        fc.pre(added.window !== undefined);

        expect(placeLoads([...all, added], LENGTH).slice(0, -1)).toEqual(placeLoads(all, LENGTH));
      }),
    );
  });

  it("each take the offset that a count by hand finds best among those before it", () => {
    fc.assert(
      fc.property(fc.array(loads, { minLength: 1, maxLength: 5 }), (all) => {
        const offsets = placeLoads(all, LENGTH);
        for (const [index, load] of all.entries()) {
          const { window } = load;
          if (window === undefined) continue;
          const others = all.filter((each, at) => each.window === undefined || at < index);
          const placed = others.map((each) => offsets[all.indexOf(each)] ?? 0);
          const around = profileByHand(others, placed);
          const costs = Array.from({ length: window }, (_, offset) => {
            const met = load.fires.flatMap((fire) =>
              around.slice(fire + offset, fire + offset + load.minutes),
            );
            return {
              offset,
              most: Math.max(...met),
              sum: met.reduce((sum, rate) => sum + rate, 0),
            };
          });
          const best = costs.sort(
            (a, b) => a.most - b.most || a.sum - b.sum || a.offset - b.offset,
          );

          expect(offsets[index]).toBe(best[0]?.offset);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("come to the peak that a count by hand finds", () => {
    fc.assert(
      fc.property(fc.array(loads, { minLength: 1, maxLength: 5 }), (all) => {
        const offsets = placeLoads(all, LENGTH);
        const profile = profileByHand(all, offsets);
        const hours = profile.map((_, minute) =>
          profile
            .slice(Math.max(0, minute - 59), minute + 1)
            .reduce((sum, rate) => sum + rate * 60, 0),
        );

        expect(peakOf(all, offsets, LENGTH)).toEqual({
          unitsPerSecond: Math.max(...profile),
          unitsPerHour: Math.max(...hours),
        });
      }),
    );
  });
});

describe("an offset", () => {
  const fire = (expression: string, offsetMs: number): string | undefined => {
    const definition = aSchedule({
      timing: aTiming({ when: [aCron(expression)] }),
      stagger: { offsetMs },
    });
    const next = fireAfter(
      definition,
      compiled(definition.timing ?? {}),
      at("2027-01-15T00:30:00Z"),
    );
    return next && `${formatInstant(next.nominalAt)} ${formatInstant(next.effectiveAt)}`;
  };

  it("puts the fire off and leaves its nominal time", () => {
    expect(fire("0 * * * *", 7 * MINUTE_MS)).toBe("2027-01-15T01:00:00Z 2027-01-15T01:07:00Z");
    expect(fire("0 * * * *", 0)).toBe("2027-01-15T01:00:00Z 2027-01-15T01:00:00Z");
  });

  it("never reaches the occurrence that follows", () => {
    expect(fire("*/5 * * * *", 7 * MINUTE_MS)).toBe("2027-01-15T00:35:00Z 2027-01-15T00:39:59Z");
    expect(fire("* * * * * *", 30 * SECOND_MS)).toBe("2027-01-15T00:30:01Z 2027-01-15T00:30:01Z");
  });
});
