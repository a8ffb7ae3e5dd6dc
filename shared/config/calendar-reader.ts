import { isDeepStrictEqual } from "node:util";
import { listedDays, NO_DAYS, type DaySet } from "../core/calendar/day-set.ts";
import { formatDay } from "../core/calendar/day.ts";
import type { ConfigFiles } from "./config-files.ts";
import { daysOf, isDateLike, within, type Place } from "./calendar-dates.ts";
import { weeklyDays } from "./calendar-days.ts";
import { readDays, readYears, type CalendarFiles } from "./calendar-files.ts";
import { resolveCalendar, type PlainCalendar } from "./calendar-links.ts";
import { WEEKDAYS, type CalendarTexts } from "./calendar-schema.ts";
import { quoted } from "./describe-value.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding, LocatedProblem } from "./located-problem.ts";
import type { YamlSource } from "./yaml-source.ts";
import { oneOf, valueAt } from "./zod-problems.ts";

/** The calendars of a file: their days, and what is wrong with them. */
export interface CalendarsReading {
  /** By name; `NAME.short` are the shortened days of NAME. */
  readonly days: ReadonlyMap<string, DaySet>;
  /** Every name that is written, also of those that are faulty. */
  readonly names: readonly string[];
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly LocatedProblem[];
  /** What is right and yet worth knowing: how long the lists last. */
  readonly warnings: readonly Finding[];
}

/** Reads the section `calendars` with every file it names. */
export async function readCalendars(
  all: Readonly<Record<string, CalendarTexts>>,
  source: YamlSource,
  files: ConfigFiles,
): Promise<CalendarsReading> {
  const findings: Finding[] = [];
  const elsewhere: LocatedProblem[] = [];
  const warnings: Finding[] = [];
  const around: CalendarFiles = {
    files,
    namedBy: source.file,
    tell: (problem) => elsewhere.push(problem),
  };
  const plain = new Map<string, PlainCalendar>();
  const days = new Map<string, DaySet | undefined>();
  const written = valueAt(source.value, ["calendars"]);
  const names = typeof written === "object" && written !== null ? Object.keys(written) : [];
  for (const [name, texts] of Object.entries(all)) {
    const path = ["calendars", name];
    const place: Place = { path, tell: (finding) => findings.push(finding) };
    const before = findings.length + elsewhere.length;
    tellName(name, place);
    tellKeys(texts, place, valueAt(source.value, path));
    const read = await readPlain(texts, place, around);
    // What is wrong with it is told once, and not again wherever it is named.
    const isWhole =
      before === findings.length + elsewhere.length &&
      isDeepStrictEqual(valueAt(source.value, path), texts);
    plain.set(name, { texts, place, own: isWhole ? read.days : undefined });
    if (texts.short !== undefined || read.short !== undefined) {
      days.set(`${name}.short`, isWhole ? read.short : undefined);
    }
    warnings.push(...warningsOf(read.days, texts, place));
  }
  const shortened = [...days.keys()];
  for (const name of plain.keys()) resolveCalendar(name, { plain, days, names, trail: [] });
  const sound = [...days].flatMap(([name, set]): [string, DaySet][] =>
    set === undefined ? [] : [[name, set]],
  );
  const known = [...names, ...shortened];
  return { days: new Map(sound), names: known, findings, elsewhere, warnings };
}

function tellName(name: string, { path, tell }: Place): void {
  if (!isDateLike(name)) return;
  const expected = "a name that is no date, for `exclude` lists both";
  tell({ path, found: `the name ${quoted(name)}`, expected, at: "key" });
}

const OF_WEEKLY = ["holidays", "workdays", "moved", "short", "files"] as const;
type Kind = CalendarTexts["kind"];
/** Keys that mean something for some kinds only. */
const BELONGS: Readonly<Record<"include" | "dates" | (typeof OF_WEEKLY)[number], readonly Kind[]>> =
  {
    include: ["weekly", "combined"],
    dates: ["dated"],
    holidays: ["weekly"],
    workdays: ["weekly"],
    moved: ["weekly"],
    short: ["weekly"],
    files: ["weekly"],
  };

function tellKeys(texts: CalendarTexts, { path, tell }: Place, written: unknown): void {
  const { kind } = texts;
  for (const key of ["include", "dates", ...OF_WEEKLY] as const) {
    const isThere = texts[key] !== undefined;
    if (isThere && !BELONGS[key].includes(kind)) {
      const expected = `it beside kind ${BELONGS[key].join(" or ")} only`;
      tell({
        path: [...path, key],
        found: `${quoted(key)} beside kind ${kind}`,
        expected,
        at: "key",
      });
    }
  }
  const needed = kind === "dated" ? "dates" : "include";
  if (valueAt(written, [needed]) !== undefined) return;
  const expected = {
    weekly: "its weekdays, as in [mon, tue, wed, thu, fri]",
    dated: "its dates, listed or in a file",
    combined: "the calendars that it is made of",
  }[kind];
  tell({ path: [...path, needed], found: "nothing", expected });
}

async function readPlain(
  texts: CalendarTexts,
  place: Place,
  around: CalendarFiles,
): Promise<ReturnType<typeof weeklyDays>> {
  switch (texts.kind) {
    case "weekly":
      return weeklyDays(
        weekdaysOf(texts.include ?? [], within(place, "include")),
        await readYears(texts, place, around),
      );
    case "dated": {
      const days = daysOf(await readDays(texts.dates, within(place, "dates"), around));
      const last = Math.max(-1, ...days.keys());
      return { days: listedDays(days.keys(), last < 0 ? undefined : last) };
    }
    case "combined":
      return { days: NO_DAYS };
  }
}

function weekdaysOf(include: readonly string[], place: Place): number {
  return include.reduce((bits, text, index) => {
    const weekday = WEEKDAYS.findIndex((name) => name === text.toLowerCase());
    if (weekday >= 0) return bits | (1 << weekday);
    const { path, tell } = within(place, index);
    tell({ path, found: quoted(text), expected: oneOf(WEEKDAYS) + didYouMean(text, WEEKDAYS) });
    return bits;
  }, 0);
}

function warningsOf(
  { through }: DaySet,
  { kind }: CalendarTexts,
  { path }: Place,
): readonly Finding[] {
  if (through === undefined || through < 0) return [];
  const next = formatDay(through + 1);
  const found = `dates through ${formatDay(through)}`;
  const then = kind === "weekly" ? "its weekdays alone decide" : "it has no days";
  return [
    { path, found, expected: `more of them before ${next}; from then on ${then}`, at: "key" },
  ];
}
