import { parseTemplate } from "../core/expression/template.ts";
import { scheduleName, type ProjectId } from "../core/ids.ts";
import type { Problem } from "../core/problem.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { TimingSpec } from "../core/schedule/timing.ts";
import type { ScheduleTexts } from "./configuration-schema.ts";
import type { KnownCalendars } from "./day-rule-reader.ts";
import { quoted } from "./describe-value.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { JobReader } from "./job-reader.ts";
import type { Finding, LocatedProblem } from "./located-problem.ts";
import { policiesOf } from "./policies.ts";
import type { PolicyTexts } from "./policy-schema.ts";
import { mayBeSecret } from "./secret-places.ts";
import { readStagger } from "./stagger-reader.ts";
import type { Sound } from "./sound-value.ts";
import { readTiming } from "./timing-reader.ts";
import type { YamlSource } from "./yaml-source.ts";
import { valueAt } from "./zod-problems.ts";

type Path = readonly (string | number)[];

/** The file around a schedule. */
interface Surroundings {
  readonly source: YamlSource;
  readonly jobs: JobReader;
  readonly defaults: PolicyTexts;
  readonly calendars: KnownCalendars;
}

/** A schedule, or what is wrong with it, here or in its job's own file. */
export interface ScheduleReading extends Sound<ScheduleDefinition> {
  readonly elsewhere: readonly LocatedProblem[];
}

/** Reads one entry of `schedules`; the value is absent where a part of it is missing or wrong. */
export async function readSchedule(
  name: string,
  texts: ScheduleTexts,
  around: Surroundings,
): Promise<ScheduleReading> {
  const path = ["schedules", name];
  const zone = timezoneOf(texts, around.defaults);
  const project = readProject(texts, path, around);
  const timing = readWhen(texts, zone, { path, around });
  const stagger = readStagger(texts, path);
  const inputs = readInputs(texts.inputs ?? {}, path, around.source);
  const job = await readJob(texts, path, around);
  const findings = [project, timing, stagger, inputs, job].flatMap((part) => part.findings);
  if (project.value === undefined || job.job === undefined)
    return { findings, elsewhere: job.elsewhere };

  const value: ScheduleDefinition = {
    name: scheduleName(name),
    project: project.value,
    timezone: zone,
    ...(timing.value !== undefined && { timing: timing.value }),
    jitterMs: jitterOf(texts),
    ...(stagger.value !== undefined && { stagger: stagger.value }),
    work: job.job,
    inputs: inputs.value ?? {},
    ...policiesOf(texts, around.defaults),
    ...(texts.estimate !== undefined && { estimate: texts.estimate }),
    after: Object.entries(texts.after ?? {}).map(([upstream, condition]) => ({
      schedule: scheduleName(upstream),
      condition,
    })),
  };
  return { findings, value, elsewhere: job.elsewhere };
}

/** A zone given for the times alone is meant for the dates in `inputs` too. */
function timezoneOf({ timezone, when }: ScheduleTexts, defaults: PolicyTexts): string {
  const whenZone = typeof when === "object" && !Array.isArray(when) ? when.timezone : undefined;
  return timezone ?? whenZone ?? defaults.timezone ?? "UTC";
}

function jitterOf({ when }: ScheduleTexts): number {
  return typeof when === "object" && !Array.isArray(when) ? (when.jitter ?? 0) : 0;
}

function readProject(texts: ScheduleTexts, path: Path, around: Surroundings): Sound<ProjectId> {
  const root = around.source.value;
  const own = [...path, "project"];
  const shared = ["defaults", "project"];
  const value = texts.project ?? around.defaults.project;
  if (value === undefined) {
    // One that is written but wrong was reported where it stands.
    if ([own, shared].some((at) => valueAt(root, at) !== undefined)) return { findings: [] };
    const expected = "a project, here or in `defaults`";
    return { findings: [{ path: own, found: "nothing", expected }] };
  }
  const section = valueAt(root, ["projects"]);
  if (typeof section !== "object" || section === null || Object.hasOwn(section, value))
    return { findings: [], value };
  // Where a file declares projects at all, a slip in a name must not run outside every limit.
  const at = texts.project === undefined ? shared : own;
  const found = `the undeclared project ${quoted(value)}`;
  const expected = `one that \`projects\` declares${didYouMean(value, Object.keys(section))}`;
  return { findings: [{ path: at, found, expected }] };
}

function readWhen(
  { when }: ScheduleTexts,
  timezone: string,
  { path, around }: { readonly path: Path; readonly around: Surroundings },
): Sound<TimingSpec> {
  if (when === undefined) return { findings: [] };
  const root = around.source.value;
  return readTiming(when, { path: [...path, "when"], root, timezone, calendars: around.calendars });
}

function readInputs(
  inputs: NonNullable<ScheduleTexts["inputs"]>,
  path: Path,
  source: YamlSource,
): Sound<Readonly<Record<string, string>>> {
  const findings: Finding[] = [];
  const entries = Object.keys(inputs).map((name): [string, string] => {
    const at = [...path, "inputs", name];
    // A number keeps the digits it was written with: a version 1.10 is not 1.1.
    const template = String(source.texts(at));
    const parsed = parseTemplate(template);
    if (!parsed.ok)
      findings.push(...parsed.problems.map((problem) => templateFinding(problem, at)));
    return [name, template];
  });
  return { findings, value: Object.fromEntries(entries) };
}

function templateFinding(problem: Problem, path: Path): Finding {
  return { ...problem, path, ...(mayBeSecret(path) && { found: "a faulty {{ … }}" }) };
}

async function readJob(
  { job }: ScheduleTexts,
  path: Path,
  { jobs, source }: Surroundings,
): Promise<Awaited<ReturnType<JobReader["read"]>>> {
  const at = [...path, "job"];
  if (job !== undefined) return await jobs.read(job, at);
  const written = valueAt(source.value, at) !== undefined;
  const expected = "the path of a job's config.yaml, or a job";
  const findings = written ? [] : [{ path: at, found: "nothing", expected }];
  return { findings, elsewhere: [] };
}
