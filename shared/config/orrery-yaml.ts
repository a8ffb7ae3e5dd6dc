import type { Configuration } from "../core/project/configuration.ts";
import type { ProjectSettings } from "../core/project/project-settings.ts";
import { projectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { rateOf } from "../core/units/rates.ts";
import type { BudgetPolicy } from "../core/units/budget-policy.ts";
import { concurrencyFindings, readBudgets } from "./budget-reader.ts";
import { readCalendars } from "./calendar-reader.ts";
import { readAssertions } from "./assertion-reader.ts";
import type { ConfigFiles } from "./config-files.ts";
import {
  configurationSchema,
  REFUSED_KEYS,
  type ConfigurationTexts,
} from "./configuration-schema.ts";
import { dependencyFindings, type Waiting } from "./dependency-check.ts";
import { describeValue } from "./describe-value.ts";
import { JobReader } from "./job-reader.ts";
import {
  inTextOrder,
  type Finding,
  type Located,
  type LocatedProblem,
  type SourceFile,
} from "./located-problem.ts";
import { readNotification } from "./notification-reader.ts";
import { readSchedule, type ScheduleReading } from "./schedule-reader.ts";
import { checkShape } from "./sound-value.ts";
import { placeStaggered } from "./stagger-reader.ts";
import { readYaml, type YamlSource } from "./yaml-source.ts";
import { valueAt } from "./zod-problems.ts";

/**
 * Reads a schedules file whole: every problem at once, or a configuration with all defaults filled
 * in and all its jobs read. Reads through `files` and nothing else; never rejects for what is in a
 * text. Problems come in the order of the text, those of other files after the file's own.
 */
export async function readConfiguration(
  source: SourceFile,
  files: ConfigFiles,
): Promise<Located<Configuration>> {
  const yaml = readYaml(source, "typed");
  if (!yaml.ok) return yaml;
  const root = yaml.value.value;
  const version = valueAt(root, ["version"]);
  // The keys of another version are not ours to judge.
  if (version !== undefined && version !== 1) {
    const found = describeValue(version, []);
    return failure(yaml.value, [{ ...VERSION_MISSING, found }]);
  }
  // Without a version the rest is judged as ours, so that its problems are told as well.
  const judged = version === undefined && isMapping(root) ? { ...root, version: 1 } : root;
  const shape = checkShape(configurationSchema, judged, REFUSED_KEYS);
  const ofShape = [...(judged === root ? [] : [VERSION_MISSING]), ...shape.findings];
  if (shape.value === undefined) return failure(yaml.value, ofShape);

  const parts = await readParts(yaml.value, shape.value, files);
  const findings = [...ofShape, ...parts.findings];
  if (findings.length > 0 || parts.elsewhere.length > 0)
    return failure(yaml.value, findings, parts.elsewhere);
  const warnings = inTextOrder(parts.warnings.map((finding) => yaml.value.locate(finding)));
  return {
    ok: true,
    value: parts.configuration,
    ...(warnings.length > 0 && { warnings }),
  };
}

const ONLY_VERSION = "1, the only version there is";
const VERSION_MISSING: Finding = { path: ["version"], found: "nothing", expected: ONLY_VERSION };

interface Parts {
  readonly configuration: Configuration;
  readonly findings: readonly Finding[];
  readonly elsewhere: readonly LocatedProblem[];
  readonly warnings: readonly Finding[];
}

async function readParts(
  source: YamlSource,
  texts: ConfigurationTexts,
  files: ConfigFiles,
): Promise<Parts> {
  const root = source.value;
  const names = namesAt(root, "schedules");
  const { defaults = {}, rates = {} } = texts;
  const jobs = new JobReader(source, files, (type) => rateOf(type, rates) !== undefined);
  const calendars = await readCalendars(texts.calendars ?? {}, source, files);
  const schedules: ScheduleReading[] = [];
  for (const [name, schedule] of Object.entries(texts.schedules))
    schedules.push(await readSchedule(name, schedule, { source, jobs, defaults, calendars }));
  const subscriptions = Object.entries(texts.notifications ?? {}).map(([name, notification]) =>
    readNotification(name, notification, { root, schedules: names }),
  );
  const staggered = placeStaggered(
    schedules.flatMap(({ value }) => value ?? []),
    rates,
  );
  const { schedules: definitions } = staggered;
  const { budgets, findings: ofBudgets } = readBudgets(texts);
  const projects = projectsOf(texts, definitions, budgets);
  const named = { schedules: names, projects: projects.map(({ project }) => project) };
  const assertions = readAssertions(texts.assertions ?? [], named, root);
  return {
    configuration: {
      projects,
      rates,
      schedules: definitions,
      subscriptions: subscriptions.flatMap(({ value }) => value ?? []),
      ...(texts.assertions === undefined ? {} : { assertions: assertions.value ?? [] }),
    },
    findings: [
      ...[...schedules, ...subscriptions].flatMap((read) => read.findings),
      ...calendars.findings,
      ...staggered.findings,
      ...ofBudgets,
      ...assertions.findings,
      ...concurrencyFindings(texts),
      ...countFindings(names),
      ...dependencyFindings(waitingsOf(texts, root), names),
    ],
    elsewhere: [...calendars.elsewhere, ...schedules.flatMap((read) => read.elsewhere)],
    warnings: calendars.warnings,
  };
}

/** Every project that is declared or used; one nobody declared has no limits. */
function projectsOf(
  texts: ConfigurationTexts,
  schedules: readonly ScheduleDefinition[],
  budgets: ReadonlyMap<string, BudgetPolicy>,
): readonly ProjectSettings[] {
  const projects = new Map<string, ProjectSettings>();
  for (const { project } of schedules) projects.set(project, { project, limits: {} });
  for (const [name, { limits: unitLimits = {} }] of Object.entries(texts.projects ?? {}))
    projects.set(name, {
      project: projectId(name),
      limits: unitLimits,
      ...budgetOf(budgets, name),
    });
  return [...projects.values()];
}

function budgetOf(
  budgets: ReadonlyMap<string, BudgetPolicy>,
  name: string,
): Pick<ProjectSettings, "budget"> {
  const budget = budgets.get(name);
  return budget === undefined ? {} : { budget };
}

/** Who waits for whom, as written: a schedule whose other keys are at fault is no stranger. */
function waitingsOf(texts: ConfigurationTexts, root: unknown): readonly Waiting[] {
  return Object.entries(texts.schedules).map(([schedule, { after = {} }]) => ({
    schedule,
    after: Object.keys(after),
    timed: valueAt(root, ["schedules", schedule, "when"]) !== undefined,
  }));
}

function countFindings(names: readonly string[]): readonly Finding[] {
  if (names.length <= limits.schedulesPerConfig) return [];
  const expected = `at most ${limits.schedulesPerConfig}`;
  return [{ path: ["schedules"], found: `${names.length} schedules`, expected }];
}

/** The names of a section as written, faults included. */
function namesAt(root: unknown, section: string): readonly string[] {
  const value = valueAt(root, [section]);
  return isMapping(value) ? Object.keys(value) : [];
}

const REST_UNSHOWN = { path: [], expected: "those above to be mended first" };

function isMapping(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function failure(
  source: YamlSource,
  findings: readonly Finding[],
  elsewhere: readonly LocatedProblem[] = [],
): Located<never> {
  // A file that is wrong throughout is cut short: its first problems explain the others.
  const shown = findings.slice(0, limits.configProblems).map((finding) => source.locate(finding));
  const more = findings.length - shown.length;
  const rest =
    more === 0 ? [] : [source.locate({ ...REST_UNSHOWN, found: `${more} more problems` })];
  return { ok: false, problems: [...inTextOrder(shown), ...rest, ...elsewhere] };
}
