import { attemptKeyOf, type ProjectId, type RunId, type ScheduleName } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Plan, PlannedSchedule } from "../../core/forecast/plan.ts";
import { isFinal, type Run } from "../../core/run/run.ts";
import { fireAfter } from "../../core/schedule/owed.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Account } from "../../core/units/account.ts";
import type { Estimate } from "../../core/units/estimate.ts";
import type { Reader } from "../../ports/store.ts";
import { readAccount } from "../../records/account-record.ts";
import { scanWaiting, scanWaitingForFunds, scanWaitingOf } from "../../records/active-record.ts";
import type { Outlook } from "../../records/outlook-record.ts";
import { readRuns, scanRuns } from "../../records/run-record.ts";
import {
  readDefinitions,
  scanSchedules,
  type DefinitionRecord,
} from "../../records/schedule-record.ts";
import { estimateIn, estimatesFor } from "../estimates.ts";
import { nextFireOf } from "../next-fire.ts";
import { compiledTiming } from "../timing-cache.ts";

/** Where a plan begins: everything of it that stands in the store. */
export type PlanStart = Pick<Plan, "now" | "account" | "schedules" | "runs">;

/**
 * Reads what a project's projection starts from. Every schedule's latest runs are read, and those of
 * its runs that wait: two scans for each.
 */
export async function readPlan(
  reader: Reader,
  project: ProjectId,
  now: Instant,
): Promise<PlanStart> {
  const [account, records] = await Promise.all([
    readAccount(reader, project),
    recordsOf(reader, project),
  ]);
  const estimates = await estimatesFor(reader, records);
  const schedules = await Promise.all(
    records.map(async (record) => {
      const latest = await latestRuns(reader, record.definition.name);
      const next = await nextFireOf(reader, record, { now, latest: latest[0] });
      const estimate = estimates.get(record.definition.name);
      return { latest, planned: { ...planned(record, { next, estimate }), ...lastOf(latest) } };
    }),
  );
  const seen = schedules.flatMap(({ latest }) => latest);
  const own = records.filter(({ definition }) => definition.project === project);
  const runs = await liveRunsOf(reader, account, { seen, schedules: own });
  return { now, account, schedules: schedules.map((each) => each.planned), runs };
}

/**
 * The same for an hourly look at many projects: schedules fire what comes after now, and of the runs
 * only those are read that run or wait for units. So what the tick has made for the next minute is
 * taken to be fired still, and runs that wait for another run are passed over.
 */
export async function readRoughPlan(
  reader: Reader,
  {
    account,
    outlook,
    now,
  }: { readonly account: Account; readonly outlook: Outlook; readonly now: Instant },
): Promise<PlanStart> {
  const records = await recordsOf(reader, account.project);
  const schedules = records.map((record) => {
    const { definition } = record;
    const { timing } = definition;
    const next = record.firing && timing && fireAfter(definition, compiledTiming(timing), now);
    return planned(record, { next, estimate: estimateIn({ account, outlook }, record) });
  });
  const runs = await liveRunsOf(reader, account, { seen: [], schedules: [] });
  return { now, account, schedules, runs };
}

/** The schedules of a project, and those of other projects that they come after. */
async function recordsOf(reader: Reader, project: ProjectId): Promise<readonly DefinitionRecord[]> {
  const records = new Map<ScheduleName, DefinitionRecord>();
  let names = await namesOf(reader, project);
  while (names.length > 0) {
    const found = (await readDefinitions(reader, names)).flatMap((record) => record ?? []);
    for (const record of found) records.set(record.definition.name, record);
    const upstream = found.flatMap(({ definition }) => definition.after);
    const missing = upstream.map(({ schedule }) => schedule).filter((name) => !records.has(name));
    // One that is configured no more is not asked for again.
    const unknown = new Set(names.filter((name) => !records.has(name)));
    names = [...new Set(missing)].filter((name) => !unknown.has(name));
  }
  return [...records.values()];
}

async function namesOf(reader: Reader, project: ProjectId): Promise<readonly ScheduleName[]> {
  const names: ScheduleName[] = [];
  let after: ScheduleName | undefined;
  for (;;) {
    const behind = after === undefined ? {} : { after };
    const page = await scanSchedules(reader, { limit: limits.scanRows, ...behind });
    names.push(...page.flatMap((each) => (each.project === project ? [each.schedule] : [])));
    if (page.length < limits.scanRows) return names;
    after = page.at(-1)?.schedule;
  }
}

function planned(
  record: DefinitionRecord,
  known: {
    readonly next: PlannedSchedule["next"] | undefined;
    readonly estimate: Estimate | undefined;
  },
): PlannedSchedule {
  const { definition, downstream, rates = {}, operator } = record;
  const { next, estimate } = known;
  return {
    definition,
    ...(definition.timing === undefined ? {} : { timing: compiledTiming(definition.timing) }),
    ...(next === undefined ? {} : { next }),
    rates,
    ...(operator === undefined ? {} : { operator }),
    downstream,
    ...(estimate === undefined ? {} : { estimate }),
  };
}

async function latestRuns(reader: Reader, schedule: ScheduleName): Promise<readonly Run[]> {
  const page = { limit: limits.projectedRunsOfSchedule };
  return (await scanRuns(reader, schedule, page)).map(({ run }) => run);
}

/** What of a schedule's latest runs matters for those to come. */
function lastOf(latest: readonly Run[]): Pick<PlannedSchedule, "latest" | "lastStartedAt"> {
  const over = latest.find(({ state }) => isFinal(state));
  const started = latest.find(({ attempts }) => attempts.length > 0);
  return {
    ...(over === undefined ? {} : { latest: { nominalAt: over.nominalAt, state: over.state } }),
    ...(started === undefined ? {} : { lastStartedAt: started.nominalAt }),
  };
}

/** Runs of a project that are queued, wait or run. */
async function liveRunsOf(
  reader: Reader,
  account: Account,
  known: { readonly seen: readonly Run[]; readonly schedules: readonly DefinitionRecord[] },
): Promise<readonly Run[]> {
  const { project, open } = account;
  const [forUnits, forFunds, ...behind] = await Promise.all([
    scanWaiting(reader, project, limits.scanRows),
    scanWaitingForFunds(reader, project, limits.scanRows),
    ...known.schedules.map(async ({ definition }) => await scanWaitingOf(reader, definition.name)),
  ]);
  const ids = new Set<RunId>([
    ...open.flatMap(({ attempt }) => attemptKeyOf(attempt)?.run ?? []),
    ...[forUnits, forFunds, ...behind].flat().map(({ run }) => run),
  ]);
  for (const { id } of known.seen) ids.delete(id);
  const read = await readRuns(reader, [...ids]);
  const runs = [...known.seen, ...read.flatMap((record) => record?.run ?? [])];
  return runs.filter((run) => run.project === project && !isFinal(run.state));
}
