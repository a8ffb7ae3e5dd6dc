import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";
import {
  addToMonth,
  addWork,
  dayOf,
  monthBegin,
  sumUp,
  type EndedWork,
  type SpendingDays,
} from "../../../shared/core/units/spending.ts";
import { at } from "../../support/timing-builder.ts";

const BEGIN = at("2028-02-28T00:00:00Z");
const NO_DAYS: SpendingDays = new Map();

const works: fc.Arbitrary<readonly EndedWork[]> = fc.array(
  fc.record({
    seq: fc.constant(1),
    endedAt: fc.integer({ min: 0, max: 3 * DAY_MS }).map((ms) => plusMs(BEGIN, ms)),
    schedule: fc.oneof(
      fc.constantFrom("nightly", "", "constructor"),
      // Enough of them that a day does not name all.
      fc.integer({ min: 0, max: 2 * limits.spendingSchedules }).map((number) => `s-${number}`),
    ),
    units: fc.integer({ min: 0, max: 1_000 }),
  }),
  { size: "large", maxLength: 1_500 },
);

describe("days", () => {
  it("come to the same whether work is added at once or in parts, and forget no unit (N2, N3)", () => {
    fc.assert(
      fc.property(works, fc.nat(), (all, cut) => {
        const at = cut % (all.length + 1);
        const first = addWork(NO_DAYS, all.slice(0, at));
        const before = structuredClone(first);

        const inParts = addWork(first, all.slice(at));

        expect(inParts).toEqual(addWork(NO_DAYS, all));
        expect(first).toEqual(before);
        const stretch = { fromAt: BEGIN, untilAt: plusMs(BEGIN, 4 * DAY_MS), stepMs: HOUR_MS };
        const sums = sumUp(inParts, stretch);
        expect(sums.units).toBe(all.reduce((sum, { units }) => sum + units, 0));
        expect(sums.executions).toBe(all.length);
        for (const day of inParts.values()) {
          expect(day.size).toBeLessThanOrEqual(limits.spendingSchedules + 2);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("list their spenders by what they spent, and then by name", () => {
    const work = { seq: 1, endedAt: BEGIN, units: 5 };
    const days = addWork(NO_DAYS, [
      { ...work, schedule: "b" },
      { ...work, schedule: "a" },
      { ...work, schedule: "c", units: 6 },
    ]);

    const { schedules } = sumUp(days, {
      fromAt: BEGIN,
      untilAt: plusMs(BEGIN, DAY_MS),
      stepMs: DAY_MS,
    });

    expect(schedules.map(({ schedule }) => schedule)).toEqual(["c", "a", "b"]);
  });
});

describe("a month", () => {
  it.each([
    ["2028-02-29T23:59:59.999Z", "2028-02-01T00:00:00Z"],
    ["2028-03-01T00:00:00Z", "2028-03-01T00:00:00Z"],
    ["2027-12-31T23:59:59.999Z", "2027-12-01T00:00:00Z"],
    ["2028-01-01T00:00:00Z", "2028-01-01T00:00:00Z"],
  ])("that %s is in began at %s", (text, begin) => {
    expect(monthBegin(at(text))).toBe(at(begin));
  });

  it("is absent before any work has ended", () => {
    expect(addToMonth(undefined, [])).toBeUndefined();
  });
});

describe("a day's number", () => {
  it("counts days of UTC since 1970", () => {
    expect(dayOf(instant(0))).toBe(0);
    expect(dayOf(at("1970-01-01T23:59:59.999Z"))).toBe(0);
    expect(dayOf(at("1972-03-01T00:00:00Z"))).toBe(2 * 365 + 31 + 29);
  });
});
