import { limits } from "../limits.ts";
import { earlier, later, plusMs, type Instant } from "../time/instant.ts";
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
 * started, or asked to end, within `limits.pollFirstMs` and `limits.pollMaxMs`, and no later than its
 * next limit: an execution elsewhere is ended by whoever looks then. Nothing has to be written for it.
 */
export function nextPollAt(run: Run, attempt: Attempt, now: Instant): Instant {
  const { admittedAt, startedAt = admittedAt } = attempt;
  const sinceMs = now - Math.max(startedAt, run.cancelRequestedAt ?? startedAt);
  const waitMs = Math.max(0, sinceMs) + limits.pollFirstMs;
  const pollAt = plusMs(now, Math.min(waitMs, limits.pollMaxMs));
  return earlier(pollAt, nextLimitAt(attempt, now) ?? pollAt);
}

/**
 * When a run that waits for nobody knows how long is looked at again: after as long again as it has
 * waited, within `limits.waitRecheckMs` and `limits.waitLookMaxMs`. Whatever it waits for wakes it, and
 * this is for a message that was lost.
 */
export function nextLookAt(run: Run, now: Instant): Instant {
  const lastEndAt = run.attempts.at(-1)?.end?.endedAt ?? run.effectiveAt;
  const waitedMs = now - (run.waitingSince ?? later(run.effectiveAt, lastEndAt));
  const { waitRecheckMs, waitLookMaxMs } = limits;
  return plusMs(now, Math.min(Math.max(waitedMs, waitRecheckMs), waitLookMaxMs));
}

/**
 * Where the timer of such a run moves, if it has to, so that no tick finds it before the look at
 * `lookAt` and one more behind it: undefined where it may stay.
 */
export function waitTimerAt(timerAt: Instant, lookAt: Instant, now: Instant): Instant | undefined {
  const intervalMs = lookAt - now;
  const { waitRecheckMs, waitTimerMaxMs, waitTimerSlackMs } = limits;
  if (intervalMs <= waitRecheckMs || timerAt >= plusMs(lookAt, waitTimerSlackMs)) return undefined;
  return plusMs(now, Math.min(3 * intervalMs + waitTimerSlackMs, waitTimerMaxMs));
}

/** Until when an attempt's program may start: its units are held for that, and a little longer. */
export function startByAt({ admittedAt }: Pick<Attempt, "admittedAt">): Instant {
  return plusMs(admittedAt, limits.startWithinMs - limits.startMarginMs);
}

/** When an attempt reaches the next of its limits; undefined where it has passed them. */
function nextLimitAt(attempt: Attempt, now: Instant): Instant | undefined {
  const { startedAt, softLimitMs, hardLimitMs } = attempt;
  if (startedAt === undefined) return startByAt(attempt) > now ? startByAt(attempt) : undefined;
  return [softLimitMs, hardLimitMs].map((ms) => plusMs(startedAt, ms)).find((at) => at > now);
}

/**
 * What a live attempt has coming by now for the time it has run, or has been prepared without a start;
 * undefined for nothing yet.
 */
export function limitReached(attempt: Attempt, now: Instant): "graceful" | "kill" | undefined {
  const { startedAt, softLimitMs, hardLimitMs } = attempt;
  // What started later than its units are held for could end where nobody holds them.
  if (startedAt === undefined) return now < startByAt(attempt) ? undefined : "kill";
  if (now < plusMs(startedAt, softLimitMs)) return undefined;
  return now < plusMs(startedAt, hardLimitMs) ? "graceful" : "kill";
}

/**
 * Where the timer of a live run moves that was found overdue: further ahead the older the run is, so
 * that it is overdue again for the tick that comes then; but no further than its next limit.
 */
export function timerMovedTo(run: Run, now: Instant): Instant {
  const live = liveAttempt(run);
  const ageMs = now - (live?.admittedAt ?? run.effectiveAt);
  const { timerMoveFirstMs, timerMoveMaxMs, timerGraceMs } = limits;
  const aheadMs = Math.min(Math.max(3 * ageMs, timerMoveFirstMs), timerMoveMaxMs);
  const movedTo = plusMs(now, aheadMs - timerGraceMs);
  const limitAt = live === undefined ? undefined : nextLimitAt(live, now);
  if (limitAt === undefined) return movedTo;
  return earlier(movedTo, later(now, plusMs(limitAt, -timerGraceMs)));
}
