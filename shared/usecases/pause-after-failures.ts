import type { RunId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { failuresInRow, hasFailed } from "../core/run/failures-in-row.ts";
import type { Run } from "../core/run/run.ts";
import { failuresCountFrom, paused, type Pause } from "../core/schedule/operator-state.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { scanRuns } from "../records/run-record.ts";
import type { DefinitionRecord } from "../records/schedule-record.ts";
import type { Nudge } from "./nudge.ts";
import { writePause, type PausedSchedule } from "./pause-schedule.ts";

/** The latest runs of a schedule that pauses by itself, as they were before anything was written. */
export interface LatestRuns {
  readonly record: DefinitionRecord;
  readonly runs: readonly Run[];
}

/**
 * Reads what decides whether the end of a failed run pauses its schedule; nothing where it never
 * does. It scans runs, so it comes before any is written.
 *
 * The runs that a schedule made last are read until they say enough; where it skips far more than it
 * runs, those of one scan are all that is asked.
 */
export async function latestRunsFor(
  reader: Reader,
  ending: RunId,
  record: DefinitionRecord | undefined,
): Promise<LatestRuns | undefined> {
  const count = record?.definition.pauseAfterFailures;
  if (record === undefined || count === undefined || record.operator?.pause !== undefined) {
    return undefined;
  }
  const { name } = record.definition;
  const sinceAt = failuresCountFrom(record.operator);
  // The one that ends now is there too, and still live.
  let limit: number = limits.failureSearchFactor * count + 1;
  let read: readonly Run[] = [];
  for (;;) {
    limit = Math.min(limit, limits.scanRows - read.length);
    const last = read.at(-1);
    const after = last === undefined ? {} : { after: { nominalAt: last.nominalAt, run: last.id } };
    const page = (await scanRuns(reader, name, { limit, ...after })).map(({ run }) => run);
    read = [...read, ...page];
    const others = read.filter(({ id }) => id !== ending);
    const isEnough = failuresInRow(others, { count: count - 1, sinceAt }).kind !== "open";
    const isAll = page.length < limit || read.length >= limits.scanRows;
    if (isEnough || isAll) return { record, runs: read };
    limit *= 2;
  }
}

/** A run whose attempt ended in this transaction, and what was read of its schedule. */
interface EndedAttempt {
  readonly run: Run;
  readonly latest: LatestRuns | undefined;
}

/**
 * Pauses each schedule whose last so many runs all failed by now, in the transaction that ends the last
 * of them. Several may end together, so all have ended before any is judged.
 */
export async function pauseFailing(
  tx: Transaction,
  together: readonly EndedAttempt[],
  now: Instant,
): Promise<{ readonly paused: readonly PausedSchedule[]; readonly nudges: readonly Nudge[] }> {
  const suspects = new Map<ScheduleName, LatestRuns>();
  for (const { run, latest } of together) {
    if (latest !== undefined && hasFailed(run)) suspects.set(run.schedule, latest);
  }
  const pausedNow: PausedSchedule[] = [];
  const nudges: Nudge[] = [];
  for (const [schedule, latest] of suspects) {
    const ended = together.flatMap(({ run }) => (run.schedule === schedule ? [run] : []));
    const pause = pauseIfFailing(latest, { ended, now });
    if (pause === undefined) continue;
    nudges.push(...(await writePause(tx, pause.record, pause.pause)));
    pausedNow.push({ definition: pause.record.definition, pause: pause.pause });
  }
  return { paused: pausedNow, nudges };
}

/** The schedule as it is to be paused; undefined where its runs give no reason to. */
function pauseIfFailing(
  { record, runs }: LatestRuns,
  { ended, now }: { readonly ended: readonly Run[]; readonly now: Instant },
): { readonly record: DefinitionRecord; readonly pause: Pause } | undefined {
  const { definition, operator: before } = record;
  const { pauseAfterFailures: count = Infinity } = definition;
  const others = runs.filter(({ id }) => !ended.some((each) => each.id === id));
  const sinceAt = failuresCountFrom(before);
  const streak = failuresInRow([...ended, ...others], { count, sinceAt });
  if (streak.kind !== "failing") return undefined;
  const operator = paused(before, { at: now, note: noteOf(streak.runs) });
  return { record: { ...record, operator }, pause: operator.pause };
}

function noteOf(runs: readonly Run[]): string {
  const named = runs.slice(0, limits.failuresNamed).map(({ id }) => id);
  const more = runs.length > named.length ? ` and ${runs.length - named.length} more` : "";
  const text = runs.length === 1 ? "Its last run failed" : `Its last ${runs.length} runs failed`;
  return `${text}: ${named.join(", ")}${more}`;
}
