import { projectId } from "../core/ids.ts";
import { matchesPattern } from "../core/notification/match.ts";
import type { Assertion } from "../core/simulation/assertion.ts";
import type { AssertionTexts } from "./assertion-schema.ts";
import { quoted } from "./describe-value.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { Finding } from "./located-problem.ts";
import type { Sound } from "./sound-value.ts";
import { valueAt } from "./zod-problems.ts";

const OF_SCHEDULES = ["neverOverlaps", "alwaysStarts", "doneBefore", "maxWait"] as const;
const OF_PROJECT = ["peakPerHour", "balanceLasts"] as const;

/** What assertions may name. */
interface Names {
  readonly schedules: readonly string[];
  readonly projects: readonly string[];
}

/** Reads the section `assertions`; an entry that says several things becomes several assertions. */
export function readAssertions(
  texts: readonly AssertionTexts[],
  names: Names,
  root: unknown,
): Sound<readonly Assertion[]> {
  const read = texts.map((entry, index) => {
    const path = ["assertions", index];
    // A key whose value was faulty is cut out of the entry, and has been told of.
    const written: unknown = valueAt(root, path);
    const isWhole = keysOf(written) === keysOf(entry);
    return isWhole ? readAssertion(entry, path, names) : { findings: [] };
  });
  return {
    findings: read.flatMap(({ findings }) => findings),
    value: read.flatMap(({ value }) => value ?? []),
  };
}

function keysOf(entry: unknown): number {
  return typeof entry === "object" && entry !== null ? Object.keys(entry).length : 0;
}

function readAssertion(
  texts: AssertionTexts,
  path: readonly (string | number)[],
  names: Names,
): Sound<readonly Assertion[]> {
  const findings = [...misplaced(texts, path), ...strangers(texts, path, names)];
  const { schedules, project } = texts;
  if (findings.length > 0) return { findings };
  if (schedules !== undefined) return { findings, value: ofSchedules(texts, schedules) };
  return { findings, value: project === undefined ? [] : ofProject(texts, project) };
}

function ofSchedules(texts: AssertionTexts, schedules: string): readonly Assertion[] {
  const { neverOverlaps, alwaysStarts, doneBefore, maxWait } = texts;
  return [
    ...(neverOverlaps === true ? [{ kind: "neverOverlaps", schedules } as const] : []),
    ...(alwaysStarts === true ? [{ kind: "alwaysStarts", schedules } as const] : []),
    ...(doneBefore === undefined
      ? []
      : [{ kind: "doneBefore", schedules, timeOfDayMs: doneBefore } as const]),
    ...(maxWait === undefined ? [] : [{ kind: "maxWait", schedules, waitMs: maxWait } as const]),
  ];
}

function ofProject(texts: AssertionTexts, name: string): readonly Assertion[] {
  const project = projectId(name);
  const { peakPerHour, balanceLasts } = texts;
  return [
    ...(peakPerHour === undefined
      ? []
      : [{ kind: "peakPerHour", project, units: peakPerHour } as const]),
    ...(balanceLasts === true ? [{ kind: "balanceLasts", project } as const] : []),
  ];
}

/** An entry is about schedules or about a project, and says something of it. */
function misplaced(texts: AssertionTexts, path: readonly (string | number)[]): readonly Finding[] {
  const subject = ["schedules", "project"].filter((key) => Object.hasOwn(texts, key));
  const [about] = subject;
  if (about === undefined || subject.length > 1) {
    const found = about === undefined ? "neither `schedules` nor `project`" : "both";
    return [{ path, found, expected: "an entry about `schedules` or about a `project`" }];
  }
  const [fitting, other]: readonly (readonly string[])[] =
    about === "schedules" ? [OF_SCHEDULES, OF_PROJECT] : [OF_PROJECT, OF_SCHEDULES];
  const wrong = (other ?? []).filter((key) => Object.hasOwn(texts, key));
  const list = (fitting ?? []).join(", ");
  if (wrong.length > 0) {
    const expected = `${list}, in an entry about \`${about}\``;
    return wrong.map((key) => ({ path: [...path, key], found: `the key ${key}`, expected }));
  }
  if ((fitting ?? []).some((key) => Object.hasOwn(texts, key))) return [];
  return [{ path, found: `\`${about}\` alone`, expected: `at least one of ${list}` }];
}

/** An assertion about nothing always holds: a slip in a name must not look like a promise. */
function strangers(
  { schedules, project }: AssertionTexts,
  path: readonly (string | number)[],
  names: Names,
): readonly Finding[] {
  if (schedules !== undefined && !names.schedules.some((name) => matchesPattern(schedules, name))) {
    const expected = `a schedule of this file${didYouMean(schedules, names.schedules)}`;
    return [{ path: [...path, "schedules"], found: quoted(schedules), expected }];
  }
  if (project !== undefined && !names.projects.includes(project)) {
    const expected = `a project of this file${didYouMean(project, names.projects)}`;
    return [{ path: [...path, "project"], found: quoted(project), expected }];
  }
  return [];
}
