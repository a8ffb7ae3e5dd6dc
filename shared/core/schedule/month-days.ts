import { assertNever } from "../assert.ts";
import type { FieldValues } from "./cron-field.ts";
import type { DaySpecial } from "./day-special.ts";

/**
 * The days a pattern names, for each shape a month can have. A month's shape is its length and the
 * weekday of its first day, which makes 28 of them, and every rule (`L`, `15W`, `mon#2`, …) depends
 * on the shape alone. So a month costs one look-up however rich the pattern is.
 * Each entry is a set of days as bits; bit 0 is the 1st.
 */
export type MonthDays = readonly number[];

/** A month's length, 28 to 31, and the weekday of its first day, counted from Sunday, 0. */
interface MonthShape {
  readonly length: number;
  readonly firstWeekday: number;
}

const SHORTEST = 28;
const LONGEST = 31;
const LENGTHS = [28, 29, 30, 31];
const WEEKDAYS = [0, 1, 2, 3, 4, 5, 6];
const [SUNDAY, SATURDAY] = [0, 6];

/** Works out the days for every shape. Either field matches where both restrict. */
export function monthDaysOf(dayOfMonth: FieldValues, dayOfWeek: FieldValues): MonthDays {
  const byNumber = bitsOf(dayOfMonth.values);
  const byWeekday = WEEKDAYS.map((firstWeekday) => weekdayBits(dayOfWeek.values, firstWeekday));
  return LENGTHS.flatMap((length) => {
    const exist = ~(-1 << length);
    return WEEKDAYS.map((firstWeekday) => {
      const shape = { length, firstWeekday };
      const named = (byWeekday[firstWeekday] ?? 0) | specialBits(dayOfWeek, shape);
      const numbered = byNumber | specialBits(dayOfMonth, shape);
      if (dayOfMonth.bare) return named & exist;
      return (dayOfWeek.bare ? numbered : numbered | named) & exist;
    });
  });
}

/** The days of one month, as bits. */
export function daysIn(days: MonthDays, length: number, firstWeekday: number): number {
  return days[(length - SHORTEST) * WEEKDAYS.length + firstWeekday] ?? 0;
}

/** Whether a month of some length ever has a day; every length meets every first weekday. */
export function hasDays(days: MonthDays, length: number): boolean {
  return WEEKDAYS.some((firstWeekday) => daysIn(days, length, firstWeekday) !== 0);
}

/** Every day of the given weekdays, in the longest month. */
function weekdayBits(weekdays: readonly number[], firstWeekday: number): number {
  let bits = 0;
  for (const weekday of weekdays) {
    for (let day = firstOf(weekday, firstWeekday); day <= LONGEST; day += 7) bits |= 1 << (day - 1);
  }
  return bits;
}

function specialBits(field: FieldValues, shape: MonthShape): number {
  return bitsOf(field.specials.flatMap((special) => specialDay(special, shape) ?? []));
}

/** The day a special names in a month of this shape, or undefined where it has none. */
function specialDay(special: DaySpecial, shape: MonthShape): number | undefined {
  const { length } = shape;
  switch (special.kind) {
    case "last":
      return special.daysBefore < length ? length - special.daysBefore : undefined;
    case "lastWorkday":
      return nearestWorkday(length, shape);
    case "nearestWorkday":
      return special.day <= length ? nearestWorkday(special.day, shape) : undefined;
    case "nth": {
      const day =
        firstOf(special.weekday, shape.firstWeekday) + (special.nth - 1) * WEEKDAYS.length;
      return day <= length ? day : undefined;
    }
    case "lastOf":
      return length - ((weekdayOf(length, shape) - special.weekday + 7) % 7);
    default:
      return assertNever(special);
  }
}

/** A weekend gives way to Friday or Monday, whichever is nearer and in the same month. */
function nearestWorkday(day: number, shape: MonthShape): number {
  const weekday = weekdayOf(day, shape);
  if (weekday === SATURDAY) return day > 1 ? day - 1 : day + 2;
  if (weekday === SUNDAY) return day < shape.length ? day + 1 : day - 2;
  return day;
}

const weekdayOf = (day: number, shape: MonthShape): number => (shape.firstWeekday + day - 1) % 7;
const firstOf = (weekday: number, firstWeekday: number): number =>
  1 + ((weekday - firstWeekday + 7) % 7);

function bitsOf(days: readonly number[]): number {
  return days.reduce((bits, day) => bits | (1 << (day - 1)), 0);
}
