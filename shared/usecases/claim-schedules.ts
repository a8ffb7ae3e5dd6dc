import { runIdOf, scheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { causeKey, type Run, type RunCause } from "../core/run/run.ts";
import { occurrencesOwed, type Owed, type OwedOccurrence } from "../core/schedule/owed.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRuns, writeRun } from "../records/run-record.ts";
import {
  readDefinitions,
  readSchedules,
  writeSchedule,
  type ScheduleRecord,
} from "../records/schedule-record.ts";
import type { Timer } from "../records/timer-record.ts";
import { compiledTiming } from "./timing-cache.ts";
import type { Nudge } from "./nudge.ts";
import { tell } from "./tell.ts";

/** What one claim did: runs made, and who must be told to look at them. */
export interface Claim {
  readonly runs: readonly Run[];
  readonly nudges: readonly Nudge[];
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
  const nudges: Nudge[] = [];
  for (const run of made) {
    if (run.finishedAt === undefined) {
      writeRun(tx, undefined, { run, timerAt: run.effectiveAt });
      nudges.push({ kind: "submit", ref: run.id, at: run.effectiveAt });
      continue;
    }
    writeRun(tx, undefined, { run });
    nudges.push(...tell(tx, subscriptions, { type: "run.skipped", run, at: window.now }));
  }
  for (const { record, owed } of claims) {
    const { schedule, project } = record;
    writeSchedule(tx, record, { schedule, project, ...(owed.next && { next: owed.next }) });
  }
  return { runs: made, nudges };
}

interface OwedSchedule {
  readonly record: ScheduleRecord;
  readonly definition: ScheduleDefinition;
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
    const definition = definitions[index]?.definition;
    if (record?.next?.effectiveAt !== timer.dueAt || definition?.timing === undefined) return [];
    const timing = compiledTiming(definition.timing);
    const owed = occurrencesOwed({ definition, timing }, record.next, { ...window, limit });
    return [{ record, definition, owed }];
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
