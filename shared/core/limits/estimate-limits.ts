import { SECOND_MS } from "../time/duration.ts";

/** Ceilings of what is learnt about runs to come. Each with its arithmetic. */
export const estimateLimits = {
  /** An estimate is learnt from so many settled runs at the most: two of twenty may come to more. */
  estimateRuns: 20,
  /** Of fewer runs than three the largest says little about the next one. */
  estimateRunsMin: 3,
  /** Rows of a schedule that are gone through for them: 24 at 1 RU, every sixth may not count. */
  estimateSearchRows: 24,
  /** Settled runs behind which a schedule is looked at again: 24 RU for ten runs of 26 RU each. */
  estimateRelearnRuns: 10,
  /** Fewer do where so many of them came to something else: three of the five that drift goes by. */
  estimateRelearnOffRuns: 3,
  /**
   * Schedules of one project that one sweep looks at: 200 at 24 rows are 4,800 RU and some five
   * seconds. Ten thousand that are all due are through after fifty sweeps.
   */
  estimateLooks: 200,
  /** Ledger entries that one sweep goes through for who spent: those of 10,000 runs, in 2,500 rows. */
  estimateEntries: 20_000,
  /** Schedules in one outlook, by 150 bytes each with what is counted for them: 1.5 MB of a row. */
  estimatesKept: 10_000,
  /** Drift goes by the latest five settled runs: one that was odd, or two, do not move the middle. */
  driftRuns: 5,
  /** It begins where they come to half as much again, or to less than half, */
  driftOver: 1.5,
  driftUnder: 0.5,
  /** and is over where they come within a quarter above and a third below. */
  driftOverEnds: 1.25,
  driftUnderEnds: 2 / 3,
  /**
   * Runs that began to wait this close together are of one age: what fires together is decided on in
   * batches of ten, within seconds, and no batch is older than another for having been first.
   */
  sameAgeMs: 10 * SECOND_MS,
  /** A difference of less than five seconds of its dearest machine is nobody's matter. */
  driftFloorMs: 5 * SECOND_MS,
};
