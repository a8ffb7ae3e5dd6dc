import { limits } from "../limits.ts";
import { plusMs, type Instant } from "../time/instant.ts";
import type { Attempt } from "./attempt.ts";
import { liveAttempt, type Run } from "./run.ts";

/**
 * When a run may be decided on, at the earliest. A retry keeps its backoff whoever wakes it; every
 * other wait may be looked at again at any time.
 */
export function eligibleAt(run: Run): Instant {
  if (run.state === "waiting" && run.reason?.code === "retry") {
    return run.nextEligibleAt ?? run.effectiveAt;
  }
  return run.effectiveAt;
}

/** Who looks at a live run next: the submit until its attempt is launched, then the watch. */
export function lookedAtBy(run: Run): "submit" | "watch" {
  return liveAttempt(run)?.launchedAt === undefined ? "submit" : "watch";
}

/**
 * When a live attempt is polled next: after as long again as it has gone on since it was admitted,
 * started, or asked to end, within `limits.pollFirstMs` and `limits.pollMaxMs`. Nothing has to be
 * written for it.
 */
export function nextPollAt(run: Run, attempt: Attempt, now: Instant): Instant {
  const { admittedAt, startedAt = admittedAt } = attempt;
  const sinceMs = now - Math.max(startedAt, run.cancelRequestedAt ?? startedAt);
  const waitMs = Math.max(0, sinceMs) + limits.pollFirstMs;
  return plusMs(now, Math.min(waitMs, limits.pollMaxMs));
}

/**
 * Where the timer of a live run moves that was found overdue: further ahead the older the run is, so
 * that it is overdue again for the tick that comes then.
 */
export function timerMovedTo(run: Run, now: Instant): Instant {
  const ageMs = now - (liveAttempt(run)?.admittedAt ?? run.effectiveAt);
  const { timerMoveFirstMs, timerMoveMaxMs, timerGraceMs } = limits;
  const aheadMs = Math.min(Math.max(3 * ageMs, timerMoveFirstMs), timerMoveMaxMs);
  return plusMs(now, aheadMs - timerGraceMs);
}
