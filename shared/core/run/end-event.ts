import { limits } from "../limits.ts";
import { plusMs, type Instant } from "../time/instant.ts";
import type { AttemptEnd } from "./attempt.ts";
import type { Outcome } from "./outcome.ts";
import { backoffMs, mayRetry } from "./retry.ts";
import type { RetryPolicy } from "./retry-policy.ts";
import type { Run } from "./run.ts";
import type { RunEvent } from "./run-state.ts";

/**
 * What the end of its live attempt means for a run: the end, or another try after a wait. Without
 * a policy (its schedule is gone) and once somebody asked to cancel, nothing is tried again. `draw`
 * is a number in [0, 1) for the wait's jitter.
 */
export function endEvent(
  run: Run,
  ended: { readonly outcome: Outcome; readonly end: AttemptEnd },
  known: { readonly retry: RetryPolicy | undefined; readonly now: Instant; readonly draw: number },
): RunEvent {
  const { end, outcome } = ended;
  const { failure, reason, state } = outcome;
  const { retry, now, draw } = known;
  const number = run.attempts.length;
  const wanted = failure !== undefined && run.cancelRequestedAt === undefined;
  if (retry === undefined || !wanted || !mayRetry(retry, failure, number)) {
    return { kind: "end", end, state, ...(reason === undefined ? {} : { reason }) };
  }
  const nextEligibleAt = plusMs(now, backoffMs(retry, number, draw));
  const why = reason?.text ?? failure;
  const text = `Attempt ${number} of ${retry.attempts} failed: ${why}`;
  const retried = { ...end, retriedBecause: shortened(why) };
  return { kind: "retry", end: retried, reason: { code: "retry", text }, nextEligibleAt };
}

/** A run keeps this of every attempt, and what a package installer says may be long. */
function shortened(why: string): string {
  const { retriedBecauseChars: most } = limits;
  return why.length > most ? `${why.slice(0, most).toWellFormed()}…` : why;
}
