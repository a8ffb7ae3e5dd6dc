import type { Attempt } from "../run/attempt.ts";
import { SECOND_MS } from "../time/duration.ts";
import { earlier, later, plusMs, type Instant } from "../time/instant.ts";
import type { Usage } from "../units/reservation.ts";
import { billedMs } from "../units/rates.ts";
import type { Bound } from "../units/bound.ts";
import type { Estimate } from "../units/estimate.ts";

/** How an execution is expected to go. */
export interface ExpectedExecution {
  /** When its end is settled. */
  readonly endAt: Instant;
  /** What is settled then. */
  readonly usage: Usage;
  /** Its runs take longer than its limits let it: it is stopped. */
  readonly isStopped: boolean;
}

/** What is expected of an execution; a bound says nothing of whether it is reached. */
type Expected = Pick<Estimate, "units" | "durationMs"> & Partial<Pick<Estimate, "source">>;

/**
 * An execution that starts now and takes what is estimated, but no more than its bound allows. What is
 * estimated of the units is rounded up to a whole second, as it is billed.
 */
export function expectedExecution(
  estimate: Expected,
  { hardLimitMs, units: most }: Pick<Bound, "hardLimitMs" | "units">,
  started: { readonly at: Instant; readonly rate: number },
): ExpectedExecution {
  const { at: startedAt, rate } = started;
  const busyMs = Math.ceil(Math.min(estimate.units, most) / rate) * SECOND_MS;
  const tookMs = Math.min(estimate.durationMs, hardLimitMs);
  // Nobody spends longer than it runs; what began of a second is billed whole.
  const endAt = plusMs(startedAt, busyMs > billedMs(tookMs) ? busyMs : tookMs);
  const isStopped = estimate.source !== "bound" && estimate.durationMs > hardLimitMs;
  return { endAt, usage: { startedAt, finishedAt: plusMs(startedAt, busyMs), rate }, isStopped };
}

/**
 * An execution that runs now. One that has gone on for longer than is estimated is expected to go on
 * for as long again, up to its bound.
 */
export function expectedOfLive(
  estimate: Expected | undefined,
  attempt: Pick<Attempt, "startedAt" | "admittedAt" | "hardLimitMs" | "unitsHeld" | "rate">,
  now: Instant,
): ExpectedExecution {
  const { startedAt = now, hardLimitMs, unitsHeld: units, rate } = attempt;
  const bound = { hardLimitMs, units };
  const started = { at: startedAt, rate };
  const most: Expected = { units, durationMs: hardLimitMs, source: "bound" };
  const expected = expectedExecution(estimate ?? most, bound, started);
  if (expected.endAt > now) return expected;
  const latestAt = later(plusMs(startedAt, hardLimitMs), plusMs(now, 1));
  const endAt = earlier(plusMs(now, Math.max(1, now - startedAt)), latestAt);
  const tookMs = endAt - startedAt;
  const more: Expected = { units: Math.ceil(tookMs / SECOND_MS) * rate, durationMs: tookMs };
  return { ...expectedExecution(more, bound, started), endAt };
}
