import { MINUTE_MS, SECOND_MS } from "./duration.ts";

declare const localBrand: unique symbol;

/**
 * What a wall clock shows, without saying where: milliseconds since a local 1970-01-01T00:00:00.
 * It is no instant. A zone may skip it or show it twice, and `zone.ts` says which.
 */
export type LocalTime = number & { readonly [localBrand]: "LocalTime" };

/** Brands milliseconds on a wall clock as a `LocalTime`. */
export const localTime = (localMs: number): LocalTime => localMs as LocalTime;

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** A local time as a person wrote it; a bare date reads as its midnight and says so. */
interface WrittenLocal {
  readonly local: LocalTime;
  readonly precision: "date" | "time";
}

/**
 * Reads `2027-01-15`, `2027-01-15T09:00` or `2027-01-15T09:00:30`, years 1970 to 9999. A date that
 * no calendar has, such as 30 February, is undefined rather than the second of March.
 */
export function parseLocal(text: string): WrittenLocal | undefined {
  const match = LOCAL.exec(text);
  if (match === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = match
    .slice(1)
    .map((digits: string | undefined) => Number(digits ?? 0));
  const midnightMs = Date.UTC(year, month - 1, day);
  const exists = new Date(midnightMs).toISOString().startsWith(text.slice(0, 10));
  if (year < 1970 || !exists || hour > 23 || minute > 59 || second > 59) return undefined;
  const timeMs = (hour * 60 + minute) * MINUTE_MS + second * SECOND_MS;
  return {
    local: localTime(midnightMs + timeMs),
    precision: match[4] === undefined ? "date" : "time",
  };
}

/** ISO 8601 without a zone, milliseconds only when there are any: `2027-01-15T09:00:00`. */
export function formatLocalTime(local: LocalTime): string {
  return new Date(local).toISOString().replace(/(\.000)?Z$/, "");
}
