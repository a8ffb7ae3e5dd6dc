import { digest, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Configuration } from "../core/project/configuration.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import { applyLimits, type Posting } from "../core/units/account.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readAccount, writeAccount } from "../records/account-record.ts";
import { readConfiguration, writeConfiguration } from "../records/configuration-record.ts";
import type { RunRecord } from "../records/run-record.ts";
import {
  deleteSchedule,
  newGeneration,
  readDefinitions,
  readSchedules,
  scanSchedules,
  writeDefinition,
  writeSchedule,
  type DefinitionRecord,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import { ensureProjects } from "./projects/ensure-projects.ts";
import { waitingRuns, wakeWaitingRuns } from "./projects/wake-waiting-runs.ts";
import { compiledTiming } from "./timing-cache.ts";
import type { Services } from "./services.ts";

/** What definitions hold: one that an older version applied is written anew, though it says the same. */
const FORM = "with rates";

/** What applying changed, by schedule name. */
export interface Applied {
  readonly added: readonly ScheduleName[];
  readonly changed: readonly ScheduleName[];
  readonly removed: readonly ScheduleName[];
  readonly unchanged: number;
  /** Those of the added and changed whose times have all passed. */
  readonly ended: readonly ScheduleName[];
}

/**
 * Makes a checked configuration the live one, whole or not at all. Applying it again changes
 * nothing: a schedule whose timing is the same keeps what it owes, so occurrences missed while
 * nothing ran are still caught up. Schedules that are no longer listed are removed; their runs stay.
 * Projects that it names and nobody made are made.
 */
export async function applyConfiguration(
  services: Pick<Services, "store" | "clock" | "log">,
  configuration: Configuration,
): Promise<Applied> {
  const now = services.clock.now();
  const applied = await services.store.transact(
    "apply",
    async (tx) => await applyTo(tx, configuration, now),
  );
  const { added, changed, removed, unchanged } = applied;
  services.log.write({
    level: "info",
    name: "configuration.applied",
    message: `Configuration applied: schedules added ${added.length}, changed ${changed.length}, removed ${removed.length}, unchanged ${unchanged}`,
    fields: { added: added.length, changed: changed.length, removed: removed.length, unchanged },
  });
  for (const name of applied.ended) {
    const message = `${name} names no time that is still to come, so it will not fire`;
    services.log.write({
      level: "warn",
      name: "schedule.ended",
      message,
      fields: { schedule: name },
    });
  }
  return applied;
}

async function applyTo(
  tx: Transaction,
  configuration: Configuration,
  now: Instant,
): Promise<Applied> {
  const { schedules: definitions, projects, rates, subscriptions } = configuration;
  const fingerprint = digest([FORM, JSON.stringify(configuration)], 64);
  await ensureProjects(tx, namedProjects(configuration), now);
  const live = await readConfiguration(tx);
  if (live?.digest === fingerprint) {
    return { added: [], changed: [], removed: [], unchanged: definitions.length, ended: [] };
  }
  const names = definitions.map((definition) => definition.name);
  const records = await readSchedules(tx, names);
  const before = await readDefinitions(tx, names);
  const gone = await removedSchedules(tx, new Set(names));
  const accounts: Posting[] = [];
  const waiting: RunRecord[] = [];
  for (const { project, limits: wanted } of projects) {
    const account = await readAccount(tx, project);
    const posting = applyLimits(account, wanted, now);
    accounts.push(posting);
    if (posting.account !== account) waiting.push(...(await waitingRuns(tx, project)));
  }

  const downstream = downstreamOf(definitions);
  const changes = definitions.map((definition, index) => ({
    record: records[index],
    before: before[index],
    after: {
      definition,
      downstream: downstream.get(definition.name) ?? [],
      ...ratesOf(definition, rates),
      ...formerProjects(definition.project, before[index]),
    },
  }));
  const digests = [live?.digest ?? "", fingerprint];
  for (const change of changes) writeChange(tx, change, { now, digests });
  for (const record of gone) deleteSchedule(tx, record);
  for (const { account, entries } of accounts) await writeAccount(tx, account, entries);
  wakeWaitingRuns(tx, waiting, now);
  writeConfiguration(tx, { digest: fingerprint, appliedAt: now, rates, subscriptions });

  const added = changes.filter((each) => each.record === undefined);
  const changed = changes.filter((each) => each.record !== undefined && isChanged(each));
  return {
    added: added.map(nameOf),
    changed: changed.map(nameOf),
    removed: gone.map((record) => record.schedule),
    unchanged: changes.length - added.length - changed.length,
    ended: [...added, ...changed].filter((each) => hasEnded(each, now)).map(nameOf),
  };
}

/** Every project that the configuration gives limits to, or runs anything in. */
function namedProjects({ projects, schedules }: Configuration): readonly ProjectId[] {
  return [...new Set([...projects, ...schedules].map(({ project }) => project))];
}

/** A run is admitted by these without a look at the whole configuration. */
function ratesOf(
  { work }: ScheduleDefinition,
  rates: Configuration["rates"],
): Pick<DefinitionRecord, "rates"> {
  const said = Object.entries(rates).filter(([type]) => work.instanceTypes.includes(type));
  return said.length === 0 ? {} : { rates: Object.fromEntries(said) };
}

/** Where a schedule moves to another project, its runs may go on in the one before. */
function formerProjects(
  project: ProjectId,
  before: DefinitionRecord | undefined,
): Pick<DefinitionRecord, "formerProjects"> {
  const all =
    before === undefined ? [] : [before.definition.project, ...(before.formerProjects ?? [])];
  const former = [...new Set(all)].filter((each) => each !== project);
  return former.length === 0 ? {} : { formerProjects: former };
}

interface Change {
  readonly record: ScheduleRecord | undefined;
  readonly before: DefinitionRecord | undefined;
  readonly after: DefinitionRecord;
}

function writeChange(
  tx: Transaction,
  change: Change,
  applied: { readonly now: Instant; readonly digests: readonly string[] },
): void {
  const { record, after } = change;
  if (record !== undefined && !isChanged(change)) return;
  writeDefinition(tx, after);
  const { name: schedule, project } = after.definition;
  const next = nextOf(change, applied.now);
  // A timing of its own has timers of its own: one that fired before stays with the run it made.
  const generation =
    (isTimingKept(change) ? record?.generation : undefined) ??
    newGeneration(schedule, applied.now, applied.digests);
  writeSchedule(tx, record, {
    schedule,
    project,
    generation,
    ...(next === undefined ? {} : { next }),
  });
}

/** With the same timing a schedule keeps what it owes; with a new one it starts from now. */
function nextOf(change: Change, now: Instant): NextFire | undefined {
  const { definition } = change.after;
  const { timing } = definition;
  if (timing === undefined) return undefined;
  if (isTimingKept(change)) return change.record?.next;
  // An occurrence at this very instant is owed too: "after" is exclusive.
  return fireAfter(definition, compiledTiming(timing), plusMs(now, -1));
}

function isTimingKept({ before, after }: Change): boolean {
  const { timing, jitterMs } = after.definition;
  const old = before?.definition;
  return old?.jitterMs === jitterMs && JSON.stringify(old.timing) === JSON.stringify(timing);
}

function hasEnded(change: Change, now: Instant): boolean {
  return change.after.definition.timing !== undefined && nextOf(change, now) === undefined;
}

const nameOf = (change: Change): ScheduleName => change.after.definition.name;

function isChanged(change: Change): boolean {
  return JSON.stringify(change.before) !== JSON.stringify(change.after);
}

/** For each schedule, those whose `after` names it. */
function downstreamOf(
  definitions: readonly ScheduleDefinition[],
): ReadonlyMap<ScheduleName, readonly ScheduleName[]> {
  const downstream = new Map<ScheduleName, ScheduleName[]>();
  for (const { name, after } of definitions) {
    for (const { schedule } of after) {
      downstream.set(schedule, [...(downstream.get(schedule) ?? []), name]);
    }
  }
  return downstream;
}

async function removedSchedules(
  reader: Reader,
  kept: ReadonlySet<ScheduleName>,
): Promise<readonly ScheduleRecord[]> {
  const gone: ScheduleRecord[] = [];
  let after: ScheduleName | undefined;
  for (;;) {
    const page = await scanSchedules(reader, {
      limit: limits.scanRows,
      ...(after === undefined ? {} : { after }),
    });
    gone.push(...page.filter((record) => !kept.has(record.schedule)));
    after = page.at(-1)?.schedule;
    if (page.length < limits.scanRows) return gone;
  }
}
