import type { Subscription } from "../notification/subscription.ts";
import type { ScheduleDefinition } from "../schedule/schedule-definition.ts";
import type { Assertion } from "../simulation/assertion.ts";
import type { ProjectSettings } from "./project-settings.ts";

/** What one schedules file says, checked whole: the thing that becomes live, or does not. */
export interface Configuration {
  readonly projects: readonly ProjectSettings[];
  /** Units per second by instance type, over the built-in table. */
  readonly rates: Readonly<Record<string, number>>;
  readonly schedules: readonly ScheduleDefinition[];
  readonly subscriptions: readonly Subscription[];
  /** What must hold whenever it is simulated; absent where the file says nothing of it. */
  readonly assertions?: readonly Assertion[];
}
