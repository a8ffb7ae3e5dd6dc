import { describe, expect, it } from "vitest";
import { weekdaysBut } from "../../../shared/core/calendar/day-set.ts";
import { clockChanges } from "../../../shared/core/schedule/clock-changes.ts";
import type { TimingSpec } from "../../../shared/core/schedule/timing.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import { formatLocalTime } from "../../../shared/core/time/local-time.ts";
import { aCron, at, aTiming, compiled } from "../../support/timing-builder.ts";
import { firesByHand, watchClock } from "../../support/wall-clock-oracle.ts";

function touched(
  spec: Partial<TimingSpec>,
  years: readonly [from: string, until: string] = ["2027-01-01", "2028-01-01"],
): readonly string[] {
  const timing = aTiming(spec);
  const [fromAt, untilAt] = [at(`${years[0]}T00:00:00Z`), at(`${years[1]}T00:00:00Z`)];
  return clockChanges(timing, compiled(timing), { fromAt, untilAt }).map(
    ({ kind, changeAt, fromLocal, untilLocal, named, firstNamed, lastNamed, outcome }) =>
      [
        kind,
        formatInstant(changeAt),
        `${formatLocalTime(fromLocal).slice(11, 16)}-${formatLocalTime(untilLocal).slice(11, 16)}`,
        `${named}: ${formatLocalTime(firstNamed).slice(11, 16)}-${formatLocalTime(lastNamed).slice(11, 16)}`,
        outcome,
      ].join(" "),
  );
}

const berlin = { timezone: "Europe/Berlin" };

describe("the changes of a clock that touch a schedule", () => {
  it("are those at which it names a time, with what its policy makes of it", () => {
    expect(touched({ when: [aCron("30 2 * * *", berlin)] })).toEqual([
      "gap 2027-03-28T01:00:00Z 02:00-03:00 1: 02:30-02:30 moved",
      "overlap 2027-10-31T01:00:00Z 02:00-03:00 1: 02:30-02:30 first",
    ]);
    expect(
      touched({ when: [aCron("*/20 * * * *", { ...berlin, dst: { overlap: "second" } })] }),
    ).toEqual([
      "gap 2027-03-28T01:00:00Z 02:00-03:00 3: 02:00-02:40 leftOut",
      "overlap 2027-10-31T01:00:00Z 02:00-03:00 3: 02:00-02:40 second",
    ]);
    expect(touched({ when: [aCron("30 3 * * *", berlin)] })).toEqual([]);
    expect(touched({ when: [aCron("30 2 * * mon", berlin)] })).toEqual([]);
    expect(touched({ when: [aCron("30 2 * * *", { timezone: "Europe/Moscow" })] })).toEqual([]);
    expect(touched({ when: [{ kind: "every", everyMs: MINUTE_MS, offsetMs: 0 }] })).toEqual([]);
  });

  it("go by half an hour, by a day, and by whatever a zone does", () => {
    expect(touched({ when: [aCron("45 1,2 * * *", { timezone: "Australia/Lord_Howe" })] })).toEqual(
      ["overlap 2027-04-03T15:00:00Z 01:30-02:00 1: 01:45-01:45 first"],
    );
    expect(
      touched({ when: [aCron("0 9 * * *", { timezone: "Pacific/Apia" })] }, [
        "2011-12-01",
        "2012-02-01",
      ]),
    ).toEqual(["gap 2011-12-30T10:00:00Z 00:00-00:00 1: 09:00-09:00 moved"]);
  });

  it("lie within the bounds and on the days of the schedule", () => {
    const weekdays = weekdaysBut(0b011_1110, { off: new Set(), on: new Set() });
    const onDays = { ...aCron("30 2 * * *", berlin), days: { calendar: 0 } } as const;

    expect(touched({ when: [aCron("30 2 * * *", berlin)], until: "2027-06-01" })).toHaveLength(1);
    expect(touched({ when: [aCron("30 2 * * *", berlin)], from: "2027-06-01" })).toHaveLength(1);
    expect(touched({ when: [onDays], calendars: [weekdays] })).toEqual([]);
  });

  it("touch a one-off that moves or is shown twice", () => {
    const oneOff = (text: string, dst?: { overlap: "both" }): readonly string[] =>
      touched({ when: [{ kind: "at", at: text, ...berlin, ...(dst && { dst }) }] });

    expect(oneOff("2027-03-28T02:30")).toEqual([
      "gap 2027-03-28T01:00:00Z 02:00-03:00 1: 02:30-02:30 moved",
    ]);
    expect(oneOff("2027-10-31T02:30", { overlap: "both" })).toEqual([
      "overlap 2027-10-31T01:00:00Z 02:00-03:00 1: 02:30-02:30 both",
    ]);
    expect(oneOff("2027-10-31T03:00")).toEqual([]);
    expect(oneOff("2027-03-28T02:30:00+01:00")).toEqual([]);
  });

  it.each(["Europe/Berlin", "America/Havana", "Africa/Casablanca", "Australia/Lord_Howe"])(
    "are exactly the weeks in which gap or overlap decide what fires: %s",
    (timezone) => {
      const timing = aTiming({ when: [aCron("5/10 0-3 * * *", { timezone })] });
      const window = { fromAt: at("2026-01-01T00:00:00Z"), untilAt: at("2027-01-01T00:00:00Z") };
      const days = clockChanges(timing, compiled(timing), window).map(({ changeAt }) => changeAt);

      const byHand: number[] = [];
      const shown = watchClock(timezone, {
        startAt: window.fromAt,
        endAt: window.untilAt,
        stepMs: 5 * MINUTE_MS,
      });
      const firesBy = (gap: "skip" | "shift", overlap: "first" | "both"): readonly number[] =>
        firesByHand(shown, "5/10 0-3 * * *", { gap, overlap });
      const least = new Set(firesBy("skip", "first"));
      for (const fire of firesBy("shift", "both")) if (!least.has(fire)) byHand.push(fire);
      const near = (a: number, b: number): boolean => Math.abs(a - b) <= DAY_MS;

      expect(days.length).toBeGreaterThan(0);
      for (const change of days) expect(byHand.some((fire) => near(fire, change))).toBe(true);
      for (const fire of byHand) expect(days.some((change) => near(fire, change))).toBe(true);
    },
  );
});
