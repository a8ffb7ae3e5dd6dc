declare const instantBrand: unique symbol;

/** A moment in UTC: whole milliseconds since 1970-01-01T00:00:00Z. Never a local time. */
export type Instant = number & { readonly [instantBrand]: "Instant" };

/** Years 1970 to 9999: what ISO 8601 prints with four digits, and what a store column can hold. */
export const INSTANT_MAX = 253_402_300_799_999 as Instant;

/** Brands whole milliseconds as an `Instant`; a fraction or a value out of range is a bug. */
export function instant(epochMs: number): Instant {
  if (!Number.isSafeInteger(epochMs) || epochMs < 0 || epochMs > INSTANT_MAX) {
    throw new RangeError(`An instant is whole milliseconds in years 1970 to 9999, got ${epochMs}`);
  }
  return epochMs as Instant;
}

/** `at` moved by a duration, which may be negative. */
export function plusMs(at: Instant, durationMs: number): Instant {
  return instant(at + durationMs);
}

/** ISO 8601 in UTC with milliseconds only when there are any: `2027-01-15T06:00:00Z`. */
export function formatInstant(at: Instant): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** Reads an ISO 8601 date-time that carries `Z` or an offset; anything else is undefined. */
export function parseInstant(text: string): Instant | undefined {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d)$/.test(text))
    return undefined;
  // The engine takes a 30th of February for the 2nd of March; a person who wrote it erred.
  const day = text.slice(0, 10);
  const dayMs = Date.parse(day);
  if (Number.isNaN(dayMs) || new Date(dayMs).toISOString().slice(0, 10) !== day) return undefined;
  const epochMs = Date.parse(text);
  return Number.isNaN(epochMs) || epochMs < 0 || epochMs > INSTANT_MAX
    ? undefined
    : instant(epochMs);
}

/** The later of two instants. */
export function later(a: Instant, b: Instant): Instant {
  return a < b ? b : a;
}

/** The earlier of two instants. */
export function earlier(a: Instant, b: Instant): Instant {
  return a < b ? a : b;
}
