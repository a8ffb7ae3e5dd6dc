import { DAY_MS } from "../time/duration.ts";
import { formatLocalTime, localTime, parseLocal } from "../time/local-time.ts";

/** Reads a date such as `2027-01-15` as days since 1970-01-01; undefined where no calendar has it. */
export function parseDay(text: string): number | undefined {
  const written = parseLocal(text);
  return written?.precision === "date" ? written.local / DAY_MS : undefined;
}

/** Writes a day as the date it is: `2027-01-15`. */
export function formatDay(day: number): string {
  return formatLocalTime(localTime(day * DAY_MS)).slice(0, "2027-01-15".length);
}

/** Counted from Sunday, 0: day 0, the first of January 1970, was a Thursday. */
export function weekdayOf(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

/** The last day of the year that a day is in. */
export function yearEnd(day: number): number {
  return Date.UTC(new Date(day * DAY_MS).getUTCFullYear(), 11, 31) / DAY_MS;
}

/** The first day of the month that a day is in. */
export function monthStart(day: number): number {
  return day - (new Date(day * DAY_MS).getUTCDate() - 1);
}
