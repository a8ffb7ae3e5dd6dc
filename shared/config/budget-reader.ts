import type { BudgetPolicy } from "../core/units/budget-policy.ts";
import type { BudgetTexts } from "./budget-schema.ts";
import type { ConfigurationTexts } from "./configuration-schema.ts";
import type { Finding } from "./located-problem.ts";
import type { PolicyTexts } from "./policy-schema.ts";
import type { Sound } from "./sound-value.ts";

type Path = readonly (string | number)[];

/** Reads a project's `budget`: percents in any order, each once; one that says nothing is none. */
function readBudget(texts: BudgetTexts | undefined, path: Path): Sound<BudgetPolicy> {
  const { warnAt = [], warnAhead, lowAt } = texts ?? {};
  const findings: Finding[] = warnAt.flatMap((percent, index) =>
    warnAt.indexOf(percent) === index
      ? []
      : [{ path: [...path, "warnAt", index], found: `${percent}% again`, expected: "each once" }],
  );
  if (texts === undefined || Object.keys(texts).length === 0) return { findings };
  const value: BudgetPolicy = {
    warnAtPercent: warnAt.toSorted((a, b) => a - b),
    ...(warnAhead === undefined ? {} : { warnAheadMs: warnAhead }),
    ...(lowAt === undefined ? {} : { lowAt }),
  };
  return { findings, value };
}

/** The budgets of all projects by name, and what is wrong with them. */
export function readBudgets({ projects = {} }: ConfigurationTexts): {
  readonly budgets: ReadonlyMap<string, BudgetPolicy>;
  readonly findings: readonly Finding[];
} {
  const read = Object.entries(projects).map(([name, { budget }]) => ({
    name,
    ...readBudget(budget, ["projects", name, "budget"]),
  }));
  return {
    budgets: new Map(
      read.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])),
    ),
    findings: read.flatMap(({ findings }) => findings),
  };
}

/**
 * What is wrong with how many runs of a schedule may be live at once. A schedule's own `overlap: allow`
 * sets aside what `defaults` say of it; said together, one of the two is a mistake.
 */
export function concurrencyFindings(texts: ConfigurationTexts): readonly Finding[] {
  const { defaults = {}, schedules } = texts;
  return Object.entries(schedules).flatMap(([name, own]) => {
    const runs = concurrentRunsOf(own, defaults);
    if (runs === undefined) return [];
    const at = own.concurrentRuns === undefined ? ["defaults"] : ["schedules", name];
    const expected = concurrencyExpected(runs, own, texts);
    return expected === undefined
      ? []
      : [{ path: [...at, "concurrentRuns"], found: String(runs), expected }];
  });
}

function concurrencyExpected(
  runs: number,
  own: PolicyTexts,
  { defaults = {}, projects = {} }: ConfigurationTexts,
): string | undefined {
  if ((own.overlap ?? defaults.overlap) === "allow") {
    return "none beside `overlap: allow`, which bounds nothing: use `overlap: queue-all`";
  }
  const project = own.project ?? defaults.project ?? "";
  const most = Object.hasOwn(projects, project)
    ? projects[project]?.limits?.concurrentRuns
    : undefined;
  if (most === undefined || runs <= most) return undefined;
  return `at most ${most}, the \`concurrentRuns\` of project ${project}`;
}

/** How many runs of a schedule may be live at once; undefined where nothing says so, or `allow` does. */
export function concurrentRunsOf(own: PolicyTexts, defaults: PolicyTexts): number | undefined {
  return isSetAside(own) ? undefined : (own.concurrentRuns ?? defaults.concurrentRuns);
}

function isSetAside(own: PolicyTexts): boolean {
  return own.overlap === "allow" && own.concurrentRuns === undefined;
}
