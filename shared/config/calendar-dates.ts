import { formatDay, parseDay } from "../core/calendar/day.ts";
import { limits } from "../core/limits.ts";
import { quoted } from "./describe-value.ts";
import type { Finding } from "./located-problem.ts";

/** Where something stands, in whichever file, and who is told what is wrong with it. */
export interface Place {
  readonly path: readonly (string | number)[];
  readonly tell: (finding: Finding) => void;
}

/** Days that one entry of a list names. */
export interface Listed {
  readonly first: number;
  readonly last: number;
  readonly place: Place;
}

/** A day off, and the day that is off instead of it. */
export interface Move {
  readonly from: number;
  readonly to: number;
  readonly place: Place;
}

const DATE = "a date that the calendar has, such as 2027-01-15, in years 1970 to 9999";
const RANGE = "a range whose end is not before its beginning";

/** Whether a text is about dates and not a name: names begin so as well, but do not go on so. */
export function isDateLike(text: string): boolean {
  return /^\d{4}-\d/.test(text);
}

/** Reads entries; a faulty one is told of and left out, and so is what exceeds the bound. */
export function readDates(texts: readonly string[], list: Place): readonly Listed[] {
  let left = limits.calendarDays;
  return texts.flatMap((text, index): readonly Listed[] => {
    const place = within(list, index);
    const read = readEntry(text, place);
    if (read === undefined || left < 0) return [];
    left -= read.last - read.first + 1;
    if (left >= 0) return [read];
    const expected = `at most ${limits.calendarDays} days in a list`;
    place.tell({ path: place.path, found: `the day after that many at ${quoted(text)}`, expected });
    return [];
  });
}

/** Reads one date or one range. */
export function readEntry(text: string, place: Place): Listed | undefined {
  const [from = "", to = from, ...more] = text.split("..").map((part) => part.trim());
  const [first, last] = [parseDay(from), parseDay(to)];
  const isWhole = first !== undefined && last !== undefined && more.length === 0;
  if (isWhole && first <= last) return { first, last, place };
  place.tell({ path: place.path, found: quoted(text), expected: isWhole ? RANGE : DATE });
  return undefined;
}

/** Reads days off by the days that are off instead. */
export function readMoves(texts: Readonly<Record<string, string>>, all: Place): readonly Move[] {
  return Object.entries(texts).flatMap(([from, to]): readonly Move[] => {
    const place = within(all, from);
    const [fromDay, toDay] = [parseDay(from), parseDay(to)];
    const { path } = place;
    if (fromDay === undefined) {
      place.tell({ path, found: quoted(from), expected: DATE, at: "key" });
    }
    if (toDay === undefined) place.tell({ path, found: quoted(to), expected: DATE });
    if (fromDay === undefined || toDay === undefined) return [];
    return [{ from: fromDay, to: toDay, place }];
  });
}

/** A part of what stands at a place. */
export function within({ path, tell }: Place, ...steps: readonly (string | number)[]): Place {
  return { path: [...path, ...steps], tell };
}

/** Every day of some entries, with the place that names it first. */
export function daysOf(listed: readonly Listed[]): ReadonlyMap<number, Place> {
  const days = new Map<number, Place>();
  for (const { first, last, place } of listed) {
    for (let day = first; day <= last; day += 1) if (!days.has(day)) days.set(day, place);
  }
  return days;
}

/** `2027-01-15` in quotes, as a message shows it. */
export function shownDay(day: number): string {
  return quoted(formatDay(day));
}
