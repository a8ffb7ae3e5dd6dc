/**
 * Why a run is where it is, as a program reads it. Listed with meaning and remedy in
 * `docs/reasons.md`; a test holds the two together.
 */
export const REASON_CODES = [
  // A run waits:
  "limit_hour",
  "limit_balance",
  "limit_concurrency",
  "low_balance",
  "behind",
  "provider_silent",
  "overlap",
  "dependency",
  "retry",
  // A run ended without starting:
  "limit_execution",
  "missed",
  "deadline",
  "schedule_removed",
  "schedule_changed",
  "paused",
  "skip_requested",
  "not_supported",
  // An attempt ended:
  "exit_code",
  "timeout",
  "output_missing",
  "prepare_failed",
  "no_capacity",
  "provider_limit",
  "lost",
  "cancelled",
] as const;

export type ReasonCode = (typeof REASON_CODES)[number];

/** A reason: the code for programs, the sentence for people. */
export interface Reason {
  readonly code: ReasonCode;
  readonly text: string;
}
