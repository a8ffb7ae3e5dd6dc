import { compileTiming } from "../core/schedule/compile-timing.ts";
import type { DayRule, TimingSpec, WhenSpec } from "../core/schedule/timing.ts";
import { DaySets, readRule, type KnownCalendars } from "./day-rule-reader.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";
import type { ElementTexts, WhenTexts } from "./when-schema.ts";
import { valueAt } from "./zod-problems.ts";

type Path = readonly (string | number)[];

/** One `when` in its file. */
export interface WhenPlace {
  readonly path: Path;
  /** The plain value of the whole file, faults included. */
  readonly root: unknown;
  /** The zone where `when` names none. */
  readonly timezone: string;
  readonly calendars: KnownCalendars;
}

const KINDS = ["cron", "every", "at"] as const;
type Kind = (typeof KINDS)[number];
/** Keys that mean something for some kinds only. */
const KEYS = ["offset", "anchor", "dst", "calendar", "not", "roll"] as const;
const BELONGS: Readonly<Record<(typeof KEYS)[number], readonly Kind[]>> = {
  offset: ["every"],
  anchor: ["every"],
  dst: ["cron", "at"],
  calendar: ["cron", "every"],
  not: ["cron", "every"],
  roll: ["cron"],
};

/** Reads `when` and has it compiled, so that a pattern that never fires is found here. */
export function readTiming(written: WhenTexts, place: WhenPlace): Sound<TimingSpec> {
  const single = typeof written === "object" && !Array.isArray(written) ? written : {};
  const timezone = single.timezone ?? place.timezone;
  const elements = Array.isArray(written)
    ? written.map((element, index) => ({ element, path: [...place.path, index] }))
    : [{ element: written, path: place.path }];
  const sets = new DaySets();
  const read = elements.map(({ element, path }) =>
    readElement(element, { ...place, path, timezone }, sets),
  );
  const findings = [...read.flatMap((one) => one.findings), ...sets.findings(place.path)];
  const whens = read.flatMap((one) => one.value ?? []);
  if (whens.length < elements.length) return { findings };

  const spec: TimingSpec = {
    when: whens,
    timezone,
    ...(single.from !== undefined && { from: single.from }),
    ...(single.until !== undefined && { until: single.until }),
    ...sets.calendars,
    ...(single.times !== undefined && { times: single.times }),
  };
  const compiled = compileTiming(spec);
  if (compiled.ok) return { findings, value: spec };
  const problems = compiled.problems.map((problem): Finding => {
    const [head, index, ...inner] = problem.path;
    if (head !== "when") return { ...problem, path: [...place.path, ...problem.path] };
    const at = typeof index === "number" ? elements[index] : undefined;
    // A pattern that stands alone is its own element.
    const within = typeof at?.element === "string" ? [] : inner;
    return { ...problem, path: [...(at?.path ?? place.path), ...within] };
  });
  return { findings: [...findings, ...problems] };
}

function readElement(
  element: string | ElementTexts,
  place: WhenPlace,
  sets: DaySets,
): Sound<WhenSpec> {
  const { path, timezone } = place;
  if (typeof element === "string")
    return { findings: [], value: { kind: "cron", expression: element, timezone } };

  // Counted in what was written: a kind whose value is at fault was cut out, and is one all the same.
  const kinds = KINDS.filter((kind) => valueAt(place.root, [...path, kind]) !== undefined);
  const [kind] = kinds;
  if (kind === undefined || kinds.length > 1) {
    const found = kind === undefined ? "no cron, every or at" : `${kinds.join(" and ")} together`;
    return { findings: [{ path, found, expected: "exactly one of cron, every and at" }] };
  }
  const findings = KEYS.flatMap((key): Finding[] => {
    if (element[key] === undefined || BELONGS[key].includes(kind)) return [];
    const expected = `it beside ${BELONGS[key].join(" or ")} only`;
    return [{ path: [...path, key], found: `"${key}" beside "${kind}"`, expected, at: "key" }];
  });
  const rule = kind === "at" ? { findings: [] } : readRule(element, path, place.calendars);
  const isRuled = element.calendar !== undefined || element.not !== undefined;
  // An element whose calendar is faulty would fire on days that nobody meant.
  const isWhole = kind === "at" || !isRuled || rule.value !== undefined;
  const days = rule.value === undefined ? undefined : sets.add(rule.value);
  const value = isWhole ? specOf(element, timezone, days) : undefined;
  return { findings: [...findings, ...rule.findings], ...(value !== undefined && { value }) };
}

function specOf(
  element: ElementTexts,
  outerZone: string,
  days: DayRule | undefined,
): WhenSpec | undefined {
  const { cron, every, at, anchor, dst } = element;
  const timezone = element.timezone ?? outerZone;
  const local = { timezone, ...(dst !== undefined && { dst }) };
  const ruled = days !== undefined && { days };
  if (cron !== undefined) return { kind: "cron", expression: cron, ...local, ...ruled };
  if (at !== undefined) return { kind: "at", at, ...local };
  if (every === undefined) return undefined;
  return {
    kind: "every",
    everyMs: every,
    offsetMs: element.offset ?? 0,
    ...(anchor !== undefined && { anchorAt: anchor }),
    ...(days !== undefined && { days, timezone }),
  };
}
