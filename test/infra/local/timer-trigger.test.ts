import { describe, expect, it } from "vitest";
import { startTimer, timerTiming } from "../../../infra/local/timer-trigger.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { nextOccurrence } from "../../../shared/core/schedule/next-occurrence.ts";
import { formatInstant, type Instant } from "../../../shared/core/time/instant.ts";
import { at } from "../../support/timing-builder.ts";

/** The first instants after Friday, 1 January 2027, 00:00 UTC. */
function firstFires(expression: string, count: number): readonly string[] {
  const timing = timerTiming(expression);
  const fires: string[] = [];
  let afterAt: Instant | undefined = at("2027-01-01T00:00:00Z");
  while (fires.length < count) {
    afterAt = nextOccurrence(timing, afterAt);
    if (afterAt === undefined) break;
    fires.push(formatInstant(afterAt));
  }
  return fires;
}

describe("a timer expression", () => {
  it.each([
    ["fires by the minute", "* * ? * * *", ["2027-01-01T00:01:00Z", "2027-01-01T00:02:00Z"]],
    ["may leave the year out", "0 12 * * ?", ["2027-01-01T12:00:00Z", "2027-01-02T12:00:00Z"]],
    ["counts Sunday as 1", "0 9 ? * 1 *", ["2027-01-03T09:00:00Z", "2027-01-10T09:00:00Z"]],
    ["counts Saturday as 7", "0 9 ? * 7 *", ["2027-01-02T09:00:00Z", "2027-01-09T09:00:00Z"]],
    ["takes a range of days", "0 9 ? * 2-3 *", ["2027-01-04T09:00:00Z", "2027-01-05T09:00:00Z"]],
    ["takes a list of days", "0 9 ? * 4,1 *", ["2027-01-03T09:00:00Z", "2027-01-06T09:00:00Z"]],
    ["takes names of days", "0 9 ? * MON *", ["2027-01-04T09:00:00Z", "2027-01-11T09:00:00Z"]],
    ["takes a range of names", "0 9 ? * SUN-MON *", ["2027-01-03T09:00:00Z"]],
    [
      "takes a step for a step, not for a day",
      "0 9 ? * 1/2 *",
      ["2027-01-02T09:00:00Z", "2027-01-03T09:00:00Z", "2027-01-05T09:00:00Z"],
    ],
    [
      "takes the week of a nth day for a week",
      "0 9 ? * 2#2 *",
      ["2027-01-11T09:00:00Z", "2027-02-08T09:00:00Z"],
    ],
    [
      "takes the last such day of a month",
      "0 9 ? * 2L *",
      ["2027-01-25T09:00:00Z", "2027-02-22T09:00:00Z"],
    ],
    ["takes names of months", "0 0 1 MAR ? *", ["2027-03-01T00:00:00Z", "2028-03-01T00:00:00Z"]],
  ])("%s", (_fact, expression, fires) => {
    expect(firstFires(expression, fires.length)).toEqual(fires);
  });

  it.each([
    ["has too few fields", "* * * *"],
    ["has too many", "* * ? * * * *"],
    ["names a year", "* * ? * * 2027"],
    ["has a day 0", "* * ? * 0 *"],
    ["has a day 8", "* * ? * 8 *"],
    ["has an hour 24", "0 24 ? * * *"],
    ["is empty", ""],
  ])("is refused, and shown, where it %s", (_what, expression) => {
    expect(() => timerTiming(expression)).toThrow(`the timer expression "${expression}"`);
  });
});

describe("a timer", () => {
  const startAt = at("2027-01-01T00:00:30Z");

  it("fires at each of its instants until it is stopped", async () => {
    const clock = new ManualClock(startAt);
    const fires: string[] = [];
    const stop = startTimer("* * ? * * *", clock, (firedAt) => fires.push(formatInstant(firedAt)));

    await clock.advance(150_000);
    stop();
    await clock.advance(150_000);

    expect(fires).toEqual(["2027-01-01T00:01:00Z", "2027-01-01T00:02:00Z", "2027-01-01T00:03:00Z"]);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });

  it("fires once, not many times, for instants that a sleeping machine missed", () => {
    let now = startAt;
    const alarms: { readonly dueAt: Instant; readonly wake: () => void }[] = [];
    const clock = {
      now: () => now,
      monotonicMs: () => 0,
      set: (dueAt: Instant, wake: () => void) => {
        alarms.push({ dueAt, wake });
        return () => undefined;
      },
    };
    const fires: string[] = [];
    startTimer("* * ? * * *", clock, (firedAt) => fires.push(formatInstant(firedAt)));

    now = at("2027-01-01T08:00:20Z");
    alarms[0]?.wake();

    expect(fires).toEqual(["2027-01-01T00:01:00Z"]);
    expect(alarms.map((alarm) => formatInstant(alarm.dueAt))).toEqual([
      "2027-01-01T00:01:00Z",
      "2027-01-01T08:01:00Z",
    ]);
  });
});
