import { describe, expect, it } from "vitest";
import { projectId, scheduleName } from "../../../shared/core/ids.ts";
import { violations, type Assertion } from "../../../shared/core/simulation/assertion.ts";
import type { SimulatedRun } from "../../../shared/core/simulation/simulated-run.ts";
import { summarize } from "../../../shared/core/simulation/summary.ts";
import { instant, type Instant } from "../../../shared/core/time/instant.ts";

const at = (text: string): Instant => instant(Date.parse(`2027-01-${text}:00Z`));
const nightly = scheduleName("nightly");
const project = projectId("p");
const until = at("20T00:00");

/** One that is due at a time and executes in a span, or never does. */
function ran(
  due: string,
  span?: readonly [string, string],
  more?: Partial<SimulatedRun>,
): SimulatedRun {
  const [from, to] = span ?? [];
  return {
    schedule: nightly,
    project,
    nominalAt: at(due),
    effectiveAt: at(due),
    state: span === undefined ? "skipped" : "succeeded",
    attempts:
      from === undefined || to === undefined
        ? []
        : [
            {
              startedAt: at(from),
              endedAt: at(to),
              rate: 4,
              units: ((at(to) - at(from)) / 1_000) * 4,
            },
          ],
    ...more,
  };
}

function judged(
  assertion: Assertion,
  runs: readonly SimulatedRun[],
  {
    timezone = "UTC",
    balanceEndsAt,
    because = "limit_balance",
  }: {
    timezone?: string;
    balanceEndsAt?: Instant;
    because?: "limit_balance" | "low_balance";
  } = {},
): readonly string[] {
  const balanceEnds = balanceEndsAt === undefined ? [] : [{ project, at: balanceEndsAt, because }];
  const summary = summarize(runs, { schedules: [{ name: nightly, project }], balanceEnds });
  const schedules = [{ name: nightly, timezone }];
  return violations([assertion], { runs, until, summary, schedules }).map(
    ({ sentence }) => sentence,
  );
}

describe("an assertion about schedules", () => {
  const apart = [
    ran("10T02:00", ["10T02:00", "10T03:00"]),
    ran("10T03:00", ["10T03:00", "10T04:00"]),
  ];

  it("finds runs that overlap, and none where one begins as the other ends", () => {
    const assertion: Assertion = { kind: "neverOverlaps", schedules: "nightly" };

    expect(judged(assertion, apart)).toEqual([]);
    expect(judged(assertion, [...apart, ran("10T03:30", ["10T03:59", "10T05:00"])])).toEqual([
      "nightly has runs that overlap: that of 2027-01-10T03:00:00Z",
    ]);
  });

  it("finds a run that is not done by the time of its day", () => {
    const assertion: Assertion = { kind: "doneBefore", schedules: "*", timeOfDayMs: 4 * 3_600_000 };

    expect(judged(assertion, apart)).toEqual([]);
    expect(judged(assertion, [ran("10T03:00", ["10T03:00", "10T04:01"])])).toHaveLength(1);
    expect(judged(assertion, [ran("10T03:00")])).toHaveLength(1);
  });

  it("takes the next day's where its own time is past it, and the schedule's own zone", () => {
    const assertion: Assertion = { kind: "doneBefore", schedules: "*", timeOfDayMs: 7 * 3_600_000 };
    const overNight = [ran("10T23:30", ["10T23:30", "11T06:00"])];

    expect(judged(assertion, overNight)).toEqual([]);
    expect(judged(assertion, overNight, { timezone: "Europe/Moscow" })).toHaveLength(1);
  });

  it("does not judge what is to be done behind the simulation's end", () => {
    const assertion: Assertion = { kind: "doneBefore", schedules: "*", timeOfDayMs: 7 * 3_600_000 };
    const running = ran("19T23:30", ["19T23:30", "20T00:00"], { state: "running" });

    expect(judged(assertion, [running])).toEqual([]);
  });

  it("finds a run that waited too long, and one that still waits", () => {
    const assertion: Assertion = { kind: "maxWait", schedules: "*", waitMs: 600_000 };
    const waited = { waitedFor: "limit_hour" } as const;

    expect(judged(assertion, [ran("10T02:00", ["10T02:10", "10T03:00"], waited)])).toEqual([]);
    expect(judged(assertion, [ran("10T02:00", ["10T02:11", "10T03:00"], waited)])).toHaveLength(1);
    expect(judged(assertion, [ran("10T02:00", undefined, { state: "waiting" })])).toHaveLength(1);
  });

  it("counts those that never start, and names the first", () => {
    const assertion: Assertion = { kind: "alwaysStarts", schedules: "*" };

    expect(judged(assertion, [...apart, ran("11T02:00"), ran("12T02:00")])).toEqual([
      "nightly has runs that never start: that of 2027-01-11T02:00:00Z, and 1 more of 4",
    ]);
  });

  it("is about the schedules that its pattern names alone", () => {
    expect(judged({ kind: "alwaysStarts", schedules: "daily-*" }, [ran("11T02:00")])).toEqual([]);
  });
});

describe("an assertion about a project", () => {
  it("compares the peak of any trailing hour", () => {
    const runs = [
      ran("10T02:00", ["10T02:00", "10T02:30"]),
      ran("10T02:30", ["10T02:30", "10T03:00"]),
    ];

    expect(judged({ kind: "peakPerHour", project, units: 14_400 }, runs)).toEqual([]);
    expect(judged({ kind: "peakPerHour", project, units: 14_399 }, runs)).toEqual([
      "p spends 14400 units in the hour to 2027-01-10T03:00:00Z, more than 14399",
    ]);
  });

  it("says when the balance ends", () => {
    const assertion: Assertion = { kind: "balanceLasts", project };

    expect(judged(assertion, [])).toEqual([]);
    expect(judged(assertion, [], { balanceEndsAt: at("12T00:00") })).toEqual([
      "The balance of p ends at 2027-01-12T00:00:00Z",
    ]);
    const low = { balanceEndsAt: at("12T00:00"), because: "low_balance" } as const;
    expect(judged(assertion, [], low)).toEqual([
      "The balance of p is low from 2027-01-12T00:00:00Z on",
    ]);
  });
});
