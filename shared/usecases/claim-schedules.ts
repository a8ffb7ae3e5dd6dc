import { runIdOf, scheduleName, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { causeKey, isFinal, type Run, type RunCause } from "../core/run/run.ts";
import { occurrencesOwed, type Owed, type OwedOccurrence } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRuns } from "../records/run-record.ts";
import {
  readDefinitions,
  readSchedules,
  writeSchedule,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import type { Timer } from "../records/timer-record.ts";
import { writeNewRun } from "./conclude.ts";
import { downstreamRuns } from "./downstream.ts";
import type { Nudge } from "./nudge.ts";
import { compiledTiming } from "./timing-cache.ts";

/** What one claim did: runs made, and who must be told to look at them. */
export interface Claim {
  readonly runs: readonly Run[];
  readonly nudges: readonly Nudge[];
  /** True where a schedule owes more in the window than one claim may make. */
  readonly owesMore: boolean;
}

const OCCURRENCE: RunCause = { kind: "occurrence" };

/**
 * Turns due schedule timers into runs and moves each schedule on, in one transaction (P1).
 *
 * C1 A timer that its schedule no longer has is somebody else's finished work: nothing happens.
 * C2 A run id follows from schedule and nominal time, and a run that exists is left as it is.
 * C3 The schedule moves in the same commit that makes its runs, so neither is without the other.
 */
export async function claimSchedules(
  tx: Transaction,
  timers: readonly Timer[],
  window: { readonly now: Instant; readonly throughAt: Instant },
): Promise<Claim> {
  const claims = await owedBy(tx, timers, window);
  const runs = claims.flatMap(({ definition, owed }) =>
    owed.occurrences.map((occurrence) => runOf(definition, occurrence, window.now)),
  );
  const existing = await readRuns(
    tx,
    runs.map((run) => run.id),
  );
  const subscriptions = (await readConfiguration(tx))?.subscriptions ?? [];

  const made = runs.filter((_, index) => existing[index] === undefined);
  made.push(...(await broughtAbout(tx, made, claims, window.now)));
  const nudges = made.flatMap((run) => writeNewRun(tx, subscriptions, run, window.now));
  for (const { record, owed } of claims) {
    const { schedule, project } = record;
    writeSchedule(tx, record, { schedule, project, ...(owed.next && { next: owed.next }) });
  }
  const owesMore = claims.some(
    ({ owed }) => owed.next !== undefined && owed.next.effectiveAt <= window.throughAt,
  );
  return { runs: made, nudges, owesMore };
}

/** What missed runs, which end as they are made, mean for schedules that have no clock. */
async function broughtAbout(
  reader: Reader,
  made: readonly Run[],
  claims: readonly OwedSchedule[],
  now: Instant,
): Promise<readonly Run[]> {
  const downstreamOf = new Map(claims.map((each) => [each.record.schedule, each.downstream]));
  const brought: Run[] = [];
  for (const run of made.filter((each) => isFinal(each.state))) {
    const downstream = downstreamOf.get(run.schedule) ?? [];
    if (downstream.length > 0) {
      brought.push(...(await downstreamRuns(reader, run, { downstream, now })));
    }
  }
  return brought;
}

interface OwedSchedule {
  readonly record: ScheduleRecord;
  readonly definition: ScheduleDefinition;
  readonly downstream: readonly ScheduleName[];
  readonly owed: Owed;
}

async function owedBy(
  reader: Reader,
  timers: readonly Timer[],
  window: { readonly now: Instant; readonly throughAt: Instant },
): Promise<readonly OwedSchedule[]> {
  const names = timers.map((timer) => scheduleName(timer.ref));
  const records = await readSchedules(reader, names);
  const definitions = await readDefinitions(reader, names);
  // The budget is shared, so that one schedule's long downtime cannot make the commit too large.
  const limit = Math.max(1, Math.floor(limits.occurrencesPerClaim / timers.length));
  return timers.flatMap((timer, index) => {
    const record = records[index];
    const { definition, downstream = [] } = definitions[index] ?? {};
    if (record?.next?.effectiveAt !== timer.dueAt || definition?.timing === undefined) return [];
    const timing = compiledTiming(definition.timing);
    const owed = occurrencesOwed({ definition, timing }, record.next, { ...window, limit });
    return [{ record, definition, downstream, owed }];
  });
}

function runOf(definition: ScheduleDefinition, occurrence: OwedOccurrence, now: Instant): Run {
  const { name: schedule, project, priority } = definition;
  const { nominalAt, effectiveAt, missed } = occurrence;
  const run = {
    id: runIdOf({ schedule, nominalAt }, causeKey(OCCURRENCE)),
    schedule,
    project,
    cause: OCCURRENCE,
    priority,
    nominalAt,
    effectiveAt,
    inputs: {},
    attempts: [],
  };
  if (missed === undefined) return { ...run, state: "queued" };
  return { ...run, state: "skipped", reason: { code: "missed", text: missed }, finishedAt: now };
}
