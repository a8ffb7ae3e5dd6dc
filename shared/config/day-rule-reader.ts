import { complementOf, withoutDays, type DaySet } from "../core/calendar/day-set.ts";
import { limits } from "../core/limits.ts";
import type { DayRule, TimingSpec } from "../core/schedule/timing.ts";
import { unknownCalendar } from "./calendar-links.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";
import type { ElementTexts } from "./when-schema.ts";

type Path = readonly (string | number)[];

/** The calendars that a `when` may name. */
export interface KnownCalendars {
  readonly days: ReadonlyMap<string, DaySet>;
  /** Those of faulty calendars too: what is wrong with them is told where they stand. */
  readonly names: readonly string[];
}

/** A rule with its days still in it. */
export interface ReadRule {
  readonly days: DaySet;
  readonly roll?: DayRule["roll"];
}

/** Reads `calendar`, `not` and `roll`; the value is absent where there are none, or one is faulty. */
export function readRule(
  { calendar, not, roll }: ElementTexts,
  path: Path,
  calendars: KnownCalendars,
): Sound<ReadRule> {
  const findings: Finding[] = [];
  const daysOf = (key: "calendar" | "not", name: string): DaySet | undefined => {
    const days = calendars.days.get(name);
    if (days === undefined && !calendars.names.includes(name)) {
      const known = [...new Set([...calendars.names, ...calendars.days.keys()])];
      findings.push({ path: [...path, key], ...unknownCalendar(name, known) });
    }
    return days;
  };
  if (calendar === undefined && not === undefined) {
    if (roll === undefined) return { findings };
    const expected = "it beside `calendar` or `not`, which say what is moved";
    return { findings: [{ path: [...path, "roll"], found: '"roll"', expected, at: "key" }] };
  }
  const on = calendar === undefined ? undefined : daysOf("calendar", calendar);
  const off = not === undefined ? undefined : daysOf("not", not);
  const days = off === undefined ? on : on === undefined ? complementOf(off) : withoutDays(on, off);
  const isWhole =
    (calendar === undefined || on !== undefined) && (not === undefined || off !== undefined);
  if (days === undefined || !isWhole) return { findings };
  const moves = roll === undefined || roll === "none" ? {} : { roll };
  return { findings, value: { days, ...moves } };
}

/** Gathers the rules of a timing's elements: each set of days stands in it once. */
export class DaySets {
  readonly #sets: DaySet[] = [];
  readonly #places = new Map<string, number>();

  /** The rule as it stands in an element. */
  add({ days, roll }: ReadRule): DayRule {
    const key = JSON.stringify(days);
    const calendar = this.#places.get(key) ?? this.#sets.push(days) - 1;
    this.#places.set(key, calendar);
    return { calendar, ...(roll !== undefined && { roll }) };
  }

  /** As it stands in the timing. */
  get calendars(): Pick<TimingSpec, "calendars"> {
    return this.#sets.length === 0 ? {} : { calendars: this.#sets };
  }

  /** They all stand in the schedule's definition, which is read with every run. */
  findings(path: Path): readonly Finding[] {
    const ranges = this.#sets.reduce((sum, { toggled }) => sum + toggled.length / 2, 0);
    if (ranges <= limits.calendarRanges) return [];
    const found = `calendars of ${ranges} separate ranges of days`;
    return [{ path, found, expected: `at most ${limits.calendarRanges} in one schedule` }];
  }
}
