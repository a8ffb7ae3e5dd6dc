import { assert } from "../assert.ts";
import { parsed, unparsed, type Parsed } from "../problem.ts";
import type { Instant } from "../time/instant.ts";
import { localAt, zoneNamed } from "../time/zone.ts";

/** Where each pattern stands in `2027-01-15T09:00:30`. */
const FIELDS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["yyyy", [0, 4]],
  ["MM", [5, 7]],
  ["dd", [8, 10]],
  ["HH", [11, 13]],
  ["mm", [14, 16]],
  ["ss", [17, 19]],
]);

/** Pieces of a format in order: a stretch of the local ISO text, or a literal. */
export type DateFormat = readonly (string | readonly [number, number])[];

/**
 * Reads a format such as `yyyy-MM-dd'T'HH:mm`. Letters are patterns unless quoted; `''` is a quote, also inside quotes.
 * The problem carries no path.
 */
export function parseDateFormat(text: string): Parsed<DateFormat> {
  const pieces: (string | readonly [number, number])[] = [];
  for (const [token] of text.matchAll(/'(?:[^']|'')*'|([A-Za-z])\1*|[^]/g)) {
    const field = FIELDS.get(token);
    if (field !== undefined) pieces.push(field);
    else if (token === "''") pieces.push("'");
    else if (token.length > 1 && token.startsWith("'"))
      pieces.push(token.slice(1, -1).replaceAll("''", "'"));
    else if (/^['A-Za-z]/.test(token)) {
      const known = [...FIELDS.keys()].join(", ");
      return unparsed({
        path: [],
        found: `${token} in the format ${text}`,
        expected: `${known}, or letters in quotes, as in yyyy'y'`,
      });
    } else pieces.push(token);
  }
  return parsed(pieces);
}

/** Prints what a zone's clock shows at an instant. The name must be a zone's. */
export function formatDate(format: DateFormat, zoneName: string, at: Instant): string {
  const zone = zoneNamed(zoneName);
  assert(zone !== undefined, `${zoneName} was checked to be a time zone`);
  const shown = new Date(localAt(zone, at)).toISOString();
  return format
    .map((piece) => (typeof piece === "string" ? piece : shown.slice(piece[0], piece[1])))
    .join("");
}
