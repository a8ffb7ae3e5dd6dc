import type { ProjectId, ScheduleName } from "../ids.ts";
import type { ReasonCode } from "../run/reason.ts";
import type { RunState } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";

/** What became of one occurrence in a simulation. */
export interface SimulatedRun {
  readonly schedule: ScheduleName;
  readonly project: ProjectId;
  readonly nominalAt: Instant;
  readonly effectiveAt: Instant;
  /** Live where the simulation ended before it did. */
  readonly state: RunState;
  /** Why it ended as it did, or why it waits. */
  readonly reason?: ReasonCode;
  /** What it waited for first, where it waited. */
  readonly waitedFor?: ReasonCode;
  readonly attempts: readonly SimulatedAttempt[];
}

/** One execution that was pretended, up to the simulation's end. */
export interface SimulatedAttempt {
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  /** Units per second. */
  readonly rate: number;
  readonly units: number;
}
