import type { Problem } from "../core/problem.ts";

/** A text somebody wrote, with the name its problems are reported under. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

/** A problem that knows where it stands. Nothing in it repeats a secret. */
export interface LocatedProblem {
  readonly file: string;
  /** Counted from 1, as editors do; a column counts UTF-16 units. */
  readonly line: number;
  readonly column: number;
  /** Keys from the root: `schedules.nightly-train.when.cron`, `env.vars[0]`; empty for the whole file. */
  readonly path: string;
  readonly found: string;
  /** Completes "expected …". */
  readonly expected: string;
  /** The line with a caret under the place, for a terminal; secrets in it are starred out. */
  readonly excerpt: string;
  /** Where another file names this one, as `orrery.yaml schedules.nightly-train.job`. */
  readonly referredBy?: string;
}

/**
 * A value, or every problem that kept it from being one, in the order of the text. A warning is a
 * problem to come: `expected` is what would keep it away.
 */
export type Located<T> =
  | { readonly ok: true; readonly value: T; readonly warnings?: readonly LocatedProblem[] }
  | { readonly ok: false; readonly problems: readonly LocatedProblem[] };

/** What a check says before its place in the text is looked up. */
export interface Finding extends Problem {
  /** Points at the key, or at an offset of the text, instead of at the value. */
  readonly at?: "key" | { readonly offset: number };
}

/** `file:line:column path: found X, expected Y`, on one line. */
export function formatProblem(problem: LocatedProblem): string {
  const place = `${problem.file}:${problem.line}:${problem.column}`;
  const path = problem.path === "" ? "" : ` ${problem.path}`;
  const origin = problem.referredBy === undefined ? "" : ` (named by ${problem.referredBy})`;
  return `${place}${path}: found ${problem.found}, expected ${problem.expected}${origin}`;
}

/** Writes keys and indexes the way a person names them: `a.b[0]."c1.4"`. */
export function formatPath(path: readonly (string | number)[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      const name = /^[\w-]+$/.test(step) ? step : JSON.stringify(step);
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

/** Problems in the order of the text, each once: a fault behind an anchor shows at every alias. */
export function inTextOrder(problems: readonly LocatedProblem[]): readonly LocatedProblem[] {
  const distinct = new Map<string, LocatedProblem>();
  for (const problem of problems) {
    const place = `${problem.line}:${problem.column}:${problem.found}:${problem.expected}`;
    if (!distinct.has(place)) distinct.set(place, problem);
  }
  return [...distinct.values()].sort((a, b) => a.line - b.line || a.column - b.column);
}
