import { limits } from "../core/limits.ts";
import { isFinal, occurrenceRunId, type Run } from "../core/run/run.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { occurrencesOwed, type Owed } from "../core/schedule/owed.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readRuns } from "../records/run-record.ts";
import {
  fireOfTimer,
  fireTimer,
  readDefinitions,
  type DefinitionRecord,
} from "../records/schedule-record.ts";
import {
  hasTimer,
  isSameTimer,
  moveTimer,
  runOfTimer,
  type Timer,
} from "../records/timer-record.ts";
import { writeNewRun } from "./conclude.ts";
import { downstreamRuns } from "./downstream.ts";
import type { Nudge } from "./nudge.ts";
import { occurrenceRun, type Making } from "./occurrence-run.ts";
import { compiledTiming } from "./timing-cache.ts";

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
 * C1 A timer of another timing than its schedule has is somebody else's: nothing happens.
 * C2 A timer names the run that it fires, by schedule and nominal time. Once that run has a row, the
 *    timer has fired; unless the run was made under another timing, and the timer's row still stands.
 * C3 The schedule's next timer is written in the same commit that makes its runs, so neither is
 *    without the other, and no other row has to say where the schedule is. A run that exists is left
 *    as it is.
 * C4 The timer that fired stays, as that of the run it names, where this claim makes that run.
 */
export async function claimSchedules(
  tx: Transaction,
  timers: readonly Timer[],
  window: Making & { readonly throughAt: Instant },
): Promise<Claim> {
  const { now } = window;
  const fired = await unfired(tx, timers);
  const passed = timers.filter((timer) => !fired.some((each) => each.timer === timer));
  if (fired.length === 0) return { runs: [], nudges: [], fired: [], passed, owesMore: false };

  const claims = owedBy(fired, window);
  const runs = claims.flatMap(({ record, owed }) =>
    owed.occurrences.map((occurrence) => occurrenceRun(record, occurrence, window)),
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
  for (const { timer, record, generation, owed } of claims) {
    const isKept = keepers.has(runOfTimer(timer) ?? "");
    const next = owed.next && fireTimer(record.definition.name, owed.next, generation);
    moveTimer(tx, isKept ? undefined : timer, next);
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
  const downstreamOf = new Map(
    claims.map(({ record: { definition, downstream } }) => [definition.name, downstream]),
  );
  const brought: Run[] = [];
  for (const run of made.filter((each) => isFinal(each.state))) {
    const downstream = downstreamOf.get(run.schedule) ?? [];
    if (downstream.length > 0) {
      brought.push(...(await downstreamRuns(reader, run, { downstream, now })));
    }
  }
  return brought;
}

/** A timer of a schedule that is still to fire. */
interface Unfired {
  readonly timer: Timer;
  readonly fire: NextFire;
  readonly generation: string;
  readonly record: DefinitionRecord;
}

async function unfired(reader: Reader, timers: readonly Timer[]): Promise<readonly Unfired[]> {
  const named = timers.flatMap((timer) => {
    const fire = fireOfTimer(timer);
    return fire === undefined ? [] : [{ timer, ...fire }];
  });
  const [records, runs] = await Promise.all([
    readDefinitions(
      reader,
      named.map(({ schedule }) => schedule),
    ),
    readRuns(
      reader,
      named.map(({ schedule, fire }) => occurrenceRunId({ schedule, ...fire })),
    ),
  ]);
  const current = named.flatMap((each, index) => {
    const record = records[index];
    const isOfTiming = record?.firing?.generation === each.generation;
    return isOfTiming ? [{ ...each, record, run: runs[index] }] : [];
  });
  const isFired = await Promise.all(
    current.map(async ({ timer, run }) => {
      if (run === undefined) return false;
      return isSameTimer(run.timer, timer) || !(await hasTimer(reader, timer));
    }),
  );
  return current.filter((_, index) => isFired[index] === false);
}

interface OwedSchedule {
  readonly timer: Timer;
  readonly record: DefinitionRecord;
  readonly generation: string;
  readonly owed: Owed;
}

function owedBy(
  fired: readonly Unfired[],
  window: { readonly now: Instant; readonly throughAt: Instant },
): readonly OwedSchedule[] {
  // The budget is shared, so that one schedule's long downtime cannot make the commit too large.
  const limit = Math.max(1, Math.floor(limits.occurrencesPerClaim / fired.length));
  return fired.flatMap(({ timer, fire, generation, record }) => {
    const { definition } = record;
    if (definition.timing === undefined) return [];
    const timing = compiledTiming(definition.timing);
    const owed = occurrencesOwed({ definition, timing }, fire, { ...window, limit });
    return [{ timer, record, generation, owed }];
  });
}
