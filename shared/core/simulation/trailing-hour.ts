import { HOUR_MS, SECOND_MS } from "../time/duration.ts";
import { instant, type Instant } from "../time/instant.ts";
import type { SimulatedAttempt } from "./simulated-run.ts";

/** How much was spent in the hour that ends at an instant. Between two points it runs straight. */
export interface HourPoint {
  readonly at: Instant;
  readonly units: number;
}

/**
 * Every point at which the units of the trailing hour bend, in order of time: where an execution
 * starts or ends, and an hour later. Its maximum is at one of them.
 */
export function trailingHour(attempts: readonly SimulatedAttempt[]): readonly HourPoint[] {
  const bends: { readonly at: number; readonly slope: number }[] = attempts.flatMap(
    ({ startedAt, endedAt, rate }) =>
      rate === 0 || endedAt === startedAt
        ? []
        : [
            { at: startedAt, slope: rate },
            { at: endedAt, slope: -rate },
            { at: startedAt + HOUR_MS, slope: -rate },
            { at: endedAt + HOUR_MS, slope: rate },
          ],
  );
  bends.sort((a, b) => a.at - b.at);
  const points: HourPoint[] = [];
  let [unitMs, slope, before] = [0, 0, bends[0]?.at ?? 0];
  for (const bend of bends) {
    unitMs += slope * (bend.at - before);
    slope += bend.slope;
    before = bend.at;
    const units = Math.round(unitMs / SECOND_MS);
    if (points.at(-1)?.at === bend.at) points.pop();
    points.push({ at: instant(bend.at), units });
  }
  return points;
}

/** The most of any trailing hour, and when that hour ended; undefined where nothing was spent. */
export function peakHour(points: readonly HourPoint[]): HourPoint | undefined {
  let peak: HourPoint | undefined;
  for (const point of points) if (point.units > (peak?.units ?? 0)) peak = point;
  return peak;
}
