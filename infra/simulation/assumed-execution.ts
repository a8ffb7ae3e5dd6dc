import { assert } from "../../shared/core/assert.ts";
import { attemptKeyOf, runKeyOf, type ScheduleName } from "../../shared/core/ids.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import type { Pretence } from "../../shared/core/simulation/pretence.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { rateOf } from "../../shared/core/units/rates.ts";
import type { StartRequest } from "../../shared/ports/executor.ts";
import type { Random } from "../../shared/ports/random.ts";

/** What is assumed of executions. */
export interface Assumptions {
  /** How many of a hundred executions fail, at their end. */
  readonly failPercent: number;
}

/** What an execution of a schedule is taken to last, and whether its author said so. */
export interface AssumedDuration {
  readonly durationMs: number;
  /** False where nothing says so, and the whole timeout is taken. */
  readonly isEstimated: boolean;
}

/** The estimate in the schedules file, else the timeout: the worst that the limits have to bear. */
export function assumedDuration(
  { estimate, timeoutMs, work }: ScheduleDefinition,
  rates: Configuration["rates"],
): AssumedDuration {
  const rate = rateOf(work.instanceTypes[0], rates);
  const byUnits =
    estimate?.units === undefined || rate === undefined
      ? undefined
      : (estimate.units / rate) * SECOND_MS;
  const durationMs = estimate?.durationMs ?? byUnits;
  return { durationMs: Math.round(durationMs ?? timeoutMs), isEstimated: durationMs !== undefined };
}

/** What each execution does: it takes what is assumed of its schedule, and fails as often as is assumed. */
export function pretendBy(
  { schedules, rates }: Configuration,
  { failPercent }: Assumptions,
): (request: StartRequest, random: Random) => Pretence {
  const durations = new Map<ScheduleName, number>(
    schedules.map((each) => [each.name, assumedDuration(each, rates).durationMs]),
  );
  return ({ attempt }, random) => {
    const schedule = runKeyOf(attemptKeyOf(attempt)?.run ?? "")?.schedule;
    const runMs = schedule && durations.get(schedule);
    assert(runMs !== undefined, `${attempt} is of a schedule that is simulated`);
    return { runMs, exitCode: random.fraction() * 100 < failPercent ? 1 : 0 };
  };
}
