import {
  listedDays,
  NO_DAYS,
  unionOf,
  withoutDays,
  type DaySet,
} from "../core/calendar/day-set.ts";
import { daysOf, isDateLike, readEntry, within, type Place } from "./calendar-dates.ts";
import type { CalendarTexts } from "./calendar-schema.ts";
import { quoted } from "./describe-value.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding } from "./located-problem.ts";

/** A calendar before what it says of others is worked out. */
export interface PlainCalendar {
  readonly texts: CalendarTexts;
  readonly place: Place;
  /** Absent where something is wrong with them. */
  readonly own: DaySet | undefined;
}

/** Calendars by name while their days are worked out. */
interface Resolving {
  readonly plain: ReadonlyMap<string, PlainCalendar>;
  /** Absent values are those of calendars with something wrong in what they are made of. */
  readonly days: Map<string, DaySet | undefined>;
  readonly names: readonly string[];
  /** Those whose days need the ones that are worked out now. */
  readonly trail: readonly string[];
}

/** The days of a calendar with what it says of others; each is worked out once. */
export function resolveCalendar(name: string, all: Resolving): DaySet | undefined {
  const calendar = all.plain.get(name);
  if (all.days.has(name) || calendar === undefined) return all.days.get(name);
  const { texts, place, own } = calendar;
  const inner = { ...all, trail: [...all.trail, name] };
  let days = own;
  if (texts.kind === "combined") {
    for (const [index, part] of (texts.include ?? []).entries()) {
      const other = partOf(part, within(place, "include", index), inner);
      const isFirst = days === NO_DAYS;
      days = days && other && (isFirst ? other : unionOf(days, other));
    }
  }
  for (const [index, part] of (texts.exclude ?? []).entries()) {
    const at = within(place, "exclude", index);
    const other = isDateLike(part) ? datesOf(part, at) : partOf(part, at, inner);
    days = days && other && withoutDays(days, other);
  }
  all.days.set(name, days);
  return days;
}

function datesOf(part: string, place: Place): DaySet | undefined {
  const read = readEntry(part, place);
  return read && listedDays(daysOf([read]).keys());
}

function partOf(part: string, { path, tell }: Place, all: Resolving): DaySet | undefined {
  if (all.trail.includes(part)) {
    const circle = [...all.trail.slice(all.trail.indexOf(part)), part];
    const expected = "calendars that are not made of themselves";
    tell({ path, found: `a circle: ${circle.join(" → ")}`, expected });
    return undefined;
  }
  const known = [...new Set([...all.names, ...all.days.keys()])];
  if (!known.includes(part)) tell({ path, ...unknownCalendar(part, known) });
  return resolveCalendar(part, all);
}

/** What to say of a calendar's name that no calendar has. */
export function unknownCalendar(
  name: string,
  known: readonly string[],
): Pick<Finding, "found" | "expected"> {
  const found = `the unknown calendar ${quoted(name)}`;
  return { found, expected: `one that \`calendars\` declares${didYouMean(name, known)}` };
}
