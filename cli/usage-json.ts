import { formatInstant } from "../shared/core/time/instant.ts";
import { AD_HOC } from "../shared/core/units/spending.ts";
import type { Budget, Entry, Spending, Usage } from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { required } from "./decoded-run.ts";
import { viewEntry } from "./entry-view.ts";

/** What was asked for: the spending, and the last 24 hours where no stretch was named. */
export interface ShownSpending {
  readonly by: "hour" | "day";
  readonly spending: Spending;
  readonly lastHours?: Spending | undefined;
}

/** A project's units as programs read them. */
export function viewUsage(usage: Usage, shown: ShownSpending, entries: readonly Entry[]): object {
  const { project, unitsPerHour, unitsPerExecution, concurrentRuns, balance } = usage;
  return {
    project,
    limits: {
      ...number("unitsPerHour", unitsPerHour),
      ...number("unitsPerExecution", unitsPerExecution),
      ...number("concurrentRuns", concurrentRuns),
    },
    ...number("balance", balance),
    ...number("fundedUnits", usage.fundedUnits),
    ...(usage.budget === undefined ? {} : { budget: viewBudget(usage.budget) }),
    heldUnits: Number(usage.heldUnits),
    runningAttempts: Number(usage.runningAttempts),
    spentLastHourUnits: Number(usage.spentLastHourUnits),
    spentTodayUnits: Number(usage.spentTodayUnits),
    spentMonthUnits: Number(usage.spentMonthUnits),
    ...viewExposure(usage),
    spending: viewSpending(shown),
    ...(shown.lastHours === undefined ? {} : { lastHours: viewSteps(shown.lastHours) }),
    entries: entries.map(viewEntry),
  };
}

function viewSpending({ by, spending }: ShownSpending): object {
  return {
    by,
    units: Number(spending.units),
    steps: viewSteps(spending),
    schedules: spending.schedules.map(({ schedule, units, executions }) => ({
      // No schedule, where a caller started it.
      schedule: schedule === AD_HOC ? null : schedule,
      units: Number(units),
      executions: Number(executions),
    })),
  };
}

function viewSteps({ steps }: Spending): readonly object[] {
  return steps.map(({ beginsAt, units, executions }) => ({
    beginsAt: formatInstant(required(beginsAt)),
    units: Number(units),
    executions: Number(executions),
  }));
}

function viewBudget({ warnAtPercent, warnAheadSeconds, lowAtUnits, low }: Budget): object {
  return {
    warnAtPercent: [...warnAtPercent],
    ...(warnAheadSeconds === 0n ? {} : { warnAheadSeconds: Number(warnAheadSeconds) }),
    ...number("lowAtUnits", lowAtUnits),
    low,
  };
}

function viewExposure({ exposure, unanswered }: Usage): object {
  const told = unanswered === "" ? {} : { unanswered };
  if (exposure === undefined) return told;
  const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
  return {
    exposure: {
      lookedAt: formatInstant(required(lookedAt)),
      untoldUnits: Number(untoldUnits),
      ...number("elsewhereUnits", elsewhereUnits),
    },
    ...told,
  };
}

/** A member that is there where the number is. */
function number(name: string, value: bigint | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [name]: Number(value) };
}
