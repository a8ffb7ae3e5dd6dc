import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SimulatedAttempt } from "../../../shared/core/simulation/simulated-run.ts";
import { peakHour, trailingHour } from "../../../shared/core/simulation/trailing-hour.ts";
import { HOUR_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";

const attempt = (startS: number, seconds: number, rate: number): SimulatedAttempt => ({
  startedAt: instant(startS * SECOND_MS),
  endedAt: instant((startS + seconds) * SECOND_MS),
  rate,
  units: seconds * rate,
});

/** Second by second: what fell into the hour before `at`. */
function unitsInHourBefore(attempts: readonly SimulatedAttempt[], at: number): number {
  return attempts.reduce((sum, { startedAt, endedAt, rate }) => {
    const ranMs = Math.min(endedAt, at) - Math.max(startedAt, at - HOUR_MS);
    return sum + (rate * Math.max(0, ranMs)) / SECOND_MS;
  }, 0);
}

describe("the trailing hour of what was executed", () => {
  it("rises while something runs, stays level, and falls an hour later", () => {
    const points = trailingHour([attempt(0, 600, 4)]);

    expect(points).toEqual([
      { at: 0, units: 0 },
      { at: 600_000, units: 2_400 },
      { at: 3_600_000, units: 2_400 },
      { at: 4_200_000, units: 0 },
    ]);
  });

  it("counts an execution that is longer than the hour for an hour only", () => {
    expect(peakHour(trailingHour([attempt(0, 7_200, 4)]))?.units).toBe(4 * 3_600);
  });

  it("has no peak where nothing was spent", () => {
    expect(peakHour(trailingHour([]))).toBeUndefined();
    expect(peakHour(trailingHour([attempt(5, 0, 4)]))).toBeUndefined();
  });

  it("is at each bend what falls into the hour before it, and is never above its peak", () => {
    const attempts = fc.array(
      fc
        .record({
          startS: fc.nat(20_000),
          seconds: fc.integer({ min: 1, max: 9_000 }),
          rate: fc.integer({ min: 1, max: 928 }),
        })
        .map(({ startS, seconds, rate }) => attempt(startS, seconds, rate)),
      { minLength: 1, maxLength: 12 },
    );
    fc.assert(
      fc.property(attempts, fc.array(fc.nat(33_000), { maxLength: 50 }), (all, probes) => {
        const points = trailingHour(all);
        for (const { at, units } of points) expect(units).toBe(unitsInHourBefore(all, at));
        const peak = peakHour(points)?.units ?? 0;
        for (const s of probes)
          expect(unitsInHourBefore(all, s * SECOND_MS)).toBeLessThanOrEqual(peak);
      }),
    );
  });
});
