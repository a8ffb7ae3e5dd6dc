import { describe, expect, it } from "vitest";
import {
  alarmsOn,
  systemAlarms,
  systemClock,
} from "../../../shared/adapters/system/system-clock.ts";
import { DAY_MS } from "../../../shared/core/time/duration.ts";
import { type Instant, instant, plusMs } from "../../../shared/core/time/instant.ts";
import type { Alarms } from "../../../shared/ports/clock.ts";

async function alarm(alarms: Alarms, dueAt: Instant): Promise<void> {
  await new Promise<void>((resolve) => alarms.set(dueAt, resolve));
}

describe("the system clock", () => {
  it("tells the machine's time", () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it("measures without going backwards", () => {
    const readings = Array.from({ length: 100 }, () => systemClock.monotonicMs());
    expect(readings).toEqual(readings.toSorted((a, b) => a - b));
  });
});

describe("an alarm of the system", () => {
  it("fires once its instant has come, never before", async () => {
    for (const delayMs of [0, 1, 7, 20]) {
      const dueAt = plusMs(systemClock.now(), delayMs);
      await alarm(systemAlarms, dueAt);
      expect(systemClock.now()).toBeGreaterThanOrEqual(dueAt);
    }
  });

  it("fires for an instant of the past, but not inside the call that set it", async () => {
    let fired = false;
    const firing = new Promise<void>((resolve) => {
      systemAlarms.set(instant(1), () => {
        fired = true;
        resolve();
      });
    });
    expect(fired).toBe(false);
    await firing;
  });

  it("does not fire early for being more than 25 days off, where timers overflow", async () => {
    let fired = false;
    const cancel = systemAlarms.set(plusMs(systemClock.now(), 400 * DAY_MS), () => (fired = true));
    await alarm(systemAlarms, plusMs(systemClock.now(), 20));
    cancel();
    expect(fired).toBe(false);
  });

  it("does not fire after it was cancelled", async () => {
    const now = systemClock.now();
    let fired = false;
    systemAlarms.set(plusMs(now, 5), () => (fired = true))();
    await alarm(systemAlarms, plusMs(now, 20));
    expect(fired).toBe(false);
  });

  it("follows the clock, also when it jumps while the alarm waits", async () => {
    let now = instant(1_000_000);
    let looks = 0;
    const clock = {
      monotonicMs: () => 0,
      now: () => {
        if (++looks === 5) now = plusMs(now, 10 * DAY_MS); // The machine slept for ten days.
        return now;
      },
    };
    await alarm(alarmsOn(clock, 1), plusMs(now, 9 * DAY_MS));
    expect(looks).toBe(5);
  });
});
