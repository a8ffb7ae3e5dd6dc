import { describe, expect, it } from "vitest";
import { compileTiming } from "../../../shared/core/schedule/compile-timing.ts";
import { occurrencesAfter } from "../../support/occurrences.ts";
import type { DstPolicy, TimingSpec, WhenSpec } from "../../../shared/core/schedule/timing.ts";
import { DAY_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import { aCron, aTiming, at, compiled } from "../../support/timing-builder.ts";

function complaints(spec: Partial<TimingSpec>): readonly string[] {
  const result = compileTiming(aTiming(spec));
  if (result.ok) return [];
  return result.problems.map(
    ({ path, found, expected }) => `${path.join(".")}: ${found}: ${expected}`,
  );
}

const MOMENT = "a local time, or an instant with Z or an offset, in years 1970 to 9999";

function once(text: string, timezone: string, dst?: Partial<DstPolicy>): WhenSpec {
  return { kind: "at", at: text, timezone, ...(dst === undefined ? {} : { dst }) };
}

const allOf = (spec: Partial<TimingSpec>): readonly string[] =>
  occurrencesAfter(compiled(spec), at("1970-01-01T00:00:00Z"), 5).map(formatInstant);

describe("a timing with problems", () => {
  it("says all of them, with the way to each", () => {
    const spec = {
      when: [
        aCron("0 22-6 * * *", { timezone: "Mars/Olympus" }),
        aCron("61 25 * * *"),
        { kind: "every", everyMs: 10, offsetMs: -1 },
        { kind: "every", everyMs: DAY_MS, offsetMs: 0.5 },
        once("tomorrow", "UTC"),
      ],
      from: "2027-02-30",
      until: "never",
    } as const;

    expect(complaints(spec).map((line) => line.split(":").slice(0, 2).join(":"))).toEqual([
      "when.0.timezone: Mars/Olympus",
      "when.0.cron: 22-6 in the hour field",
      "when.1.cron: 61 in the minute field",
      "when.1.cron: 25 in the hour field",
      "when.2.every: 10ms",
      "when.3.offset: 0.5 ms",
      "when.4.at: tomorrow",
      "from: 2027-02-30",
      "until: never",
    ]);
  });

  it("needs an element, and not too many", () => {
    expect(complaints({ when: [] })).toEqual(["when: 0 elements: 1 to 100"]);
    expect(complaints({ when: Array.from({ length: 101 }, () => aCron("@daily")) })).toEqual([
      "when: 101 elements: 1 to 100",
    ]);
  });

  it.each(["+03:00", "MSK", "PST", ""])("knows no zone '%s'", (timezone) => {
    const expected = "an IANA time zone, such as Europe/Moscow or UTC";

    expect(complaints({ when: [once("2027-01-01T00:00", timezone)] })).toEqual([
      `when.0.timezone: ${timezone}: ${expected}`,
    ]);
    expect(complaints({ timezone, from: "2027-01-01" })).toEqual([
      `timezone: ${timezone}: ${expected}`,
    ]);
  });
});

describe("a one-off", () => {
  it("is a local time in its zone, or an instant", () => {
    expect(allOf({ when: [once("2027-01-15T09:00", "Europe/Moscow")] })).toEqual([
      "2027-01-15T06:00:00Z",
    ]);
    expect(allOf({ when: [once("2027-01-15T09:00:30+05:00", "Europe/Moscow")] })).toEqual([
      "2027-01-15T04:00:30Z",
    ]);
  });

  it.each([
    "2027-01-15",
    "2027-02-30T09:00",
    "2027-01-15 09:00",
    "2027-01-15T24:00",
    "1969-01-01T00:00Z",
  ])("is refused as %s", (text) => {
    expect(complaints({ when: [once(text, "UTC")] })).toEqual([
      `when.0.at: ${text}: ${MOMENT}, such as 2027-01-15T09:00`,
    ]);
  });

  it("moves to the end of a gap, or is refused with skip because it would never fire", () => {
    const missing = "2027-03-28T02:30";

    expect(allOf({ when: [once(missing, "Europe/Berlin")] })).toEqual(["2027-03-28T01:00:00Z"]);
    expect(complaints({ when: [once(missing, "Europe/Berlin", { gap: "skip" })] })).toEqual([
      "when.0.at: 2027-03-28T02:30, which Europe/Berlin skips, with dst.gap skip: a time the zone has, or dst.gap shift; as it stands it would never fire",
    ]);
  });

  it.each([
    [undefined, ["2027-10-31T00:30:00Z"]],
    [{ overlap: "second" }, ["2027-10-31T01:30:00Z"]],
    [{ overlap: "both" }, ["2027-10-31T00:30:00Z", "2027-10-31T01:30:00Z"]],
  ] as const)("follows the policy where it occurs twice: %j", (dst, expected) => {
    expect(allOf({ when: [once("2027-10-31T02:30", "Europe/Berlin", dst)] })).toEqual(expected);
  });
});

describe("the bounds of a timing", () => {
  const bounds = (
    timezone: string,
    from?: string,
    until?: string,
  ): readonly (string | undefined)[] => {
    const { fromAt, untilAt } = compiled({
      timezone,
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
    });
    return [fromAt, untilAt].map((bound) => (bound === undefined ? bound : formatInstant(bound)));
  };

  it("take a date whole, from its midnight through its last instant", () => {
    expect(bounds("Europe/Moscow", "2027-01-15", "2027-01-15")).toEqual([
      "2027-01-14T21:00:00Z",
      "2027-01-15T20:59:59.999Z",
    ]);
  });

  it("take times and instants as they are", () => {
    expect(bounds("Europe/Moscow", "2027-01-15T09:00", "2027-01-15T09:00:00Z")).toEqual([
      "2027-01-15T06:00:00Z",
      "2027-01-15T09:00:00Z",
    ]);
    expect(bounds("Europe/Moscow")).toEqual([undefined, undefined]);
  });

  it.each([
    // The day starts at one o'clock.
    ["Africa/Cairo", "2027-04-30", "2027-04-29T22:00:00Z", "2027-04-30T20:59:59.999Z"],
    // Its last hour comes twice, and then its first.
    ["Africa/Cairo", "2027-10-28", "2027-10-27T21:00:00Z", "2027-10-28T21:59:59.999Z"],
    ["America/Havana", "2027-11-07", "2027-11-07T04:00:00Z", "2027-11-08T04:59:59.999Z"],
    ["America/Havana", "2027-11-06", "2027-11-06T04:00:00Z", "2027-11-07T03:59:59.999Z"],
    // The clock leaves the day, and comes back to it a minute later.
    ["America/St_Johns", "2006-10-28", "2006-10-28T02:30:00Z", "2006-10-29T03:29:59.999Z"],
    ["Pacific/Apia", "2011-12-29", "2011-12-29T10:00:00Z", "2011-12-30T09:59:59.999Z"],
  ])("take a date whole where a clock changes at midnight: %s, %s", (zone, date, from, until) => {
    expect(bounds(zone, date, date)).toEqual([from, until]);
  });

  it("take the wider reading of a time that occurs twice, and the end of a gap", () => {
    expect(bounds("Europe/Berlin", "2027-10-31T02:30", "2027-10-31T02:30")).toEqual([
      "2027-10-31T00:30:00Z",
      "2027-10-31T01:30:00Z",
    ]);
    expect(bounds("Europe/Berlin", "2027-03-28T02:30", "2027-03-28T02:30")).toEqual([
      "2027-03-28T01:00:00Z",
      "2027-03-28T01:00:00Z",
    ]);
  });

  it("reach as far as instants do", () => {
    expect(bounds("Europe/Moscow", "1970-01-01", "9999-12-31")).toEqual([
      "1970-01-01T00:00:00Z",
      "9999-12-31T20:59:59.999Z",
    ]);
    expect(bounds("America/New_York", undefined, "9999-12-31")[1]).toBe("9999-12-31T23:59:59.999Z");
  });

  it("are refused the wrong way round", () => {
    expect(complaints({ from: "2027-01-15", until: "2027-01-14" })).toEqual([
      "until: 2027-01-14: a moment not before from, which is 2027-01-15T00:00:00Z",
    ]);
    expect(complaints({ from: "2027-01-15", until: "2027-01-15T00:00" })).toEqual([]);
  });
});
