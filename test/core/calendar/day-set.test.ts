import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  complementOf,
  intersectionOf,
  listedDays,
  toggledDays,
  unionOf,
  weekdaysBut,
  withoutDays,
  type DaySet,
} from "../../../shared/core/calendar/day-set.ts";
import {
  compileDays,
  dayFrom,
  daysOfMonth,
  dayUpTo,
  hasDay,
} from "../../../shared/core/calendar/compiled-days.ts";
import {
  formatDay,
  monthStart,
  parseDay,
  weekdayOf,
  yearEnd,
} from "../../../shared/core/calendar/day.ts";

/** 2026-12-20, and the days around it that the sets below are about. */
const FIRST = 20_807;
const SPAN = 80;
const somewhere = fc.integer({ min: FIRST, max: FIRST + SPAN });
const listed = fc.array(somewhere, { maxLength: 25 });
const weekdays = fc.integer({ min: 0, max: 127 });

const sets: fc.Arbitrary<DaySet> = fc.oneof(
  listed.map((days) => listedDays(days)),
  fc
    .record({ weekdays, off: listed, on: listed })
    .map((said) => weekdaysBut(said.weekdays, { off: new Set(said.off), on: new Set(said.on) })),
);

/** Every day of three months and of the weeks around them. */
const DAYS = Array.from({ length: SPAN + 60 }, (_, index) => FIRST - 30 + index);
const membersOf = (set: DaySet): readonly boolean[] => {
  const compiled = compileDays(set);
  return DAYS.map((day) => hasDay(compiled, day));
};
const zip = (
  a: readonly boolean[],
  b: readonly boolean[],
  keep: (inA: boolean, inB: boolean) => boolean,
): readonly boolean[] => a.map((inA, index) => keep(inA, b[index] === true));

describe("a day", () => {
  it("is read as its date and written as it, from 1970 to 9999", () => {
    expect(parseDay("1970-01-01")).toBe(0);
    expect(formatDay(parseDay("2028-02-29") ?? 0)).toBe("2028-02-29");
    expect(formatDay(parseDay("9999-12-31") ?? 0)).toBe("9999-12-31");
    for (const text of ["2027-02-29", "2027-1-1", "2027-01-01T00:00", "1969-12-31", "today", ""])
      expect(parseDay(text), text).toBeUndefined();
  });

  it("knows its weekday, its month and its year", () => {
    const day = parseDay("2028-02-29") ?? 0;

    expect(weekdayOf(day)).toBe(2);
    expect(weekdayOf(-1)).toBe(3);
    expect(formatDay(monthStart(day))).toBe("2028-02-01");
    expect(formatDay(yearEnd(day))).toBe("2028-12-31");
  });
});

describe("a set of days", () => {
  it("has the listed days, and of the weekdays those that are not taken out", () => {
    fc.assert(
      fc.property(weekdays, listed, listed, (bits, off, on) => {
        const set = weekdaysBut(bits, { off: new Set(off), on: new Set(on) });

        expect(membersOf(set)).toEqual(
          DAYS.map((day) => {
            if (on.includes(day)) return true;
            const weekday = new Date(day * 86_400_000).getUTCDay();
            return !off.includes(day) && ((bits >> weekday) & 1) === 1;
          }),
        );
      }),
    );
  });

  it("joins, parts and turns around as sets do, day by day", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        const [inA, inB] = [membersOf(a), membersOf(b)];

        expect(membersOf(unionOf(a, b))).toEqual(zip(inA, inB, (x, y) => x || y));
        expect(membersOf(intersectionOf(a, b))).toEqual(zip(inA, inB, (x, y) => x && y));
        expect(membersOf(withoutDays(a, b))).toEqual(zip(inA, inB, (x, y) => x && !y));
        expect(membersOf(complementOf(a))).toEqual(inA.map((x) => !x));
      }),
    );
  });

  it("has one form only, in ranges that stand apart", () => {
    fc.assert(
      fc.property(sets, sets, (a, b) => {
        expect(unionOf(a, b)).toEqual(unionOf(b, a));
        expect(complementOf(complementOf(a))).toEqual(a);
        expect(intersectionOf(a, a)).toEqual(a);
        const { toggled } = unionOf(a, b);
        for (let at = 1; at < toggled.length; at += 1) {
          const least = at % 2 === 0 ? 2 : 0;
          expect((toggled[at] ?? 0) - (toggled[at - 1] ?? 0)).toBeGreaterThanOrEqual(least);
        }
      }),
    );
  });

  it("lasts as long as the shorter of two that make it up", () => {
    const [long, short] = [listedDays([FIRST], 30_000), listedDays([FIRST], 25_000)];

    expect(unionOf(long, short).through).toBe(25_000);
    expect(withoutDays(short, long).through).toBe(25_000);
    expect(intersectionOf(long, listedDays([])).through).toBe(30_000);
    expect(unionOf(listedDays([]), listedDays([1]))).not.toHaveProperty("through");
    expect(complementOf(long).through).toBe(30_000);
  });

  it("names a month at once as it names its days", () => {
    fc.assert(
      fc.property(sets, somewhere, (set, day) => {
        const compiled = compileDays(set);
        const first = monthStart(day);

        for (let index = 0; index < 28; index += 1) {
          const named = (daysOfMonth(compiled, first) >> index) & 1;
          expect(named === 1).toBe(hasDay(compiled, first + index));
        }
      }),
    );
  });

  it("finds its nearest days on both sides, and none beyond a list", () => {
    fc.assert(
      fc.property(sets, somewhere, (set, day) => {
        const compiled = compileDays(set);
        const all = toggledDays(set);
        const isListed = set.weekdays === 0;
        const around = isListed
          ? all
          : Array.from({ length: 400 }, (_, index) => day - 200 + index).filter((each) =>
              hasDay(compiled, each),
            );

        expect(dayFrom(compiled, day)).toBe(around.find((each) => each >= day));
        expect(dayUpTo(compiled, day)).toBe(around.findLast((each) => each <= day));
      }),
    );
  });
});
