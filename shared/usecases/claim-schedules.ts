import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { isFinal, occurrenceRunId, type Run, type RunCause } from "../core/run/run.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { occurrencesOwed, type Owed, type OwedOccurrence } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRuns } from "../records/run-record.ts";
import {
  fireTimer,
  newGeneration,
  readDefinitions,
  readSchedules,
  scheduleOfTimer,
  writeSchedule,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import { isSameTimer, runOfTimer, type Timer } from "../records/timer-record.ts";
import { writeNewRun } from "./conclude.ts";
import { downstreamRuns } from "./downstream.ts";
import type { Nudge } from "./nudge.ts";
import { compiledTiming } from "./timing-cache.ts";

const OCCURRENCE: RunCause = { kind: "occurrence" };

/** What one claim did: runs made, and who must be told to look at them. */
export interface Claim {
  readonly runs: readonly Run[];
  readonly nudges: readonly Nudge[];
  /** Timers of the schedules that moved on. */
  readonly fired: readonly Timer[];
  /** Timers that no schedule has: each is that of the run it made, or stale. */
  readonly passed: readonly Timer[];
  /** True where a schedule owes more in the window than one claim may make. */
  readonly owesMore: boolean;
}

/**
 * Turns due schedule timers into runs and moves each schedule on, in one transaction (P1).
 *
 * C1 A timer that its schedule no longer has is somebody else's: nothing happens.
 * C2 A run id follows from schedule and nominal time, and a run that exists is left as it is.
 * C3 The schedule moves in the same commit that makes its runs, so neither is without the other.
 * C4 The timer that fired stays, as that of the run it names, where this claim makes that run.
 */
export async function claimSchedules(
  tx: Transaction,
  timers: readonly Timer[],
  window: { readonly now: Instant; readonly throughAt: Instant },
): Promise<Claim> {
  const { now } = window;
  const records = await readSchedules(tx, timers.map(scheduleOfTimer));
  const fired = timers.flatMap((timer, index) => {
    const record = records[index];
    return record !== undefined && isSameTimer(fireTimer(record), timer) ? [{ timer, record }] : [];
  });
  const passed = timers.filter((timer) => !fired.some((each) => each.timer === timer));
  if (fired.length === 0) return { runs: [], nudges: [], fired: [], passed, owesMore: false };

  const claims = await owedBy(tx, fired, window);
  const runs = claims.flatMap(({ definition, owed }) =>
    owed.occurrences.map((occurrence) => runOf(definition, occurrence, now)),
  );
  const existing = await readRuns(
    tx,
    runs.map((run) => run.id),
  );
  const made = runs.filter((_, index) => existing[index] === undefined);
  made.push(...(await broughtAbout(tx, made, claims, now)));
  const isToldOf = made.some((run) => isFinal(run.state));
  const subscriptions = isToldOf ? ((await readConfiguration(tx))?.subscriptions ?? []) : [];

  const kept = new Map(fired.map(({ timer }) => [runOfTimer(timer), timer]));
  const nudges = made.flatMap((run) =>
    writeNewRun(tx, { run, subscriptions, timer: kept.get(run.id) }, now),
  );
  const keepers = new Set<string>(made.flatMap((run) => (isFinal(run.state) ? [] : [run.id])));
  for (const { timer, record, owed } of claims) {
    const isKept = keepers.has(runOfTimer(timer) ?? "");
    moveOn(tx, record, { next: owed.next, isKept, now });
  }
  const owesMore = claims.some(
    ({ owed }) => owed.next !== undefined && owed.next.effectiveAt <= window.throughAt,
  );
  const moved = claims.map(({ timer }) => timer);
  return { runs: made, nudges, fired: moved, passed, owesMore };
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

/** Moves a schedule on to its next fire; a timer that a run keeps is the schedule's no more. */
function moveOn(
  tx: Transaction,
  record: ScheduleRecord,
  to: { readonly next: NextFire | undefined; readonly isKept: boolean; readonly now: Instant },
): void {
  const { schedule, project, generation = newGeneration(schedule, to.now), version } = record;
  const next = to.next === undefined ? {} : { next: to.next };
  const before = to.isKept ? { schedule, project, version } : record;
  writeSchedule(tx, before, { schedule, project, generation, ...next });
}

interface OwedSchedule {
  readonly timer: Timer;
  readonly record: ScheduleRecord;
  readonly definition: ScheduleDefinition;
  readonly downstream: readonly ScheduleName[];
  readonly owed: Owed;
}

async function owedBy(
  reader: Reader,
  fired: readonly Pick<OwedSchedule, "timer" | "record">[],
  window: { readonly now: Instant; readonly throughAt: Instant },
): Promise<readonly OwedSchedule[]> {
  const definitions = await readDefinitions(
    reader,
    fired.map(({ record }) => record.schedule),
  );
  // The budget is shared, so that one schedule's long downtime cannot make the commit too large.
  const limit = Math.max(1, Math.floor(limits.occurrencesPerClaim / fired.length));
  return fired.flatMap(({ timer, record }, index) => {
    const { definition, downstream = [] } = definitions[index] ?? {};
    if (record.next === undefined || definition?.timing === undefined) return [];
    const timing = compiledTiming(definition.timing);
    const owed = occurrencesOwed({ definition, timing }, record.next, { ...window, limit });
    return [{ timer, record, definition, downstream, owed }];
  });
}

function runOf(definition: ScheduleDefinition, occurrence: OwedOccurrence, now: Instant): Run {
  const { name: schedule, project, priority } = definition;
  const { nominalAt, effectiveAt, missed } = occurrence;
  const run = {
    id: occurrenceRunId({ schedule, nominalAt }),
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
