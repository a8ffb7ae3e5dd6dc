import { limits } from "../limits.ts";
import type { ConfiguredEstimate } from "../schedule/schedule-definition.ts";
import { SECOND_MS } from "../time/duration.ts";
import { boundOf } from "./bound.ts";
import { unitsFor } from "./rates.ts";

/** What a run of a schedule is expected to spend and to take. No limit goes by it. */
export interface Estimate {
  readonly units: number;
  /** From the start of its first attempt's program to the end of its last one's. */
  readonly durationMs: number;
  /** Learnt from settled runs, said by its author, or the most that one attempt can come to. */
  readonly source: "history" | "configured" | "bound";
  /** How many settled runs it was learnt from; zero for another source. */
  readonly runs: number;
}

/** What a run came to that was settled: all its attempts, those that were tried again included. */
export interface SettledRun {
  readonly units: number;
  /** From the start of its first attempt's program to the end of its last one's. */
  readonly durationMs: number;
}

/** What a schedule's runs come to at the most. */
export interface EstimateTerms {
  /** Units per second of the dearest instance type that a run may get. */
  readonly rate: number;
  readonly timeoutMs: number;
  readonly graceMs: number;
  readonly unitsPerExecution?: number | undefined;
  /** What its author said. */
  readonly configured?: ConfiguredEstimate | undefined;
}

/** Of a hundred runs ninety come to no more than an estimate says. */
const PERCENT = 90;

/**
 * The value that at least `percent` of a hundred values do not exceed, by the nearest rank: always one
 * of them, and of few values the largest. Nine of ten values stand at the ninetieth percentile.
 */
export function nearestRank(values: readonly number[], percent: number): number | undefined {
  const ascending = values.toSorted((a, b) => a - b);
  return ascending[Math.max(1, Math.ceil((values.length * percent) / 100)) - 1];
}

/**
 * Learns an estimate from a schedule's latest settled runs, latest first: units and time each at their
 * ninetieth percentile, which need not be those of one run. Undefined where the runs are too few.
 */
export function learntFrom(history: readonly SettledRun[]): Estimate | undefined {
  const latest = history.slice(0, limits.estimateRuns);
  if (latest.length < limits.estimateRunsMin) return undefined;
  const units = nearestRank(
    latest.map((run) => run.units),
    PERCENT,
  );
  const durationMs = nearestRank(
    latest.map((run) => run.durationMs),
    PERCENT,
  );
  if (units === undefined || durationMs === undefined) return undefined;
  return { units, durationMs, source: "history", runs: latest.length };
}

/**
 * What to expect where history does not tell: what the author said, and what follows from that at the
 * rate of the dearest instance type; else the worst case of one attempt, because retries are not what
 * anybody expects. Nothing at all where not even a second fits `unitsPerExecution`.
 */
export function unlearntEstimate(terms: EstimateTerms): Estimate {
  const { configured, rate } = terms;
  const said = { runs: 0, source: "configured" } as const;
  if (configured?.units !== undefined) {
    const { units, durationMs = Math.ceil(units / rate) * SECOND_MS } = configured;
    return { units, durationMs, ...said };
  }
  if (configured?.durationMs !== undefined) {
    const { durationMs } = configured;
    return { units: unitsFor(durationMs, rate), durationMs, ...said };
  }
  const bound = boundOf(terms);
  const none = { units: 0, hardLimitMs: 0 };
  const { units, hardLimitMs } = bound.outcome === "bounded" ? bound : none;
  return { units, durationMs: hardLimitMs, source: "bound", runs: 0 };
}
