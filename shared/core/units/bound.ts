import { assert } from "../assert.ts";
import { limits } from "../limits.ts";
import { SECOND_MS } from "../time/duration.ts";
import { billedMs, unitsFor } from "./rates.ts";

/**
 * The worst case of one execution, fixed before it starts.
 *
 * B1 `units` is what a program costs that is killed at `hardLimitMs`, even `killLagMs` late.
 * B2 `units` is at most `unitsPerExecution`.
 * B3 The program is asked to end at its timeout, or early enough to leave the grace before a kill
 *    that `unitsPerExecution` forces. That grace is at most half of what is paid: a limit of a few
 *    seconds is for running, and asking at once would leave none of it.
 */
export interface Bound {
  readonly outcome: "bounded";
  /** From its start: when the program is asked to end. */
  readonly softLimitMs: number;
  /** From its start: when it is killed. */
  readonly hardLimitMs: number;
  readonly units: number;
}

/** Not even one second fits `unitsPerExecution`. */
export interface TooSmall {
  readonly outcome: "tooSmall";
  readonly unitsPerSecond: number;
  readonly unitsPerExecution: number;
}

export interface BoundRequest {
  /** Units per second; the highest one where the instance type is not settled yet. */
  readonly rate: number;
  readonly timeoutMs: number;
  /** Time between asking the program to end and killing it. */
  readonly graceMs: number;
  readonly unitsPerExecution?: number | undefined;
}

/** Computes the worst case of an execution, or says that no execution fits. */
export function boundOf(request: BoundRequest): Bound | TooSmall {
  const { rate, timeoutMs, graceMs, unitsPerExecution = Infinity } = request;
  assert(Number.isSafeInteger(rate) && rate > 0, "a rate is a whole positive number");
  assert(rate <= limits.unitRateMax, "a rate is at most unitRateMax");
  assert(timeoutMs > 0 && graceMs >= 0, "a timeout is positive and a grace not negative");
  const affordableMs = Math.floor(unitsPerExecution / rate) * SECOND_MS;
  if (affordableMs < SECOND_MS) {
    return { outcome: "tooSmall", unitsPerSecond: rate, unitsPerExecution };
  }
  const wishedMs = timeoutMs + graceMs;
  const paidMs = Math.min(billedMs(wishedMs), affordableMs);
  // A kill at the very end of the last paid second would land in the next one, which nobody holds.
  const hardLimitMs = Math.min(wishedMs, paidMs - limits.killLagMs);
  // Only a cut moves the soft limit: the lag alone shortens the grace, not the timeout.
  const cut = paidMs < billedMs(wishedMs);
  const leftMs = cut ? Math.min(graceMs, Math.floor(hardLimitMs / 2)) : 0;
  const softLimitMs = Math.min(timeoutMs, hardLimitMs - leftMs);
  return { outcome: "bounded", softLimitMs, hardLimitMs, units: unitsFor(hardLimitMs, rate) };
}
