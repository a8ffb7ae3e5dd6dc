import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deliveryIdOf } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Delivery } from "../../../shared/core/notification/delivery.ts";
import { recordTry, type TryResult } from "../../../shared/core/notification/delivery-state.ts";
import { HOUR_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, START_AT } from "../../support/builders.ts";

const pending: Delivery = {
  id: deliveryIdOf("ops", "event"),
  subscription: "ops",
  about: { run: aRun().id },
  target: { kind: "log" },
  body: "{}",
  state: "pending",
  nextTryAt: START_AT,
  tries: [],
};
const aTry = (fields: Partial<TryResult> = {}): TryResult => ({
  at: START_AT,
  tookMs: 12,
  detail: "503",
  result: "failed",
  draw: 0,
  ...fields,
});
const RESULTS = ["delivered", "rejected", "failed"] as const;

/** The same failing try again and again, as long as the delivery is pending. */
function failUntilBuried(fields: Partial<TryResult> = {}): readonly Delivery[] {
  const states: Delivery[] = [];
  for (let delivery = pending; delivery.state === "pending";) {
    delivery = recordTry(delivery, aTry({ ...fields, at: delivery.nextTryAt }));
    states.push(delivery);
  }
  return states;
}

describe("a pending delivery", () => {
  it.each([
    ["delivered", "delivered"],
    ["rejected", "buried"],
    ["failed", "pending"],
  ] as const)("that is %s becomes %s, with the try as history", (result, state) => {
    expect(recordTry(pending, aTry({ result }))).toMatchObject({
      state,
      tries: [{ at: START_AT, tookMs: 12, detail: "503" }],
    });
  });

  it("is tried twelve times over some two and a half hours, and then buried with all of them", () => {
    const states = failUntilBuried();
    const last = states.at(-1);

    expect(states).toHaveLength(limits.deliveryAttemptsMax);
    expect(last).toMatchObject({ state: "buried" });
    expect(last?.tries).toHaveLength(limits.deliveryAttemptsMax);
    expect((last?.tries.at(-1)?.at ?? 0) - START_AT).toBe((5_115 + 3_600) * SECOND_MS);
  });

  it("waits at least as long before each try as before the one in front of it", () => {
    const waits = failUntilBuried().map((state) => state.nextTryAt - (state.tries.at(-1)?.at ?? 0));
    const asked = waits.slice(0, -1);

    expect(asked).toEqual(asked.toSorted((a, b) => a - b));
    expect(asked[0]).toBe(limits.deliveryBackoffFirstMs);
    expect(asked.at(-1)).toBe(limits.deliveryBackoffMaxMs);
  });

  it("waits as long as the receiver asked, up to the longest wait", () => {
    const waitOf = (retryAfterMs: number): number =>
      recordTry(pending, aTry({ retryAfterMs })).nextTryAt - START_AT;

    expect(waitOf(SECOND_MS)).toBe(limits.deliveryBackoffFirstMs);
    expect(waitOf(90 * SECOND_MS)).toBe(90 * SECOND_MS);
    expect(waitOf(24 * HOUR_MS)).toBe(limits.deliveryBackoffMaxMs);
  });

  it("spreads its tries over a tenth of the wait", () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (draw) => {
        const waitMs = recordTry(pending, aTry({ draw })).nextTryAt - START_AT;
        const fullMs = limits.deliveryBackoffFirstMs;
        expect(waitMs).toBeGreaterThanOrEqual(fullMs);
        expect(waitMs).toBeLessThan(fullMs * 1.1);
      }),
    );
  });
});

describe.each(["delivered", "buried"] as const)("a %s delivery", (state) => {
  it.each(RESULTS)("is the very same after a late try that %s", (result) => {
    const done: Delivery = { ...pending, state };

    expect(recordTry(done, aTry({ result, at: plusMs(START_AT, 1) }))).toBe(done);
  });
});
