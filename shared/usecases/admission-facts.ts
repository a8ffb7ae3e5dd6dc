import { attemptKeyOf, runKeyOf, type ProjectId } from "../core/ids.ts";
import type { AdmissionFacts } from "../core/run/decide-admission.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { spacingMs } from "../core/run/low-balance.ts";
import { rankOf } from "../core/run/priority.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import { definitionOf } from "../core/run/run-overrides.ts";
import { headOfLine } from "../core/run/turn.ts";
import { nextOccurrence } from "../core/schedule/next-occurrence.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import type { Reader } from "../ports/store.ts";
import { readAccount } from "../records/account-record.ts";
import {
  scanHeads,
  scanWaitingOf,
  type LineAsker,
  type WaitingRun,
} from "../records/active-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import { nearestStarted } from "./nearest-started.ts";
import { compiledTiming } from "./timing-cache.ts";
import { upstreamFacts } from "./upstream-facts.ts";

/** What whoever asks for the facts has seen already. */
export interface Seen {
  readonly now: Instant;
  /** Absent where the run's schedule is no longer configured. */
  readonly definition: DefinitionRecord | undefined;
  readonly refusal?: string | undefined;
  /** Why the provider that owns the run's project has not answered just now. */
  readonly unanswered?: string | undefined;
}

/** How a project stands, for all its runs that are decided on together. */
export interface ProjectStanding {
  readonly account: Account;
  /** The first in turn of its runs that wait for its limits, of each priority that matters. */
  readonly line: readonly WaitingRun[];
}

export async function projectStanding(
  reader: Reader,
  project: ProjectId,
  asker: LineAsker,
): Promise<ProjectStanding> {
  const [account, line] = await Promise.all([
    readAccount(reader, project),
    scanHeads(reader, project, asker),
  ]);
  return { account, line };
}

/**
 * Reads everything that decides about a run; `submit` decides by it and `explain` shows it. How its
 * project stands is read with the rest unless somebody reads it already.
 */
export async function admissionFacts(
  reader: Reader,
  run: Run,
  seen: Seen,
  standing: Promise<ProjectStanding> = projectStanding(reader, run.project, {
    length: 1,
    lastRank: rankOf(run.priority),
    now: seen.now,
  }),
): Promise<AdmissionFacts> {
  const definition = seen.definition && definitionOf(run, seen.definition.definition);
  const operator = seen.definition?.operator;
  const [{ account, line }, lastStartedAt, rates, others, upstream] = await Promise.all([
    standing,
    standing.then(async (each) => await lastStartedOf(reader, run, definition, each)),
    isAdHoc(run) ? ratesOfAll(reader) : (seen.definition?.rates ?? {}),
    othersOf(reader, run, seen.definition),
    upstreamFacts(reader, run, { definition, now: seen.now }),
  ]);
  const head = headOfLine(line, seen.now);
  return {
    run,
    now: seen.now,
    ...(definition === undefined ? {} : { definition }),
    isNamed: isNamed(run, definition),
    ...(operator === undefined ? {} : { operator }),
    ...(seen.refusal === undefined ? {} : { refusal: seen.refusal }),
    ...(seen.unanswered === undefined ? {} : { unanswered: seen.unanswered }),
    others: [...others, ...liveIn(account, run)].toSorted(byRun),
    upstream,
    account,
    rates,
    ...(head === undefined ? {} : { head }),
    ...(lastStartedAt === undefined ? {} : { lastStartedAt }),
  };
}

/** Only a schedule whose runs are kept apart while its project is low is looked at for it. */
async function lastStartedOf(
  reader: Reader,
  run: Run,
  definition: ScheduleDefinition | undefined,
  { account }: ProjectStanding,
): Promise<Instant | undefined> {
  const apartMs = definition && spacingMs(run, definition, account);
  return apartMs === undefined ? undefined : await nearestStarted(reader, run, apartMs);
}

async function ratesOfAll(reader: Reader): Promise<AdmissionFacts["rates"]> {
  return (await readConfiguration(reader))?.rates ?? {};
}

/**
 * Other runs of a run's schedule, but for those that are live in its own project. A run stays in the
 * project that its schedule had when it was made.
 */
async function othersOf(
  reader: Reader,
  run: Run,
  record: DefinitionRecord | undefined,
): Promise<readonly ActiveRun[]> {
  if (record === undefined || record.definition.overlap === "allow") return [];
  const { definition, formerProjects = [] } = record;
  const projects = new Set([definition.project, ...formerProjects]);
  projects.delete(run.project);
  const [waiting, ...accounts] = await Promise.all([
    scanWaitingOf(reader, run.schedule),
    ...[...projects].map(async (project) => await readAccount(reader, project)),
  ]);
  const others = waiting.filter((other) => other.run !== run.id);
  return [...others, ...accounts.flatMap((account) => liveIn(account, run))];
}

/** Live runs of a run's schedule, which hold units; the run itself is not among them. */
function liveIn(account: Account, { id, schedule }: Run): readonly ActiveRun[] {
  const held = account.open.filter(({ attempt }) => attempt.startsWith(`${schedule}.`));
  return held.flatMap(({ attempt }) => {
    const run = attemptKeyOf(attempt)?.run;
    const effectiveAt = run && runKeyOf(run)?.nominalAt;
    if (run === undefined || effectiveAt === undefined || run === id) return [];
    return [{ run, effectiveAt, state: "running" as const, reason: "" }];
  });
}

function byRun(a: ActiveRun, b: ActiveRun): number {
  return a.run < b.run ? -1 : 1;
}

/** Whether a run's occurrence is still one of its schedule; other causes need none. */
function isNamed(run: Run, definition: ScheduleDefinition | undefined): boolean {
  if (run.cause.kind !== "occurrence" || definition === undefined) return true;
  if (definition.timing === undefined) return false;
  const justBefore = plusMs(run.nominalAt, -1);
  return nextOccurrence(compiledTiming(definition.timing), justBefore) === run.nominalAt;
}
