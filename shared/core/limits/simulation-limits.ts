import { DAY_MS } from "../time/duration.ts";

/** Bounds of `orrery simulate`. */
export const simulationLimits = {
  /**
   * Occurrences that a simulation plays at most: some 300 bytes of each are kept, which is 300 MB.
   * A hundred schedules that fire hourly come to 876,000 a year.
   */
  simulatedRuns: 1_000_000,
  /** Ended runs of a schedule that stay in the simulated store: what comes after is decided on by the latest. */
  simulatedRunsKept: 20,
  /** Bars of a schedule, and points of a curve, on a timeline: more than that many nobody tells apart. */
  timelineBars: 4_000,
  /** As far as `--days` reaches: ten years. */
  simulatedMs: 3_653 * DAY_MS,
} as const;
