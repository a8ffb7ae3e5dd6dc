import { limits } from "../core/limits.ts";
import { isFinal, liveAttempt } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import { readRuns, type RunRecord } from "../records/run-record.ts";
import { runOfTimer, scanLanes } from "../records/timer-record.ts";
import type { Services } from "./services.ts";

/**
 * Whether nothing is live and nothing is due within `horizonMs`. Every live thing has a timer, and
 * that of an attempt or an open wait is at most `limits.waitTimerMaxMs` ahead, so timers and their
 * runs can tell.
 */
export async function isIdle(
  services: Pick<Services, "store" | "clock">,
  horizonMs: number,
): Promise<boolean> {
  const now = services.clock.now();
  const throughAt = plusMs(now, horizonMs);
  const scanThroughAt = plusMs(now, Math.max(horizonMs, limits.waitTimerMaxMs));
  return await services.store.snapshot(async (reader) => {
    const timers = (await scanLanes(reader, { throughAt: scanThroughAt })).flat();
    if (timers.some(({ dueAt }) => dueAt <= throughAt)) return false;
    const records = await readRuns(
      reader,
      timers.flatMap((timer) => runOfTimer(timer) ?? []),
    );
    return !records.some((record) => record !== undefined && isBusy(record, throughAt));
  });
}

/** A run that waits is looked at by messages more often than by its timer. */
function isBusy({ run, owes }: RunRecord, throughAt: Instant): boolean {
  if (isFinal(run.state)) return owes !== undefined;
  const { nextEligibleAt = run.effectiveAt } = run;
  return liveAttempt(run) !== undefined || nextEligibleAt <= throughAt;
}
