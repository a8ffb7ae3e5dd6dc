import { digest, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Configuration } from "../core/project/configuration.ts";
import type { ProjectSettings } from "../core/project/project-settings.ts";
import { movedText } from "../core/schedule/moved-fire.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import { applyBudget, applyLimits, type Account, type Posting } from "../core/units/account.ts";
import { applyLimitsBesideProvider, forgetProvider } from "../core/units/mirror.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readAccount, writeAccount } from "../records/account-record.ts";
import { readConfiguration, writeConfiguration } from "../records/configuration-record.ts";
import type { RunRecord } from "../records/run-record.ts";
import {
  deleteSchedule,
  fireTimer,
  readDefinitions,
  readSchedules,
  scanSchedules,
  writeSchedule,
  type DefinitionRecord,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import { moveTimer } from "../records/timer-record.ts";
import { firingOf, hasEnded, operatorOf, timersToRemove, type Retiming } from "./firing.ts";
import { tellBudgetTo } from "./budget-events.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import { ensureProjects } from "./projects/ensure-projects.ts";
import { waitingRuns, wakeWaitingRuns } from "./projects/wake-waiting-runs.ts";
import { followProviderOf } from "./provider/follow-provider.ts";
import type { Services } from "./services.ts";
import { reviewZones, zoneStamp, type MovedSchedule } from "./time-zones/moved-schedules.ts";
import { timeZoneData } from "./time-zones/zone-data.ts";

/** What definitions hold: one that an older version applied is written anew, though it says the same. */
const FORM = "with firings";

type ApplyServices = Pick<Services, "store" | "clock" | "queue" | "log" | "provider">;

/** What applying changed, by schedule name. */
export interface Applied {
  readonly added: readonly ScheduleName[];
  readonly changed: readonly ScheduleName[];
  readonly removed: readonly ScheduleName[];
  readonly unchanged: number;
  /** Those of the added and changed whose times have all passed. */
  readonly ended: readonly ScheduleName[];
  /** Those that new time zone data makes fire at other times; absent where there are none. */
  readonly moved?: readonly MovedSchedule[];
}

/**
 * Makes a checked configuration the live one, whole or not at all. Applying it again changes
 * nothing: a schedule whose timing is the same keeps what it owes, so occurrences missed while
 * nothing ran are still caught up. Schedules that are no longer listed are removed; their runs stay.
 * Projects that it names and nobody made are made, and runs that a changed limit or budget may let
 * start are looked at now. `claim` goes first in the same transaction, and
 * stops it by what it throws.
 */
export async function applyConfiguration(
  services: ApplyServices,
  configuration: Configuration,
  claim?: (tx: Transaction) => Promise<void>,
): Promise<Applied> {
  const now = services.clock.now();
  const { nudges, ...applied } = await services.store.transact("apply", async (tx) => {
    await claim?.(tx);
    return await applyTo(tx, configuration, { now, provider: services.provider });
  });
  await sendNudges(services, nudges, now);
  await followProviderOf(services, namedProjects(configuration));
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
  for (const { schedule, ...fire } of applied.moved ?? []) {
    services.log.write({
      level: "warn",
      name: "schedule.moved",
      message: `${schedule} ${movedText(fire)}: by tz data ${timeZoneData()}, its zone's clock is another one`,
      fields: { schedule },
    });
  }
  return applied;
}

async function applyTo(
  tx: Transaction,
  configuration: Configuration,
  { now, provider }: { readonly now: Instant } & Pick<Services, "provider">,
): Promise<Applied & { readonly nudges: readonly Nudge[] }> {
  const { schedules: definitions, rates, subscriptions } = configuration;
  const beside = provider === undefined ? "" : ", beside a provider";
  const form = `${FORM}${beside}${zoneStamp(definitions)}`;
  const fingerprint = digest([form, JSON.stringify(configuration)], 64);
  await ensureProjects(tx, namedProjects(configuration), now);
  const live = await readConfiguration(tx);
  if (live?.digest === fingerprint) {
    const unchanged = definitions.length;
    return { added: [], changed: [], removed: [], unchanged, ended: [], nudges: [] };
  }
  const names = definitions.map((definition) => definition.name);
  const records = await readSchedules(tx, names);
  const before = await readDefinitions(tx, names);
  const gone = await removedSchedules(tx, new Set(names));
  const accounts: (Posting & { readonly before: Account })[] = [];
  const waiting: RunRecord[] = [];
  for (const project of namedProjects(configuration)) {
    const wanted = configuration.projects.find((each) => each.project === project);
    const account = await readAccount(tx, project);
    const posting = postingFor(account, wanted, { now, provider });
    if (wanted === undefined && posting.account === account) continue;
    accounts.push({ ...posting, before: account });
    if (posting.account !== account) waiting.push(...(await waitingRuns(tx, project)));
  }

  const downstream = downstreamOf(definitions);
  const digests = [live?.digest ?? "", fingerprint];
  const changes = definitions.map((definition, index): Change => {
    const after = {
      definition,
      downstream: downstream.get(definition.name) ?? [],
      ...ratesOf(definition, rates),
      ...formerProjects(definition.project, before[index]),
    };
    const change = { record: records[index], before: before[index], after };
    const firing = firingOf(change, { now, digests });
    return { ...change, after: { ...after, ...firing, ...operatorOf(change) } };
  });
  const goneNames = gone.map(({ schedule }) => schedule);
  const stale = await timersToRemove(tx, { changes, gone: goneNames, now });
  const zones = await reviewZones(tx, changes, now);
  for (const change of changes) if (isChanged(change)) writeChange(tx, change);
  for (const schedule of goneNames) deleteSchedule(tx, schedule);
  for (const timer of stale) moveTimer(tx, timer, undefined);
  zones.write(tx);
  for (const { account, entries } of accounts) await writeAccount(tx, account, entries);
  const nudges = [
    ...wakeWaitingRuns(tx, waiting, now),
    ...accounts.flatMap(({ before: was, account: after }) =>
      tellBudgetTo(tx, subscriptions, { before: was, after, at: now }),
    ),
  ];
  const followed = [...downstream.keys()];
  writeConfiguration(tx, {
    ...{ digest: fingerprint, appliedAt: now, rates, subscriptions },
    ...(followed.length > limits.followedListed ? {} : { followed }),
  });

  return { ...appliedOf(changes, { gone: goneNames, moved: zones.moved, now }), nudges };
}

function appliedOf(
  changes: readonly Change[],
  others: {
    readonly gone: readonly ScheduleName[];
    readonly moved: readonly MovedSchedule[];
    readonly now: Instant;
  },
): Applied {
  const { gone, moved, now } = others;
  const added = changes.filter((each) => each.record === undefined);
  const changed = changes.filter((each) => each.record !== undefined && isChanged(each));
  return {
    added: added.map(nameOf),
    changed: changed.map(nameOf),
    removed: gone,
    unchanged: changes.length - added.length - changed.length,
    ended: [...added, ...changed].filter(({ after }) => hasEnded(after, now)).map(nameOf),
    ...(moved.length > 0 && { moved }),
  };
}

/**
 * Limits hold beside those of a provider; its balance is its own. Without one, all is ours. What is
 * said of a budget holds either way, and a project that is not named any more keeps what it has.
 */
function postingFor(
  account: Account,
  wanted: ProjectSettings | undefined,
  { now, provider }: { readonly now: Instant } & Pick<Services, "provider">,
): Posting {
  const ours = provider === undefined ? forgetProvider(account, now) : { account, entries: [] };
  if (wanted === undefined) return ours;
  const limited =
    provider === undefined
      ? applyLimits(ours.account, wanted.limits, now)
      : applyLimitsBesideProvider(ours.account, wanted.limits, now);
  const { account: after } = applyBudget(limited.account, wanted.budget, now);
  return { account: after, entries: [...ours.entries, ...limited.entries] };
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

interface Change extends Retiming {
  readonly record: ScheduleRecord | undefined;
}

function writeChange(tx: Transaction, { record, before, after }: Change): void {
  writeSchedule(tx, record, after);
  const { definition, firing } = after;
  if (firing === undefined || firing === before?.firing) return;
  moveTimer(tx, undefined, fireTimer(definition.name, firing.first, firing.generation));
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
