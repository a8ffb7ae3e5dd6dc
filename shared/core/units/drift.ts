import { limits } from "../limits.ts";
import type { ConfiguredEstimate } from "../schedule/schedule-definition.ts";
import { SECOND_MS } from "../time/duration.ts";
import { nearestRank, type SettledRun } from "./estimate.ts";

/** A schedule's latest runs come to something else than was expected of them. */
export interface Drift {
  readonly measure: "units" | "duration";
  readonly direction: "over" | "under";
  /** What they left: the runs before them, or what their author said. */
  readonly against: "history" | "configured";
  /** Units, or milliseconds. */
  readonly expected: number;
  readonly actual: number;
  /** How many of the latest runs it goes by, and how many before them; zero against an author's word. */
  readonly runs: number;
  readonly expectedRuns: number;
}

export interface DriftFacts {
  /** Settled runs, latest first. */
  readonly history: readonly SettledRun[];
  readonly configured?: ConfiguredEstimate | undefined;
  /** Units per second of the dearest instance type. */
  readonly rate: number;
}

/** An actual number and the expected one that it may be above, or below. */
interface Comparison extends Pick<Drift, "measure" | "against" | "runs" | "expectedRuns"> {
  readonly over: Pick<Drift, "actual" | "expected">;
  readonly under: Pick<Drift, "actual" | "expected">;
  /** A smaller difference is none. */
  readonly floor: number;
}

const MEDIAN = 50;
const NEARLY_ALL = 90;

/**
 * Whether the latest runs have left what was expected of them:
 *
 * - over: half of the latest come to more than `limits.driftOver` times what nearly all before them
 *   came to (the ninetieth percentile, as an estimate has it), or what the author said;
 * - under: nearly all of the latest come to less than `limits.driftUnder` of what half of those before
 *   came to, or half of the latest to less than that of what the author said.
 *
 * So runs that are now short and now long are no drift. Drift that has begun lasts until they are
 * nearer than that (`isDrifting`), which also comes to pass once the runs before are like the latest.
 */
export function driftOf(facts: DriftFacts, isDrifting: IsDrifting): Drift | undefined {
  for (const comparison of comparisons(facts)) {
    const { over, under, floor, ...rest } = comparison;
    if (isAbove(over, floor, isDrifting)) return { ...rest, direction: "over", ...over };
    if (isBelow(under, floor, isDrifting)) return { ...rest, direction: "under", ...under };
  }
  return undefined;
}

/** Whether drift of the schedule had begun when it was last looked at. */
export type IsDrifting = "drifting" | "steady";

function isAbove(
  { actual, expected }: Comparison["over"],
  floor: number,
  state: IsDrifting,
): boolean {
  const factor = state === "drifting" ? limits.driftOverEnds : limits.driftOver;
  return actual > expected * factor && actual - expected >= floor;
}

function isBelow(
  { actual, expected }: Comparison["under"],
  floor: number,
  state: IsDrifting,
): boolean {
  const factor = state === "drifting" ? limits.driftUnderEnds : limits.driftUnder;
  return actual < expected * factor && expected - actual >= floor;
}

function comparisons({ history, configured, rate }: DriftFacts): readonly Comparison[] {
  const latest = history.slice(0, limits.driftRuns);
  const before = history.slice(limits.driftRuns, limits.estimateRuns);
  const measures = [
    {
      measure: "units" as const,
      of: (run: SettledRun) => run.units,
      said: configured?.units,
      floor: (limits.driftFloorMs / SECOND_MS) * rate,
    },
    {
      measure: "duration" as const,
      of: (run: SettledRun) => run.durationMs,
      said: configured?.durationMs,
      floor: limits.driftFloorMs,
    },
  ];
  return measures.flatMap(({ measure, of, said, floor }) => {
    const now = latest.map(of);
    const past = before.map(of);
    const named = { measure, floor, runs: now.length };
    return [...byHistory(now, past, named), ...byWord(now, said, named)];
  });
}

type Named = Pick<Comparison, "measure" | "floor" | "runs">;

function byHistory(
  latest: readonly number[],
  before: readonly number[],
  named: Named,
): readonly Comparison[] {
  if (latest.length < limits.driftRuns || before.length < limits.estimateRunsMin) return [];
  const expectedRuns = before.length;
  const over = compared(nearestRank(latest, MEDIAN), nearestRank(before, NEARLY_ALL));
  const under = compared(nearestRank(latest, NEARLY_ALL), nearestRank(before, MEDIAN));
  return [{ ...named, against: "history", expectedRuns, over, under }];
}

function byWord(
  latest: readonly number[],
  said: number | undefined,
  named: Named,
): readonly Comparison[] {
  if (said === undefined || latest.length < limits.estimateRunsMin) return [];
  const both = compared(nearestRank(latest, MEDIAN), said);
  return [{ ...named, against: "configured", expectedRuns: 0, over: both, under: both }];
}

function compared(actual = 0, expected = 0): Pick<Drift, "actual" | "expected"> {
  return { actual, expected };
}
