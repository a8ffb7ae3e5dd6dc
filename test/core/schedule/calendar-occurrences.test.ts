import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { listedDays, weekdaysBut, type DaySet } from "../../../shared/core/calendar/day-set.ts";
import { parseDay } from "../../../shared/core/calendar/day.ts";
import { compileTiming } from "../../../shared/core/schedule/compile-timing.ts";
import type { DayRule, DstPolicy, WhenSpec } from "../../../shared/core/schedule/timing.ts";
import { DAY_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { formatLocal } from "../../../shared/core/time/zone.ts";
import { occurrencesAfter, occurrencesBetween } from "../../support/occurrences.ts";
import { aCron, at, aTiming, compiled } from "../../support/timing-builder.ts";
import { firesByHand, watchClock, type DaysByHand } from "../../support/wall-clock-oracle.ts";

const SEED = Number(process.env["SEED"] ?? 20_270_115);
const WORKING = 0b011_1110;

const day = (text: string): number => parseDay(text) ?? Number.NaN;
const days = (...texts: readonly string[]): ReadonlySet<number> => new Set(texts.map(day));

/** Russia in 2025: a working Saturday, and days off that moved. */
const RU_2025 = weekdaysBut(WORKING, {
  off: days(
    ..."2025-01-01 2025-01-02 2025-01-03 2025-01-06 2025-01-07 2025-01-08 2025-05-01".split(" "),
    ..."2025-05-02 2025-05-08 2025-05-09 2025-06-12 2025-06-13 2025-11-03 2025-11-04".split(" "),
    "2025-12-31",
  ),
  on: days("2025-11-01"),
});

function cronOn(
  expression: string,
  set: DaySet,
  options: Partial<DayRule> & { zone?: string },
): {
  readonly when: readonly WhenSpec[];
  readonly calendars: readonly DaySet[];
} {
  const { zone: timezone = "Europe/Moscow", ...rule } = options;
  const when = [{ ...aCron(expression, { timezone }), days: { calendar: 0, ...rule } } as WhenSpec];
  return { when, calendars: [set] };
}

const shown = (
  spec: ReturnType<typeof cronOn>,
  after: string,
  count: number,
  zone = "Europe/Moscow",
): readonly string[] =>
  occurrencesAfter(compiled(spec), at(after), count).map((fire) =>
    formatLocal(zone, fire).slice(0, "2025-01-01T09:00".length),
  );

describe("a pattern on the days of a calendar", () => {
  it("leaves out holidays and moved days off, and fires on a working Saturday", () => {
    const spec = cronOn("0 9 * * *", RU_2025, {});

    expect(shown(spec, "2025-10-30T00:00:00Z", 4)).toEqual([
      "2025-10-30T09:00",
      "2025-10-31T09:00",
      "2025-11-01T09:00",
      "2025-11-05T09:00",
    ]);
    const year = occurrencesBetween(compiled(spec), {
      afterAt: at("2024-12-31T20:59:59Z"),
      throughAt: at("2025-12-31T20:59:59Z"),
      limit: 400,
    });
    // What the production calendar of that year counts.
    expect(year).toHaveLength(247);
  });

  it("moves a payday to the working day before it, or after it", () => {
    const previous = cronOn("0 9 4 * *", RU_2025, { roll: "previous" });
    const next = cronOn("0 9 1,4 * *", RU_2025, { roll: "next" });

    expect(shown(previous, "2025-10-01T00:00:00Z", 3)).toEqual([
      "2025-10-03T09:00",
      "2025-11-01T09:00",
      "2025-12-04T09:00",
    ]);
    // The first and the fourth of January both become the ninth: one occurrence.
    expect(shown(next, "2024-12-31T20:00:00Z", 3)).toEqual([
      "2025-01-09T09:00",
      "2025-02-03T09:00",
      "2025-02-04T09:00",
    ]);
  });

  it("goes by its weekdays alone where its lists have ended", () => {
    expect(shown(cronOn("0 9 1 1 *", RU_2025, {}), "2025-06-01T00:00:00Z", 2)).toEqual([
      "2026-01-01T09:00",
      "2027-01-01T09:00",
    ]);
  });

  it("ends with a list of days", () => {
    const list = listedDays(days("2027-03-01", "2027-03-15", "2029-12-31"));

    expect(shown(cronOn("0 9 * * *", list, {}), "2027-03-01T07:00:00Z", 9)).toEqual([
      "2027-03-15T09:00",
      "2029-12-31T09:00",
    ]);
  });

  it("has both passes of an overlap on the last day of its list", () => {
    const list = listedDays(days("2027-10-31"));
    const when = [
      {
        ...aCron("30 2 * * *", { timezone: "Europe/Berlin", dst: { overlap: "both" } }),
        days: { calendar: 0 },
      } as WhenSpec,
    ];

    expect(shown({ when, calendars: [list] }, "2027-01-01T00:00:00Z", 3, "UTC")).toEqual([
      "2027-10-31T00:30",
      "2027-10-31T01:30",
    ]);
  });

  it("asks about the day that is meant, also inside a gap that crosses midnight", () => {
    // On 2026-09-06 Santiago's clock goes from midnight to one, so 00:30 is shown as 01:00; and in
    // 2011 Apia left out the 30th of December, which was shown as the first instant of the 31st.
    const sunday = weekdaysBut(1, { off: new Set(), on: new Set() });
    const santiago = cronOn("30 0 * * *", sunday, { zone: "America/Santiago" });
    const skipped = listedDays(days("2011-12-30"));

    expect(shown(santiago, "2026-09-01T00:00:00Z", 1, "America/Santiago")).toEqual([
      "2026-09-06T01:00",
    ]);
    expect(
      shown(
        cronOn("0 9 * * *", skipped, { zone: "Pacific/Apia" }),
        "2011-12-01T00:00:00Z",
        2,
        "Pacific/Apia",
      ),
    ).toEqual(["2011-12-31T00:00"]);
  });

  it("is refused where the two never meet, and roll where nothing goes on", () => {
    const complaint = (spec: ReturnType<typeof cronOn>): string => {
      const result = compileTiming(aTiming(spec));
      return result.ok
        ? ""
        : result.problems.map((each) => `${each.path.join(".")}: ${each.expected}`).join();
    };
    const plain = weekdaysBut(WORKING, { off: new Set(), on: new Set() });

    expect(complaint(cronOn("0 9 * * sat", plain, {}))).toBe(
      "when.0.cron: a date that comes; its calendar has none of those that this pattern names",
    );
    expect(complaint(cronOn("0 9 * * sat", RU_2025, {}))).toBe("");
    expect(complaint(cronOn("0 9 * * sat", plain, { roll: "next" }))).toBe("");
    expect(complaint(cronOn("0 9 1 * *", listedDays([day("2027-01-01")]), { roll: "next" }))).toBe(
      "when.0.cron: a calendar with weekdays beside roll; this one only lists days",
    );
    expect(
      complaint({
        when: [
          {
            kind: "every",
            everyMs: 25 * 3_600_000,
            offsetMs: 0,
            days: { calendar: 0 },
            timezone: "UTC",
          },
        ],
        calendars: [plain],
      }),
    ).toBe("when.0.every: at most 24h beside a calendar; a rhythm of days is said with cron");
  });
});

/** Weeks with a change of the clock in them, midnights among them. */
const WEEKS: readonly (readonly [zone: string, date: string])[] = [
  ["Europe/Berlin", "2027-03-28"],
  ["America/Santiago", "2027-09-05"],
  ["America/Havana", "2027-11-07"],
  ["America/Nuuk", "2024-03-31"],
  ["Africa/Casablanca", "2027-03-14"],
  ["Asia/Beirut", "2027-03-28"],
  ["Australia/Lord_Howe", "2027-10-03"],
  ["Europe/Moscow", "2014-10-26"],
  ["Pacific/Apia", "2011-12-30"],
];

const POLICIES: readonly DstPolicy[] = (["skip", "shift"] as const).flatMap((gap) =>
  (["first", "second", "both"] as const).map((overlap) => ({ gap, overlap })),
);

const EXPRESSIONS = [
  "*/30 * * * *",
  "0 0 * * *",
  "30 0,2,23 * * *",
  "15 2 ? * 0#1,sun#2,7L,6",
  "30 1 L,28-31,1W * *",
  "0 */3 * * *",
];

describe("the occurrences of days around a change of the clock", () => {
  it.each(WEEKS)(
    "are those of every minute on the wall and every day by hand: %s, %s",
    (zone, date) => {
      const middle = day(date);
      const window = {
        zone,
        startAt: (middle - 8) * DAY_MS,
        endAt: (middle + 8) * DAY_MS,
        stepMs: MINUTE_MS,
      };
      const wall = watchClock(zone, window);
      const sampled = fc.record({
        expression: fc.constantFrom(...EXPRESSIONS),
        dst: fc.constantFrom(...POLICIES),
        roll: fc.constantFrom(undefined, "next" as const, "previous" as const),
        weekdays: fc.integer({ min: 1, max: 127 }),
        off: fc.array(fc.integer({ min: middle - 12, max: middle + 12 }), { maxLength: 8 }),
        on: fc.array(fc.integer({ min: middle - 12, max: middle + 12 }), { maxLength: 8 }),
      });

      for (const each of fc.sample(sampled, { seed: SEED + middle, numRuns: 30 })) {
        const { expression, dst, roll, ...said } = each;
        const set = weekdaysBut(said.weekdays, { off: new Set(said.off), on: new Set(said.on) });
        const result = compileTiming(
          aTiming({
            when: [
              {
                ...{ kind: "cron", expression, timezone: zone, dst },
                days: { calendar: 0, ...(roll !== undefined && { roll }) },
              },
            ],
            calendars: [set],
          }),
        );
        const byHand: DaysByHand = {
          isIn: (dayNumber) => {
            if (said.on.includes(dayNumber)) return true;
            const weekday = new Date(dayNumber * DAY_MS).getUTCDay();
            return !said.off.includes(dayNumber) && ((said.weekdays >> weekday) & 1) === 1;
          },
          roll,
        };
        const ours = result.ok
          ? occurrencesBetween(result.value, {
              afterAt: instant(window.startAt - 1),
              throughAt: instant(window.endAt),
              limit: 100_000,
            })
          : [];

        expect(ours, `seed ${SEED}: ${JSON.stringify(each)}`).toEqual(
          firesByHand(wall, expression, dst, byHand),
        );
      }
    },
  );
});

describe("a rhythm on the days of a calendar", () => {
  it.each(WEEKS)("fires where its zone shows such a day: %s, %s", (zone, date) => {
    const middle = day(date);
    const sampled = fc.record({
      everyMinutes: fc.constantFrom(7, 30, 60, 91, 720, 1_440),
      weekdays: fc.integer({ min: 0, max: 127 }),
      on: fc.array(fc.integer({ min: middle - 6, max: middle + 6 }), { maxLength: 4 }),
    });
    const startAt = (middle - 8) * DAY_MS;
    const endAt = (middle + 8) * DAY_MS;

    for (const each of fc.sample(sampled, { seed: SEED, numRuns: 20 })) {
      const everyMs = each.everyMinutes * MINUTE_MS;
      const set = weekdaysBut(each.weekdays, { off: new Set(), on: new Set(each.on) });
      const timing = compiled({
        when: [{ kind: "every", everyMs, offsetMs: 0, days: { calendar: 0 }, timezone: zone }],
        calendars: [set],
      });
      const first = Math.ceil(startAt / everyMs) * everyMs;
      const wall = watchClock(zone, { startAt: first, endAt, stepMs: everyMs });
      const byHand = wall
        .filter(({ wallMs }) => {
          const dayNumber = Math.floor(wallMs / DAY_MS);
          const weekday = new Date(wallMs).getUTCDay();
          return each.on.includes(dayNumber) || ((each.weekdays >> weekday) & 1) === 1;
        })
        .map(({ epochMs }) => epochMs);

      expect(
        occurrencesBetween(timing, {
          afterAt: instant(startAt - 1),
          throughAt: instant(endAt),
          limit: 100_000,
        }),
        JSON.stringify(each),
      ).toEqual(byHand);
    }
  });
});
