import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs, mayRetry } from "../../../shared/core/run/retry.ts";
import { FAILURE_CLASSES, type RetryPolicy } from "../../../shared/core/run/retry-policy.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";

const policy: RetryPolicy = {
  attempts: 3,
  initialMs: 30_000,
  factor: 2,
  maxMs: 10 * MINUTE_MS,
  jitter: "none",
  on: ["failed", "system"],
};

describe("the wait before a retry", () => {
  it("doubles from its first length to its cap", () => {
    const waits = [1, 2, 3, 4, 5, 6, 7].map((retry) => backoffMs(policy, retry, 0) / 1_000);

    expect(waits).toEqual([30, 60, 120, 240, 480, 600, 600]);
  });

  const backoff = fc.record({
    initialMs: fc.integer({ min: 0, max: HOUR_MS }),
    factor: fc.double({ min: 1, max: 10, noNaN: true }),
    maxMs: fc.integer({ min: 0, max: DAY_MS }),
  });
  const retry = fc.integer({ min: 1, max: 2_000 });
  const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("never falls, and never passes its cap", () => {
    fc.assert(
      fc.property(backoff, retry, (shape, nth) => {
        const none = { ...shape, jitter: "none" as const };
        const waitMs = backoffMs(none, nth, 0);
        expect(backoffMs(none, nth + 1, 0)).toBeGreaterThanOrEqual(waitMs);
        expect(waitMs).toBeLessThanOrEqual(shape.maxMs);
        expect(Number.isSafeInteger(waitMs)).toBe(true);
      }),
    );
  });

  it("with full jitter lies between nothing and the whole wait, as drawn", () => {
    fc.assert(
      fc.property(backoff, retry, draw, (shape, nth, drawn) => {
        const wholeMs = backoffMs({ ...shape, jitter: "none" }, nth, 0);
        const waitMs = backoffMs({ ...shape, jitter: "full" }, nth, drawn);
        expect(waitMs).toBeGreaterThanOrEqual(0);
        expect(waitMs).toBeLessThanOrEqual(wholeMs);
        expect(Math.abs(waitMs - wholeMs * drawn)).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe("a failed attempt", () => {
  it.each(FAILURE_CLASSES)("is tried again for %s only where the policy lists it", (failure) => {
    expect(mayRetry(policy, failure, 1)).toBe(["failed", "system"].includes(failure));
  });

  it("is not tried again once all tries are used", () => {
    expect([1, 2, 3, 4].map((attempt) => mayRetry(policy, "failed", attempt))).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});
