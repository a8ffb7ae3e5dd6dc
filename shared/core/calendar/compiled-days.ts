import { hasWeekday, toggledDays, type DaySet } from "./day-set.ts";
import { monthStart, weekdayOf } from "./day.ts";

/** A set of days, ready to be asked for a month at once or for a day. */
export interface CompiledDays {
  readonly weekdays: number;
  /** The days of the weekdays in a month that begins on a weekday, as bits; bit 0 is the 1st. */
  readonly byFirstWeekday: readonly number[];
  /** The toggled days of a month, as bits, by its first day. */
  readonly toggledIn: ReadonlyMap<number, number>;
  readonly toggled: ReadonlySet<number>;
  /** The same, ascending. */
  readonly listed: readonly number[];
}

const LONGEST_MONTH = 31;

export function compileDays(set: DaySet): CompiledDays {
  const days = toggledDays(set);
  const toggledIn = new Map<number, number>();
  for (const day of days) {
    const first = monthStart(day);
    toggledIn.set(first, (toggledIn.get(first) ?? 0) | (1 << (day - first)));
  }
  return {
    weekdays: set.weekdays,
    byFirstWeekday: [0, 1, 2, 3, 4, 5, 6].map((first) => weekdayBits(set.weekdays, first)),
    toggledIn,
    toggled: new Set(days),
    listed: days,
  };
}

/** The days of a month as bits; those behind its end are not to be believed. */
export function daysOfMonth(days: CompiledDays, firstDay: number): number {
  const regular = days.byFirstWeekday[weekdayOf(firstDay)] ?? 0;
  return regular ^ (days.toggledIn.get(firstDay) ?? 0);
}

/** Whether a day is in the set. */
export function hasDay(days: CompiledDays, day: number): boolean {
  return hasWeekday(days.weekdays, day) !== days.toggled.has(day);
}

/** The first day of the set that is not before `from`. */
export function dayFrom(days: CompiledDays, from: number): number | undefined {
  // A set without weekdays is its list; one with any has a day in every week that no list touches.
  if (days.weekdays === 0) return days.listed.find((day) => day >= from);
  let day = from;
  while (!hasDay(days, day)) day += 1;
  return day;
}

/** The last day of the set that is not behind `from`. */
export function dayUpTo(days: CompiledDays, from: number): number | undefined {
  if (days.weekdays === 0) return days.listed.findLast((day) => day <= from);
  let day = from;
  while (!hasDay(days, day)) day -= 1;
  return day;
}

function weekdayBits(weekdays: number, firstWeekday: number): number {
  let bits = 0;
  for (let index = 0; index < LONGEST_MONTH; index += 1) {
    if ((weekdays & (1 << ((firstWeekday + index) % 7))) !== 0) bits |= 1 << index;
  }
  return bits;
}
