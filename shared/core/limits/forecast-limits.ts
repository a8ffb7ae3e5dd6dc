import { DAY_MS } from "../time/duration.ts";

/** Ceilings of what is worked out about the time to come. */
export const forecastLimits = {
  /** How far a forecast looks where nobody says, and at most: a month, and a leap year. */
  forecastDays: 30,
  forecastDaysMax: 366,
  /**
   * What one projection may do: a step is an occurrence, a decision or an end, 3 µs each; so 1,500,000
   * are five seconds and 500,000 runs, 17 days of a hundred schedules that fire every five minutes.
   */
  projectionSteps: 1_500_000,
  /** A decision that looks through the trailing hour takes a step for so many spends and holds in it. */
  projectionSpendsPerStep: 2,
  /** Between two looks at the clock, and between two pauses: what else is due waits no longer. */
  projectionPartSteps: 1_000,
  projectionPartMs: 10,
  /** What all projections of one answer may do besides the first one: as much again. */
  forecastWithoutSteps: 1_500_000,
  /** For so many of the largest spenders a forecast says what pausing each would change. */
  forecastWithout: 5,
  /** The hourly outlook of a project with a balance: 100,000 steps are half a second. */
  foreseeSteps: 100_000,
  /** Runs that a projection remembers of a schedule that others come after: 200 bytes each. */
  projectionHistory: 2_000,
  /** Runs of one schedule that are read to see which of them still live: 16 KB of rows. */
  projectedRunsOfSchedule: 16,
  /** Blockers that an explanation names: a line or two. */
  blockersShown: 10,
  /** Schedules that a notification of a balance names, the largest spenders. */
  forecastTellsSchedules: 5,
  /** An occurrence that is further ahead is not explained: the plan will have changed by then. */
  explainAheadMs: 366 * DAY_MS,
  /** How long behind its time it is followed until it starts: longer waits are told as such. */
  explainWaitMs: 7 * DAY_MS,
};
