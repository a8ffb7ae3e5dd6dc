import type { SettledRun } from "../units/estimate.ts";
import type { Run } from "./run.ts";
import { isFinal } from "./run.ts";

/**
 * What a run came to that is over, all its attempts together, its units as they would be at `rate`;
 * undefined where that tells nothing of the next one: it is not over, nothing of it ever started, or
 * it was cancelled, because nobody knows what it would have come to.
 */
export function settledRunOf(run: Run, rate: number): SettledRun | undefined {
  if (!isFinal(run.state) || run.state === "cancelled") return undefined;
  const started = run.attempts.filter(({ startedAt, end }) => startedAt !== undefined && end);
  const startedAt = started.at(0)?.startedAt;
  const endedAt = started.at(-1)?.end?.endedAt;
  if (startedAt === undefined || endedAt === undefined) return undefined;
  // An instance type or a rate that was changed since changes what the same time costs.
  const units = started.map((attempt) => {
    const settled = attempt.end?.unitsSettled ?? 0;
    return attempt.rate === rate ? settled : Math.ceil((settled / attempt.rate) * rate);
  });
  return {
    units: units.reduce((sum, each) => sum + each, 0),
    // A clock that was set back while it ran took no time away.
    durationMs: Math.max(0, endedAt - startedAt),
  };
}
