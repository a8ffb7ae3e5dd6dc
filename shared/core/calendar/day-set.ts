import { weekdayOf } from "./day.ts";

/**
 * The days of a calendar: every day of some weekdays, but for the days listed, with which it is the
 * other way round. Whatever a calendar is made of, lists, moved days, other calendars, comes to this,
 * because unions and differences of such sets are such sets again. One set of days has one form, so
 * two calendars mean the same exactly when they are written the same.
 */
export interface DaySet {
  /** Bits; bit 0 is Sunday. */
  readonly weekdays: number;
  /**
   * Days since 1970-01-01 that are in the set though their weekday is not, or the other way round:
   * first and last of each range by turns, ascending, ranges apart from one another.
   */
  readonly toggled: readonly number[];
  /**
   * The last day that whoever wrote the lists has thought of; absent where nothing ends. Behind it
   * the weekdays alone decide.
   */
  readonly through?: number;
}

export const NO_DAYS: DaySet = { weekdays: 0, toggled: [] };
const EVERY_WEEKDAY = 0b111_1111;

/** A set of listed days and no others. */
export function listedDays(days: Iterable<number>, through?: number): DaySet {
  return {
    weekdays: 0,
    toggled: rangesOf(days),
    ...(through !== undefined && { through }),
  };
}

/** The weekdays, with listed days taken out and others put in; a day put in stays in. */
export function weekdaysBut(
  weekdays: number,
  days: {
    readonly off: ReadonlySet<number>;
    readonly on: ReadonlySet<number>;
    readonly through?: number;
  },
): DaySet {
  const { off, on, through } = days;
  const toggled = [...new Set([...off, ...on])].filter(
    (day) => hasWeekday(weekdays, day) !== on.has(day),
  );
  return { weekdays, toggled: rangesOf(toggled), ...(through !== undefined && { through }) };
}

/** The days of both. */
export function unionOf(a: DaySet, b: DaySet): DaySet {
  return combined(a, b, (inA, inB) => inA || inB);
}

/** The days of `a` that are not days of `b`. */
export function withoutDays(a: DaySet, b: DaySet): DaySet {
  return combined(a, b, (inA, inB) => inA && !inB);
}

/** The days that `a` and `b` share. */
export function intersectionOf(a: DaySet, b: DaySet): DaySet {
  return combined(a, b, (inA, inB) => inA && inB);
}

/** All days but these. */
export function complementOf({ weekdays, ...rest }: DaySet): DaySet {
  return { weekdays: weekdays ^ EVERY_WEEKDAY, ...rest };
}

/** The days that a set's ranges list, one by one. */
export function toggledDays({ toggled }: DaySet): readonly number[] {
  const days: number[] = [];
  for (let at = 0; at + 1 < toggled.length; at += 2) {
    for (let day = toggled[at] ?? 0; day <= (toggled[at + 1] ?? 0); day += 1) days.push(day);
  }
  return days;
}

function combined(a: DaySet, b: DaySet, keep: (inA: boolean, inB: boolean) => boolean): DaySet {
  let weekdays = 0;
  for (let weekday = 0; weekday < 7; weekday += 1) {
    const bit = 1 << weekday;
    if (keep((a.weekdays & bit) !== 0, (b.weekdays & bit) !== 0)) weekdays |= bit;
  }
  const [ofA, ofB] = [new Set(toggledDays(a)), new Set(toggledDays(b))];
  const toggled = [...new Set([...ofA, ...ofB])].filter((day) => {
    const inA = hasWeekday(a.weekdays, day) !== ofA.has(day);
    const inB = hasWeekday(b.weekdays, day) !== ofB.has(day);
    return keep(inA, inB) !== hasWeekday(weekdays, day);
  });
  // What only one of them knows for long, both together know no longer.
  const through = Math.min(a.through ?? Infinity, b.through ?? Infinity);
  return {
    weekdays,
    toggled: rangesOf(toggled),
    ...(through !== Infinity && { through }),
  };
}

/** Whether a day is one of the weekdays of some bits. */
export function hasWeekday(weekdays: number, day: number): boolean {
  return (weekdays & (1 << weekdayOf(day))) !== 0;
}

/** Days as ascending ranges, first and last by turns; each day may be given more than once. */
function rangesOf(days: Iterable<number>): readonly number[] {
  const ranges: number[] = [];
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    if (ranges.at(-1) === day - 1) ranges[ranges.length - 1] = day;
    else ranges.push(day, day);
  }
  return ranges;
}
