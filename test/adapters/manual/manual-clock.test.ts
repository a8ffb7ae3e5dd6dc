import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { type Instant, instant, plusMs } from "../../../shared/core/time/instant.ts";

const START = instant(Date.UTC(2027, 0, 15));

function after(durationMs: number): Instant {
  return plusMs(START, durationMs);
}

describe("a manual clock", () => {
  it("stands at its start until it is advanced", async () => {
    const clock = new ManualClock(START);
    expect([clock.now(), clock.monotonicMs()]).toEqual([START, 0]);

    await clock.advance(1_500);

    expect([clock.now(), clock.monotonicMs()]).toEqual([after(1_500), 1_500]);
  });

  it("fires alarms in due order, each at its own instant, equals in the order they were set", async () => {
    const clock = new ManualClock(START);
    const fired: [string, number][] = [];
    const note = (name: string) => () => fired.push([name, clock.monotonicMs()]);
    clock.set(after(20), note("late"));
    clock.set(after(10), note("first"));
    clock.set(after(10), note("second"));
    clock.set(after(31), note("too late"));

    await clock.advance(30);

    expect(fired).toEqual([
      ["first", 10],
      ["second", 10],
      ["late", 20],
    ]);
    expect(clock.nextAlarmAt()).toBe(after(31));
  });

  it("fires alarms that are set on the way, as far as they are due", async () => {
    const clock = new ManualClock(START);
    const fired: number[] = [];
    const everyHour = (): void => {
      fired.push(clock.monotonicMs() / HOUR_MS);
      clock.set(plusMs(clock.now(), HOUR_MS), everyHour);
    };
    clock.set(after(HOUR_MS), everyHour);

    await clock.advance(3.5 * HOUR_MS);

    expect(fired).toEqual([1, 2, 3]);
  });

  it("lets what an alarm woke settle before time moves on", async () => {
    const clock = new ManualClock(START);
    const seen: number[] = [];
    const work = async (): Promise<void> => {
      for (let step = 0; step < 100; step++) await Promise.resolve();
      seen.push(clock.monotonicMs());
    };
    clock.set(after(10), () => void work());
    clock.set(after(20), () => void work());

    await clock.advance(50);

    expect(seen).toEqual([10, 20]);
  });

  it("settles as it was told to", async () => {
    let settled = 0;
    const clock = new ManualClock(START, () => Promise.resolve(settled++));
    clock.set(after(1), () => undefined);

    await clock.advance(2);

    expect(settled).toBe(2);
  });

  it("fires an alarm of the past with the next advance, without going back for it", async () => {
    const clock = new ManualClock(START);
    await clock.advance(100);
    const fired: number[] = [];
    clock.set(after(10), () => fired.push(clock.monotonicMs()));
    expect(fired).toEqual([]);

    await clock.advance(0);

    expect(fired).toEqual([100]);
  });

  it("never fires an alarm that was cancelled, not even by an earlier one", async () => {
    const clock = new ManualClock(START);
    const fired: string[] = [];
    const cancel = clock.set(after(20), () => fired.push("cancelled"));
    clock.set(after(10), cancel);

    await clock.advance(30);
    cancel();

    expect(fired).toEqual([]);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });

  it("stops where an alarm throws, and goes on from there", async () => {
    const clock = new ManualClock(START);
    clock.set(after(10), () => {
      throw new Error("alarmed");
    });
    await expect(clock.advance(30)).rejects.toThrow("alarmed");
    expect(clock.monotonicMs()).toBe(10);

    await clock.advance(30);

    expect(clock.monotonicMs()).toBe(40);
  });

  it("refuses to go backwards, or to be advanced while it advances", async () => {
    const clock = new ManualClock(START);
    await expect(clock.advance(-1)).rejects.toThrow(/never goes backwards/);
    const advancing = clock.advance(1);
    await expect(clock.advance(1)).rejects.toThrow(/ends before the next begins/);
    await advancing;
  });
});
