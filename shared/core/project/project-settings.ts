import type { ProjectId } from "../ids.ts";
import type { BudgetPolicy } from "../units/budget-policy.ts";

/**
 * What a project may spend. An absent limit means there is none, as in DataSphere.
 * Units are whole: one is a CPU core for a second.
 */
export interface UnitLimits {
  /** Units in any trailing 60 minutes. */
  readonly unitsPerHour?: number;
  readonly unitsPerExecution?: number;
  /** What the project may still spend in all; zero stops everything. */
  readonly balance?: number;
  /** Attempts that may run at once. */
  readonly concurrentRuns?: number;
}

export interface ProjectSettings {
  readonly project: ProjectId;
  readonly limits: UnitLimits;
  /** Absent where the schedules file says nothing of it. */
  readonly budget?: BudgetPolicy;
}
