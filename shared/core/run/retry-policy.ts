export const FAILURE_CLASSES = ["failed", "timedOut", "system", "capacity"] as const;
/**
 * Why an attempt did not succeed: the program said so, it ran out of time, the platform failed it,
 * or the provider had no room.
 */
export type FailureClass = (typeof FAILURE_CLASSES)[number];

/** When a failed run is tried again. The n-th retry waits `initial × factor^(n-1)`, at most `max`. */
export interface RetryPolicy {
  /** Tries in all, the first included: 1 means no retry. */
  readonly attempts: number;
  readonly initialMs: number;
  readonly factor: number;
  readonly maxMs: number;
  /** `full` draws the wait evenly between zero and its full length. */
  readonly jitter: "none" | "full";
  readonly on: readonly FailureClass[];
}
