import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { weekdaysBut } from "../../../shared/core/calendar/day-set.ts";
import { nextOccurrence } from "../../../shared/core/schedule/next-occurrence.ts";
import { countedFrom } from "../../../shared/core/schedule/times.ts";
import type { TimingSpec } from "../../../shared/core/schedule/timing.ts";
import { formatInstant, plusMs } from "../../../shared/core/time/instant.ts";
import { occurrencesAfter } from "../../support/occurrences.ts";
import { aCron, at, aTiming, compiled } from "../../support/timing-builder.ts";

const live = (spec: TimingSpec, from: string): TimingSpec =>
  countedFrom(spec, compiled(spec), at(from));
const fires = (spec: TimingSpec, from: string): readonly string[] =>
  occurrencesAfter(compiled(spec), at(from), 100).map(formatInstant);

describe("a timing with a number of times", () => {
  it("ends with that many occurrences from when it became live, wherever one asks later", () => {
    const spec = live(aTiming({ times: 3 }), "2027-01-10T12:00:00Z");

    expect(fires(spec, "2027-01-10T12:00:00Z")).toEqual([
      "2027-01-11T00:00:00Z",
      "2027-01-12T00:00:00Z",
      "2027-01-13T00:00:00Z",
    ]);
    expect(fires(spec, "2027-01-12T00:00:00Z")).toEqual(["2027-01-13T00:00:00Z"]);
    expect(nextOccurrence(compiled(spec), at("2027-01-13T00:00:00Z"))).toBeUndefined();
  });

  it("counts an instant that two elements name once, and no day that a calendar leaves out", () => {
    const weekend = weekdaysBut(0b100_0001, { off: new Set(), on: new Set() });
    const spec = live(
      aTiming({
        when: [
          { kind: "cron", expression: "0 9 * * *", timezone: "UTC", days: { calendar: 0 } },
          aCron("0 9 * * sat"),
        ],
        calendars: [weekend],
        times: 3,
      }),
      "2027-01-01T00:00:00Z",
    );

    expect(fires(spec, "2027-01-01T00:00:00Z")).toEqual([
      "2027-01-02T09:00:00Z",
      "2027-01-03T09:00:00Z",
      "2027-01-09T09:00:00Z",
    ]);
  });

  it("ends with its last occurrence where fewer are to come, and counts from its beginning", () => {
    const bounds = { from: "2027-02-01", until: "2027-02-02", times: 5 };
    const spec = live(aTiming(bounds), "2027-01-01T00:00:00Z");

    expect(fires(spec, "2027-01-01T00:00:00Z")).toHaveLength(2);
    const longer = live(aTiming({ ...bounds, until: "2027-12-31" }), "2027-01-01T00:00:00Z");
    expect(fires(longer, "2027-01-01T00:00:00Z").at(-1)).toBe("2027-02-05T00:00:00Z");
  });

  it("is as it was without the key", () => {
    const spec = aTiming();

    expect(live(spec, "2027-01-01T00:00:00Z")).toBe(spec);
  });

  it("has exactly so many for any rhythm and any beginning", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        (everySeconds, times, later) => {
          const start = plusMs(at("2027-01-01T00:00:00Z"), later);
          const everyMs = everySeconds * 1_000;
          const spec = aTiming({ when: [{ kind: "every", everyMs, offsetMs: 0 }], times });
          const counted = compiled(countedFrom(spec, compiled(spec), start));

          expect(occurrencesAfter(counted, start, 100)).toHaveLength(times);
        },
      ),
    );
  });
});
