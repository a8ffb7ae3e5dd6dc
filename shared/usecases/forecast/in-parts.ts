import { limits } from "../../core/limits.ts";
import type { Plan, Projection } from "../../core/forecast/plan.ts";
import { beginProjection, goOn, outcomeOf } from "../../core/forecast/project.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";

/** Whoever works out much lets others go on meanwhile. */
export interface Parts {
  readonly clock: Clock;
  readonly alarms: Alarms;
}

/** Projects a plan, and after every few milliseconds lets what else is due go first. */
export async function projectInParts({ clock, alarms }: Parts, plan: Plan): Promise<Projection> {
  const course = beginProjection(plan);
  let since = clock.monotonicMs();
  while (goOn(course, limits.projectionPartSteps)) {
    if (clock.monotonicMs() - since < limits.projectionPartMs) continue;
    await new Promise<void>((resolve) => alarms.set(clock.now(), resolve));
    since = clock.monotonicMs();
  }
  return outcomeOf(course);
}
