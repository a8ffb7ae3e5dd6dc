import type { FailureClass, RetryPolicy } from "./retry-policy.ts";

/** The shape of growing waits: `initial × factor^(n-1)`, at most `max`. */
export type Backoff = Pick<RetryPolicy, "initialMs" | "factor" | "maxMs" | "jitter">;

/**
 * The wait before the n-th retry (counted from 1), in whole milliseconds. `draw` is a number in
 * [0, 1) that only `full` jitter uses. Without jitter the waits never fall.
 */
export function backoffMs(backoff: Backoff, retry: number, draw: number): number {
  const { initialMs, factor, maxMs } = backoff;
  // A large power overflows to Infinity, which the cap turns into `maxMs`; nothing times it is NaN.
  const fullMs = initialMs === 0 ? 0 : Math.min(initialMs * factor ** (retry - 1), maxMs);
  return Math.round(backoff.jitter === "full" ? fullMs * draw : fullMs);
}

/** Whether an attempt that ended so is tried again; `attempt` is its number. */
export function mayRetry(policy: RetryPolicy, failure: FailureClass, attempt: number): boolean {
  return attempt < policy.attempts && policy.on.includes(failure);
}
