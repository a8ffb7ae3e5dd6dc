import type { ScheduleName } from "../ids.ts";
import type { Reason } from "../run/reason.ts";
import type { ScheduleProjection } from "./plan.ts";

/** What a schedule's runs have come to so far. */
export interface Tally {
  fires: number;
  starts: number;
  waits: number;
  longestWaitMs: number;
  refusals: number;
  skips: number;
  plannedUnits: number;
}

export function newTally(): Tally {
  return {
    fires: 0,
    starts: 0,
    waits: 0,
    longestWaitMs: 0,
    refusals: 0,
    skips: 0,
    plannedUnits: 0,
  };
}

const FOR_UNITS: readonly string[] = [
  "limit_execution",
  "limit_hour",
  "limit_balance",
  "limit_concurrency",
  "low_balance",
] satisfies readonly Reason["code"][];

/** Whether a run that does not start would, with other limits or another balance. */
export function isForUnits({ code }: Reason): boolean {
  return FOR_UNITS.includes(code);
}

/** The schedules that do anything, the largest spender first, then by name. */
export function ranked(
  tallies: readonly {
    readonly name: ScheduleName;
    readonly tally: Tally;
    readonly waiting: number;
  }[],
): readonly ScheduleProjection[] {
  return tallies
    .map(({ name, tally, waiting }) => ({ schedule: name, ...tally, waiting }))
    .toSorted((a, b) => b.plannedUnits - a.plannedUnits || (a.schedule < b.schedule ? -1 : 1));
}
