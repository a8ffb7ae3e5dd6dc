import type { ProjectId, RunId, ScheduleName } from "../ids.ts";
import type { AdmissionDecision, AdmissionFacts } from "../run/decide-admission.ts";
import type { Reason } from "../run/reason.ts";
import type { Run, RunState } from "../run/run.ts";
import type { CompiledTiming } from "../schedule/compiled-timing.ts";
import type { NextFire } from "../schedule/next-fire.ts";
import type { OperatorState } from "../schedule/operator-state.ts";
import type { ScheduleDefinition } from "../schedule/schedule-definition.ts";
import type { Instant } from "../time/instant.ts";
import type { Account } from "../units/account.ts";
import type { Estimate } from "../units/estimate.ts";

/** A schedule as a projection starts from it. */
export interface PlannedSchedule {
  readonly definition: ScheduleDefinition;
  /** Absent where no clock starts it. */
  readonly timing?: CompiledTiming;
  /** What it fires next; absent once it has ended. */
  readonly next?: NextFire;
  readonly rates: Readonly<Record<string, number>>;
  readonly operator?: OperatorState;
  /** Schedules that come after it. */
  readonly downstream: readonly ScheduleName[];
  /** What a run of it is expected to come to; absent where no run of it can start. */
  readonly estimate?: Estimate;
  /** What its executor cannot honour. */
  readonly refusal?: string;
  /** Its latest run, for schedules that come after it. */
  readonly latest?: { readonly nominalAt: Instant; readonly state: RunState };
  /** The nominal time of its latest run that started. */
  readonly lastStartedAt?: Instant;
}

/** What a projection starts from. The same plan always has the same projection. */
export interface Plan {
  readonly now: Instant;
  /** Nothing behind this instant is looked at. */
  readonly until: Instant;
  readonly account: Account;
  /** Those of the account's project, and those of other projects that they come after. */
  readonly schedules: readonly PlannedSchedule[];
  /** Runs of the project that are queued, wait or run, whoever asked for them. */
  readonly runs: readonly Run[];
  /** As if these were paused from now on. */
  readonly paused?: ReadonlySet<ScheduleName>;
  /** At most so much is done; see `limits.projectionSteps`. */
  readonly stepsMax: number;
  /** Goes on until it is known what becomes of this occurrence, and no further. */
  readonly watched?: { readonly schedule: ScheduleName; readonly nominalAt: Instant };
  /** Goes no further than to where the balance first stops something. */
  readonly toBalanceEnd?: true;
}

/** What the plan comes to if every execution takes what it is estimated to. */
export interface Projection {
  readonly project: ProjectId;
  readonly at: Instant;
  /** How far it looked: to the plan's `until`, or to where it was cut. */
  readonly until: Instant;
  /** Whether more was to come than a projection may do. */
  readonly truncated: boolean;
  readonly plannedUnits: number;
  /** The most that is spent in any trailing hour from now on, and when that hour ends. */
  readonly peak: HourPeak;
  /**
   * When something first cannot start because the balance is too small for it, whatever running work
   * gives back, or is left out because of it; absent where the balance lasts.
   */
  readonly balanceEndsAt?: Instant;
  /** When something first waits, or is left out, because the project is low. */
  readonly lowAt?: Instant;
  /** The largest spender first. */
  readonly schedules: readonly ScheduleProjection[];
  readonly watched?: WatchedOccurrence;
}

export interface HourPeak {
  readonly units: number;
  readonly at: Instant;
}

export interface ScheduleProjection {
  readonly schedule: ScheduleName;
  /** Runs that come due, those that wait now included. */
  readonly fires: number;
  readonly starts: number;
  /** Of those that start, how many wait before they do, and the longest such wait. */
  readonly waits: number;
  readonly longestWaitMs: number;
  /** Never start for want of units: by a limit, the balance, a low balance. */
  readonly refusals: number;
  /** Never start for another reason: overlap, dependency, pause, deadline. */
  readonly skips: number;
  /** Have not started by the end of what is looked at. */
  readonly waiting: number;
  readonly plannedUnits: number;
}

/** What becomes of one occurrence. */
export interface WatchedOccurrence {
  readonly nominalAt: Instant;
  readonly effectiveAt: Instant;
  /** When it is decided on first, with everything that decides, and what is decided. */
  readonly decidedAt: Instant;
  readonly facts: AdmissionFacts;
  readonly decision: AdmissionDecision;
  /** Who stands against it then: live runs by their ids, those to come as `SCHEDULE@TIME`. */
  readonly blockers: readonly RunId[];
  /** Absent where it does not start as far as was looked. */
  readonly startsAt?: Instant;
  /** Why it ends unstarted, where it does. */
  readonly ends?: { readonly at: Instant; readonly state: RunState; readonly reason: Reason };
}
