// Long for its cases: one expression after another that a zone or a calendar makes hard.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextOccurrence } from "../../../shared/core/schedule/next-occurrence.ts";
import type { DstPolicy } from "../../../shared/core/schedule/timing.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant, INSTANT_MAX, instant, plusMs } from "../../../shared/core/time/instant.ts";
import { occurrencesAfter, occurrencesBetween } from "../../support/occurrences.ts";
import { aCron, at, compiled, firesOf } from "../../support/timing-builder.ts";

describe("a fixed time in a night with a gap", () => {
  const berlin = { timezone: "Europe/Berlin" };
  const eve = "2027-03-27T12:00:00Z";

  it("moves to the first instant after the gap", () => {
    expect(firesOf({ expression: "30 2 * * *", ...berlin }, eve, 2)).toEqual([
      "2027-03-28T03:00:00+02:00",
      "2027-03-29T02:30:00+02:00",
    ]);
  });

  it("is one occurrence with the others of its gap, and with what fires there anyway", () => {
    expect(firesOf({ expression: "0,20,40 2,3 * * *", ...berlin }, eve, 3)).toEqual([
      "2027-03-28T03:00:00+02:00",
      "2027-03-28T03:20:00+02:00",
      "2027-03-28T03:40:00+02:00",
    ]);
  });

  it("is left out where the schedule says skip", () => {
    const dst = { gap: "skip" } as const;

    expect(firesOf({ expression: "30 2 * * *", ...berlin, dst }, eve, 1)).toEqual([
      "2027-03-29T02:30:00+02:00",
    ]);
  });

  it.each([
    ["Australia/Lord_Howe", "15 2 * * *", "2027-10-02T00:00:00Z", "2027-10-03T02:30:00+11:00"],
    ["Africa/Cairo", "0 0 * * *", "2027-04-29T00:00:00Z", "2027-04-30T01:00:00+03:00"],
    ["America/Santiago", "30 0 * * *", "2027-09-04T12:00:00Z", "2027-09-05T01:00:00-03:00"],
    ["Asia/Beirut", "59 0 * * *", "2027-03-27T12:00:00Z", "2027-03-28T01:00:00+03:00"],
    ["Antarctica/Troll", "1 1 * * *", "2027-03-27T12:00:00Z", "2027-03-28T03:00:00+02:00"],
    ["America/Caracas", "45 2 * * *", "2016-04-30T12:00:00Z", "2016-05-01T03:00:00-04:00"],
    ["Europe/Moscow", "30 2 * * *", "2011-03-26T12:00:00Z", "2011-03-27T03:00:00+04:00"],
    ["America/Nuuk", "30 22 * * *", "2023-03-25T12:00:00Z", "2023-03-25T23:00:00-02:00"],
    ["America/St_Johns", "1 0 * * *", "2006-04-01T12:00:00Z", "2006-04-02T01:01:00-02:30"],
  ])("shifts by what the zone skips: %s", (timezone, expression, after, fire) => {
    expect(firesOf({ expression, timezone }, after, 1)).toEqual([fire]);
  });

  it("matches by the intended date where a zone skipped a whole day", () => {
    const apia = { timezone: "Pacific/Apia" };
    const friday = "0 9 * * fri";

    expect(firesOf({ expression: friday, ...apia }, "2011-12-29T00:00:00Z", 2)).toEqual([
      "2011-12-31T00:00:00+14:00",
      "2012-01-06T09:00:00+14:00",
    ]);
  });
});

describe("a fixed time in a night with an overlap", () => {
  const cron = { expression: "30 2 * * *", timezone: "Europe/Berlin" };
  const eve = "2027-10-30T12:00:00Z";

  it("fires at its first pass only", () => {
    expect(firesOf(cron, eve, 2)).toEqual([
      "2027-10-31T02:30:00+02:00",
      "2027-11-01T02:30:00+01:00",
    ]);
  });

  it("fires as the schedule says", () => {
    expect(firesOf({ ...cron, dst: { overlap: "second" } }, eve, 1)).toEqual([
      "2027-10-31T02:30:00+01:00",
    ]);
    expect(firesOf({ ...cron, dst: { overlap: "both" } }, eve, 2)).toEqual([
      "2027-10-31T02:30:00+02:00",
      "2027-10-31T02:30:00+01:00",
    ]);
  });

  it("does not fire again when asked between the passes", () => {
    expect(firesOf(cron, "2027-10-31T00:45:00Z", 1)).toEqual(["2027-11-01T02:30:00+01:00"]);
  });
});

describe("the second pass of an overlap", () => {
  it.each<[string, string, string, string, readonly string[]]>([
    [
      "Europe/Berlin",
      "30 2 * * sun",
      "both",
      "2027-10-30T00:00:00Z",
      ["2027-10-31T02:30:00+02:00", "2027-10-31T02:30:00+01:00", "2027-11-07T02:30:00+01:00"],
    ],
    [
      "Africa/Casablanca",
      "30 2 * * 0#2",
      "both",
      "2024-03-09T00:00:00Z",
      ["2024-03-10T02:30:00+01:00", "2024-03-10T02:30:00+00:00", "2024-04-14T03:00:00+01:00"],
    ],
    [
      "Europe/Berlin",
      "30 2 31 10 *",
      "second",
      "2027-01-01T00:00:00Z",
      ["2027-10-31T02:30:00+01:00", "2028-10-31T02:30:00+01:00"],
    ],
  ])(
    "comes though the pattern's next day is far: %s, %s, %s",
    (timezone, expression, ...[overlap, from, fires]) => {
      const dst = { overlap } as DstPolicy;

      expect(firesOf({ expression, timezone, dst }, from, fires.length)).toEqual(fires);
    },
  );

  it("is not lost to a rhythm on the last day that it names for a week", () => {
    const fires = firesOf(
      { expression: "*/30 * * * sat", timezone: "Asia/Beirut" },
      "2027-10-30T19:00:00Z",
      5,
    );

    expect(fires).toEqual([
      "2027-10-30T22:30:00+03:00",
      "2027-10-30T23:00:00+03:00",
      "2027-10-30T23:30:00+03:00",
      "2027-10-30T23:00:00+02:00",
      "2027-10-30T23:30:00+02:00",
    ]);
  });
});

describe("a frequent pattern across a change", () => {
  const cron = { expression: "0 * * * *", timezone: "Europe/Berlin" };

  it("loses no real hour in an overlap and invents none in a gap", () => {
    const hours = (after: string): readonly string[] =>
      firesOf(cron, after, 4).map((fire) => formatInstant(at(fire)).slice(11, 16));

    expect(hours("2027-10-30T23:30:00Z")).toEqual(["00:00", "01:00", "02:00", "03:00"]);
    expect(hours("2027-03-27T23:30:00Z")).toEqual(["00:00", "01:00", "02:00", "03:00"]);
  });

  it("keeps its own meaning in the half that an explicit policy leaves out", () => {
    const halfHourly = { ...cron, expression: "30 * * * *" };
    const fires = (dst: Partial<DstPolicy>, after: string): readonly string[] =>
      firesOf({ ...halfHourly, dst }, after, 3).map((fire) => fire.slice(11));

    expect(fires({ overlap: "first" }, "2027-03-27T23:45:00Z")).toEqual([
      "01:30:00+01:00",
      "03:30:00+02:00",
      "04:30:00+02:00",
    ]);
    expect(fires({ gap: "shift" }, "2027-03-27T23:45:00Z")).toEqual([
      "01:30:00+01:00",
      "03:00:00+02:00",
      "03:30:00+02:00",
    ]);
    expect(fires({ gap: "shift" }, "2027-10-30T23:45:00Z")).toEqual([
      "02:30:00+02:00",
      "02:30:00+01:00",
      "03:30:00+01:00",
    ]);
    expect(fires({ overlap: "first" }, "2027-10-30T23:45:00Z")).toEqual([
      "02:30:00+02:00",
      "03:30:00+01:00",
      "04:30:00+01:00",
    ]);
  });
});

describe("a rhythm of elapsed time", () => {
  const every = (everyMs: number, offsetMs = 0, anchor?: string) =>
    compiled({
      when: [
        {
          kind: "every",
          everyMs,
          offsetMs,
          ...(anchor === undefined ? {} : { anchorAt: at(anchor) }),
        },
      ],
    });
  const after = (timing: ReturnType<typeof every>, text: string): readonly string[] =>
    occurrencesAfter(timing, at(text), 2).map(formatInstant);

  it("counts from the epoch, plus its offset", () => {
    expect(after(every(HOUR_MS, 5 * MINUTE_MS), "2027-01-01T10:05:00Z")).toEqual([
      "2027-01-01T11:05:00Z",
      "2027-01-01T12:05:00Z",
    ]);
    expect(after(every(7 * HOUR_MS), "1970-01-01T00:00:00Z")).toEqual([
      "1970-01-01T07:00:00Z",
      "1970-01-01T14:00:00Z",
    ]);
  });

  it("counts from its anchor, and fires at nothing before it", () => {
    const timing = every(90 * MINUTE_MS, 0, "2027-01-01T00:10:00Z");

    expect(after(timing, "2026-06-01T00:00:00Z")).toEqual([
      "2027-01-01T00:10:00Z",
      "2027-01-01T01:40:00Z",
    ]);
    expect(after(timing, "2027-01-01T01:40:00Z")[0]).toBe("2027-01-01T03:10:00Z");
  });

  it("ends with the year 9999", () => {
    expect(nextOccurrence(every(HOUR_MS), INSTANT_MAX)).toBeUndefined();
  });
});

describe("several elements in one timing", () => {
  it("are one occurrence where they name one instant, each in its own zone", () => {
    const timing = compiled({
      when: [
        aCron("0 9 * * *", { timezone: "Europe/Moscow" }),
        aCron("0 6,7 * * *"),
        { kind: "at", at: "2027-01-15T07:00:00Z", timezone: "UTC" },
        { kind: "at", at: "2027-01-15T06:30", timezone: "UTC" },
      ],
    });
    const window = { afterAt: at("2027-01-15T00:00:00Z"), throughAt: at("2027-01-15T23:00:00Z") };

    const fires = occurrencesBetween(timing, { ...window, limit: 10 });

    expect(fires.map(formatInstant)).toEqual([
      "2027-01-15T06:00:00Z",
      "2027-01-15T06:30:00Z",
      "2027-01-15T07:00:00Z",
    ]);
  });
});

describe("a window of occurrences", () => {
  const timing = compiled({ when: [aCron("0 * * * *")] });

  it("excludes its start, includes its end, and stops at its limit", () => {
    const window = { afterAt: at("2027-01-01T01:00:00Z"), throughAt: at("2027-01-01T03:00:00Z") };
    const between = (limit: number): readonly string[] =>
      occurrencesBetween(timing, { ...window, limit }).map(formatInstant);

    expect(between(10)).toEqual(["2027-01-01T02:00:00Z", "2027-01-01T03:00:00Z"]);
    expect(between(1)).toEqual(["2027-01-01T02:00:00Z"]);
    expect(between(0)).toEqual([]);
  });

  it("is cut by from and until, both inclusive", () => {
    const bounded = compiled({
      when: [aCron("0 * * * *")],
      from: "2027-01-01T02:00",
      until: "2027-01-01T03:00",
    });

    expect(occurrencesAfter(bounded, at("2026-01-01T00:00:00Z"), 10).map(formatInstant)).toEqual([
      "2027-01-01T02:00:00Z",
      "2027-01-01T03:00:00Z",
    ]);
  });
});

describe("the next occurrence, whatever the pattern, zone and policy", () => {
  const zones = ["Africa/Cairo", "America/Nuuk", "Australia/Lord_Howe", "Antarctica/Troll", "UTC"];
  const asks = fc.record({
    expression: fc.constantFrom(
      "* * * * *",
      "*/7 */5 * * *",
      "30 0,2 * * *",
      "15 23 L * *",
      "*/40 0 0-3 * * sun",
      "59 59 23 1W * fri#2",
    ),
    timezone: fc.constantFrom(...zones, "Africa/Casablanca", "Europe/Dublin", "Pacific/Apia"),
    dst: fc.record({
      gap: fc.constantFrom("skip" as const, "shift" as const),
      overlap: fc.constantFrom("first" as const, "second" as const, "both" as const),
    }),
    afterAt: fc.integer({ min: 0, max: Date.UTC(2045, 0, 1) }).map(instant),
    stepMs: fc.integer({ min: 1, max: 3 * DAY_MS }),
  });
  const nextOf = ({
    expression,
    timezone,
    dst,
  }: {
    expression: string;
    timezone: string;
    dst: DstPolicy;
  }) => {
    const timing = compiled({ when: [aCron(expression, { timezone, dst })] });
    return (afterAt: ReturnType<typeof instant>) => {
      const nextAt = nextOccurrence(timing, afterAt);
      if (nextAt === undefined) throw new Error("these patterns go on for ever");
      return nextAt;
    };
  };

  it("is strictly later", () => {
    fc.assert(
      fc.property(asks, (ask) => {
        expect(nextOf(ask)(ask.afterAt)).toBeGreaterThan(ask.afterAt);
      }),
    );
  });

  it("is the same for every instant up to it, so there is none between", () => {
    fc.assert(
      fc.property(asks, fc.double({ min: 0, max: 1, noNaN: true }), (ask, share) => {
        const next = nextOf(ask);
        const nextAt = next(ask.afterAt);
        const inside = ask.afterAt + Math.floor((nextAt - 1 - ask.afterAt) * share);

        expect(next(instant(inside))).toBe(nextAt);
        expect(next(plusMs(nextAt, -1))).toBe(nextAt);
      }),
    );
  });

  it("never comes earlier for asking later", () => {
    fc.assert(
      fc.property(asks, (ask) => {
        const next = nextOf(ask);

        expect(next(plusMs(ask.afterAt, ask.stepMs))).toBeGreaterThanOrEqual(next(ask.afterAt));
      }),
    );
  });
});
