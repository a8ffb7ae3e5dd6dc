import {
  attemptKeyOf,
  isAdHocSchedule,
  runKeyOf,
  type RunId,
  type ScheduleName,
} from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { ProjectEvent } from "../../core/notification/project-event.ts";
import { dearestOf } from "../../core/run/attempt-request.ts";
import { settledRunOf } from "../../core/run/settled-run.ts";
import { SECOND_MS } from "../../core/time/duration.ts";
import { driftOf, type Drift } from "../../core/units/drift.ts";
import { learntFrom, type SettledRun } from "../../core/units/estimate.ts";
import type { Entry } from "../../core/units/ledger.ts";
import type { Reader } from "../../ports/store.ts";
import { scanEntries } from "../../records/account-record.ts";
import {
  learntIn,
  type LearntEstimate,
  type Outlook,
  type Unlearnt,
} from "../../records/outlook-record.ts";
import { scanRuns } from "../../records/run-record.ts";
import { readDefinitions, type DefinitionRecord } from "../../records/schedule-record.ts";
import type { OutlookFacts, OutlookResult, OutlookStep } from "./outlook-step.ts";

const NONE: readonly Unlearnt[] = [];

/**
 * Learns what the runs of a project's schedules come to, and tells of those that have left it. The
 * ledger says who spent; a schedule is looked at once enough of its runs were settled since the last
 * time, and at most `limits.estimateLooks` are in one sweep. The others keep their places in the line,
 * so each has its turn however many there are. A project that spent nothing costs nothing.
 */
export const learnEstimates: OutlookStep = async (reader, facts) => {
  const { account, outlook } = facts;
  const line = await countedIn(reader, facts);
  const due = line.filter((each) => isDue(each, outlook)).slice(0, limits.estimateLooks);
  const names = due.map(({ schedule }) => schedule);
  const [looks, drifting] = await Promise.all([
    lookedAt(reader, facts, names),
    stillConfigured(reader, facts),
  ]);
  if (line === (outlook.unlearnt ?? NONE) && looks.length === 0 && drifting === outlook.drifting) {
    return { outlook, events: [] };
  }
  const isLookedAt = new Set<ScheduleName>(names);
  const after: Outlook = {
    ...outlook,
    estimates: withLooks(outlook.estimates, looks),
    drifting: [
      ...drifting.filter((schedule) => !isLookedAt.has(schedule)),
      ...looks.flatMap(({ schedule, drift }) => (drift === undefined ? [] : [schedule])),
    ].toSorted(),
    unlearnt: line.filter(({ schedule }) => !isLookedAt.has(schedule)).slice(-limits.estimatesKept),
    countedSeq: account.seq,
  };
  return { outlook: after, events: eventsOf(facts, looks) } satisfies OutlookResult;
};

/** Those that were counted before, with what was settled since. */
async function countedIn(
  reader: Reader,
  { account, outlook }: OutlookFacts,
): Promise<readonly Unlearnt[]> {
  const { countedSeq = 0, unlearnt = NONE } = outlook;
  if (account.seq === countedSeq) return unlearnt;
  // Of more than a sweep can go through the newest: whoever spends often is among them.
  const after = Math.max(countedSeq, account.seq - limits.estimateEntries);
  const limit = limits.estimateEntries;
  const entries = await scanEntries(reader, account.project, { after, limit });
  const counts = new Map(unlearnt.map((each) => [each.schedule, each]));
  for (const entry of entries) {
    const schedule = spenderOf(entry);
    if (schedule === undefined || entry.kind !== "settle") continue;
    const { settled = 0, off = 0 } = counts.get(schedule) ?? {};
    const isOff = comesToSomethingElse(entry.spend.units, learntIn(outlook, schedule));
    counts.set(schedule, { schedule, settled: settled + 1, off: off + (isOff ? 1 : 0) });
  }
  return [...counts.values()];
}

/** The schedule of the attempt that an entry settles; none for work that callers of the API started. */
function spenderOf(entry: Entry): ScheduleName | undefined {
  if (entry.kind !== "settle") return undefined;
  const run = attemptKeyOf(entry.reservation)?.run;
  const schedule = run && runKeyOf(run)?.schedule;
  return schedule === undefined || isAdHocSchedule(schedule) ? undefined : schedule;
}

/** A hint alone: one attempt may be a part of what its run came to. */
function comesToSomethingElse(units: number, estimate: LearntEstimate | undefined): boolean {
  if (estimate === undefined) return false;
  return units > estimate.units * limits.driftOver || units < estimate.units * limits.driftUnder;
}

/**
 * The more runs an estimate stands on, the less one more can change it, so the rarer it is learnt anew;
 * sooner where runs come to something else, because then it is what somebody has to hear of.
 */
function isDue({ schedule, settled, off }: Unlearnt, outlook: Outlook): boolean {
  const known = learntIn(outlook, schedule)?.runs ?? 0;
  const enough = Math.min(limits.estimateRelearnRuns, Math.max(1, Math.floor(known / 2)));
  return settled >= enough || off >= limits.estimateRelearnOffRuns;
}

/** What a look at the runs of a schedule came to. */
interface Look {
  readonly schedule: ScheduleName;
  /** Absent where its runs are too few, or where it is not one of the project any more. */
  readonly estimate?: LearntEstimate | undefined;
  readonly drift?: Drift | undefined;
  readonly latest?: RunId | undefined;
}

async function lookedAt(
  reader: Reader,
  facts: OutlookFacts,
  names: readonly ScheduleName[],
): Promise<readonly Look[]> {
  const records = await readDefinitions(reader, names);
  return await Promise.all(
    names.map(async (schedule, index) => {
      const record = records[index];
      if (record?.definition.project !== facts.account.project) return { schedule };
      return await lookAt(reader, facts, record);
    }),
  );
}

async function lookAt(
  reader: Reader,
  { account, outlook }: OutlookFacts,
  { definition, rates = {} }: DefinitionRecord,
): Promise<Look> {
  const { name: schedule, estimate: configured } = definition;
  const rate = dearestOf(definition.work, rates)?.rate;
  if (rate === undefined) return { schedule };
  const records = await scanRuns(reader, schedule, { limit: limits.estimateSearchRows });
  // It may have been in another project before, where others decided what its machines are.
  const settled = records
    .filter(({ run }) => run.project === account.project)
    .flatMap(({ run }) => ({ id: run.id, came: settledRunOf(run, rate) }))
    .flatMap(({ id, came }) => (came === undefined ? [] : [{ id, came }]));
  const history: readonly SettledRun[] = settled.map(({ came }) => came);
  const learnt = learntFrom(history);
  const before = outlook.drifting.includes(schedule) ? "drifting" : "steady";
  return {
    schedule,
    // Runs are kept for a while only, and what they came to is still the best that is known.
    estimate: learnt ? { ...learnt, source: "history", rate } : learntIn(outlook, schedule),
    drift: driftOf({ history, configured, rate }, before),
    latest: settled[0]?.id,
  };
}

/** Nobody hears of a schedule's drift for ever that was removed, or that runs in another project now. */
async function stillConfigured(
  reader: Reader,
  { account, outlook }: OutlookFacts,
): Promise<readonly ScheduleName[]> {
  const { drifting } = outlook;
  if (drifting.length === 0) return drifting;
  const records = await readDefinitions(reader, drifting);
  const still = drifting.filter(
    (_, index) => records[index]?.definition.project === account.project,
  );
  return still.length === drifting.length ? drifting : still;
}

/** With those behind that were looked at; beyond `limits.estimatesKept` the first ones go. */
function withLooks(
  before: Outlook["estimates"],
  looks: readonly Look[],
): Readonly<Record<ScheduleName, LearntEstimate>> {
  const names = new Set<string>(looks.map(({ schedule }) => schedule));
  const others = Object.entries(before).filter(([schedule]) => !names.has(schedule));
  const learnt = looks.flatMap(({ schedule, estimate }) =>
    estimate === undefined ? [] : [[schedule, estimate] as const],
  );
  return Object.fromEntries([...others, ...learnt].slice(-limits.estimatesKept));
}

function eventsOf(
  { account, outlook, now }: OutlookFacts,
  looks: readonly Look[],
): readonly ProjectEvent[] {
  return looks.flatMap(({ schedule, drift, latest }) => {
    if (drift === undefined || outlook.drifting.includes(schedule)) return [];
    const { project } = account;
    const event = { type: "estimate.drift", project, schedule, at: now } as const;
    return [{ ...event, key: latest ?? "", data: driftData(drift) }];
  });
}

function driftData(drift: Drift): Readonly<Record<string, unknown>> {
  const { measure, direction, against, expected, actual, runs, expectedRuns } = drift;
  const numbers =
    measure === "units"
      ? { expectedUnits: expected, actualUnits: actual }
      : { expectedSeconds: expected / SECOND_MS, actualSeconds: actual / SECOND_MS };
  return { measure, direction, against, ...numbers, runs, expectedRuns };
}
