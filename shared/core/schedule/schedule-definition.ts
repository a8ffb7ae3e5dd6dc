import type { ProjectId, ScheduleName } from "../ids.ts";
import type { Work } from "../work.ts";
import type { RetryPolicy } from "../run/retry-policy.ts";
import type { TimingSpec } from "./timing.ts";

export const OVERLAPS = ["skip", "queue-one", "queue-all", "cancel-running", "allow"] as const;
/** What happens to a run while an earlier one of its schedule is still live. */
export type Overlap = (typeof OVERLAPS)[number];

export const PRIORITIES = ["critical", "high", "normal", "low"] as const;
/** Who goes first among runs that wait for the same project's units. */
export type Priority = (typeof PRIORITIES)[number];

export const ON_LIMITS = ["wait", "skip", "fail"] as const;
/** What happens to a run that does not fit its project's limits now. */
export type OnLimit = (typeof ON_LIMITS)[number];

export const CATCHUPS = ["none", "last", "all"] as const;
/** Which occurrences missed while nothing ticked are made up for. */
export interface CatchupPolicy {
  readonly policy: (typeof CATCHUPS)[number];
  /** Only occurrences at most this old are made up for; older ones become skipped runs. */
  readonly windowMs: number;
}

export const DEPENDENCY_CONDITIONS = ["succeeded", "failed", "finished"] as const;
/** A schedule whose run of the same occurrence must have ended so before ours may start. */
export interface Dependency {
  readonly schedule: ScheduleName;
  readonly condition: (typeof DEPENDENCY_CONDITIONS)[number];
}

/**
 * What a schedule does while its project is low: goes on, waits until it is funded, leaves the
 * occurrence out, or runs no more often than so.
 */
export type AtLowBalance = "run" | "wait" | "skip" | { readonly atMostEveryMs: number };

/** What its author expects a run to take; history is believed over it. */
export interface ConfiguredEstimate {
  readonly durationMs?: number;
  readonly units?: number;
}

/** By how much a schedule puts its fires off, so that those that share an instant do not start at once. */
export interface Stagger {
  readonly offsetMs: number;
  /** It was worked out to lie in this window, as schedules of its project lie; absent: its author says. */
  readonly windowMs?: number;
}

/** A standing rule from YAML, checked and with defaults filled in: when, what, and the policies. */
export interface ScheduleDefinition {
  readonly name: ScheduleName;
  readonly project: ProjectId;
  /** Zone for local times and for dates in `inputs`. */
  readonly timezone: string;
  /** Absent for a schedule that only a message, a person or an upstream schedule starts. */
  readonly timing?: TimingSpec;
  /** The most a fire may be put off; the amount is stable per schedule. */
  readonly jitterMs: number;
  /** Never beside a jitter. */
  readonly stagger?: Stagger;
  readonly work: Work;
  /** Variables of each run; values may hold `{{ … }}`. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly overlap: Overlap;
  readonly catchup: CatchupPolicy;
  /** A run not started this long after its effective time expires. */
  readonly startDeadlineMs?: number;
  readonly onLimit: OnLimit;
  readonly priority: Priority;
  readonly retry: RetryPolicy;
  /** Every one must hold. */
  readonly after: readonly Dependency[];
  /** How many runs of it may be live before `overlap` applies; absent means one. */
  readonly concurrentRuns?: number;
  /** Absent means `run` for a critical one, and `wait` for any other. */
  readonly atLowBalance?: AtLowBalance;
  readonly estimate?: ConfiguredEstimate;
  /** It pauses by itself after so many failed runs in a row; absent means never. */
  readonly pauseAfterFailures?: number;
}
