import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { boundOf } from "../../../shared/core/units/bound.ts";
import { unitsFor } from "../../../shared/core/units/rates.ts";

describe("the bound of an execution", () => {
  it.each([
    // rate, timeout, grace, unitsPerExecution → soft, hard, units
    [4, 600_000, 10_000, undefined, 600_000, 609_500, 2_440],
    [4, 600_000, 10_000, 2_440, 600_000, 609_500, 2_440],
    [4, 600_000, 10_000, 2_439, 598_500, 608_500, 2_436],
    [4, 600_000, 10_000, 2_000, 489_500, 499_500, 2_000],
    [4, 600_000, 10_200, undefined, 600_000, 610_200, 2_444],
    [72, 1_400, 0, undefined, 1_400, 1_400, 144],
    [72, 60_000, 0, undefined, 59_500, 59_500, 4_320],
    [72, 60_000, 10_000, 300, 1_750, 3_500, 288],
    [72, 1_000, 10_000, 300, 1_000, 3_500, 288],
    [4, 600_000, 10_000, 80, 9_750, 19_500, 80],
    [4, 600_000, 10_000, 4, 250, 500, 4],
    [72, 60_000, 0, 72, 500, 500, 72],
  ])(
    "at rate %i, timeout %i ms, grace %i ms, limit %s asks at %i ms, kills at %i ms, holds %i",
    (...[rate, timeoutMs, graceMs, unitsPerExecution, softLimitMs, hardLimitMs, units]) => {
      const bound = boundOf({ rate, timeoutMs, graceMs, unitsPerExecution });

      expect(bound).toEqual({ outcome: "bounded", softLimitMs, hardLimitMs, units });
    },
  );

  it.each([71, 1, 0])("is too small when one second costs 72 and the limit is %i", (limit) => {
    const bound = boundOf({ rate: 72, timeoutMs: 60_000, graceMs: 0, unitsPerExecution: limit });

    expect(bound).toEqual({ outcome: "tooSmall", unitsPerSecond: 72, unitsPerExecution: limit });
  });

  it("is never outspent, even by a kill that lands as late as it may", () => {
    fc.assert(
      fc.property(
        fc.record({
          rate: fc.integer({ min: 1, max: 1_000 }),
          timeoutMs: fc.integer({ min: 1, max: 100_000 }),
          graceMs: fc.integer({ min: 0, max: 20_000 }),
          unitsPerExecution: fc.option(fc.integer({ min: 0, max: 200_000 }), { nil: undefined }),
        }),
        (request) => {
          const bound = boundOf(request);
          const { rate, unitsPerExecution = Infinity } = request;
          if (bound.outcome === "tooSmall") {
            expect(rate).toBeGreaterThan(unitsPerExecution);
            return;
          }
          const { softLimitMs, hardLimitMs, units } = bound;
          expect(units).toBeLessThanOrEqual(unitsPerExecution);
          expect(unitsFor(hardLimitMs, rate)).toBe(units);
          const latestKillMs = hardLimitMs + limits.killLagMs;
          expect(unitsFor(latestKillMs, rate)).toBeLessThanOrEqual(units);
          expect(softLimitMs).toBeGreaterThanOrEqual(0);
          expect(softLimitMs).toBeLessThanOrEqual(Math.min(hardLimitMs, request.timeoutMs));
        },
      ),
    );
  });
});

describe("a bound request that validated input cannot make", () => {
  it.each([
    { rate: 0, timeoutMs: 1, graceMs: 0 },
    { rate: 1.5, timeoutMs: 1, graceMs: 0 },
    { rate: 1_000_000, timeoutMs: 1, graceMs: 0 },
    { rate: 1, timeoutMs: 0, graceMs: 0 },
    { rate: 1, timeoutMs: 1, graceMs: -1 },
  ])("%o is a bug", (request) => {
    expect(() => boundOf(request)).toThrow("Invariant broken");
  });
});
