// One file, because every figure of spending is held against the same fold of all entries.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import {
  formatInstant,
  parseInstant,
  plusMs,
  type Instant,
} from "../../../shared/core/time/instant.ts";
import type { Entry } from "../../../shared/core/units/ledger.ts";
import type { SpendingSums } from "../../../shared/core/units/spending.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { readOutlooks } from "../../../shared/records/outlook-record.ts";
import { lookAhead } from "../../../shared/usecases/outlook/look-ahead.ts";
import { projectSpending, type SpendingQuery } from "../../../shared/usecases/project-spending.ts";
import { projectUsage } from "../../../shared/usecases/project-usage.ts";
import { settleWork } from "../../support/settled-work.ts";
import { spendingByFold, type Sums } from "../../support/spending-by-fold.ts";
import { countingStore } from "../../support/counting-store.ts";
import { at } from "../../support/timing-builder.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const DEMO = projectId("demo");

async function look(project = DEMO): Promise<boolean> {
  const stopAt = plusMs(world.clock.now(), MINUTE_MS);
  return await lookAhead(world.services, { project, steps: [], stopAt });
}

async function spending(query: Partial<SpendingQuery> = {}): Promise<SpendingSums> {
  return await projectSpending(world.services, { project: DEMO, step: "day", ...query });
}

/** Steps in which something ended, by how their beginning is written; and spenders. */
function shown({ steps, schedules, units }: SpendingSums, step: "hour" | "day") {
  const chars = step === "hour" ? 13 : 10;
  const busy = steps.filter(({ executions }) => executions > 0);
  return {
    units,
    steps: Object.fromEntries(
      busy.map(({ beginsAt, ...sum }) => [
        formatInstant(beginsAt).slice(0, chars),
        [sum.units, sum.executions],
      ]),
    ) as Sums,
    schedules: Object.fromEntries(
      schedules.map(({ schedule, units: spent, executions }) => [
        schedule === "" ? "(callers)" : schedule,
        [spent, executions],
      ]),
    ) as Sums,
  };
}

/** Until when the clock of a world stands at an instant. */
async function untilIts(instant: Instant): Promise<void> {
  await world.clock.advance(instant - world.clock.now());
}

const everything = { from: "1970", until: "9999", step: "day" } as const;

describe("what a project spent", () => {
  const work = fc.record({
    schedule: fc.constantFrom("nightly", "hourly", "constructor", null),
    gapMs: fc.oneof(
      { weight: 3, arbitrary: fc.integer({ min: 0, max: 3 * HOUR_MS }) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 9 * DAY_MS }) },
      { weight: 1, arbitrary: fc.constantFrom(0, 1, HOUR_MS, DAY_MS) },
    ),
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: -999, max: 30 * HOUR_MS })),
    units: fc.integer({ min: 0, max: 20_000 }),
    heldUnits: fc.integer({ min: 0, max: 25_000 }),
  });
  const happening = fc.oneof(
    { weight: 4, arbitrary: work },
    { weight: 1, arbitrary: fc.constant("look" as const) },
  );
  const begins = fc.constantFrom(
    "2027-02-26T22:00:00Z",
    "2028-02-28T22:00:00Z",
    "2027-12-30T12:00:00Z",
    "2027-03-27T00:30:00Z",
  );

  it("is right to the unit at any moment, whenever its outlooks were made", async () => {
    let projects = 0;
    await fc.assert(
      fc.asyncProperty(
        begins,
        fc.array(happening, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 0, max: 25 * HOUR_MS }),
        async (begin, happenings, cutMs) => {
          projects += 1;
          const project = projectId(`project-${projects}`);
          const entries: Entry[] = [];
          let endedAt = at(begin);
          for (const each of happenings) {
            if (each === "look") {
              await look(project);
              continue;
            }
            const { gapMs, ...rest } = each;
            endedAt = plusMs(endedAt, gapMs);
            entries.push(...(await settleWork(world.store, project, [{ ...rest, endedAt }])));
          }
          const last = Math.max(endedAt, ...entries.map((entry) => entry.at));
          const services = {
            ...world.services,
            clock: { now: () => last as Instant, monotonicMs: () => 0 },
          };

          for (const step of ["hour", "day"] as const) {
            const longMs = step === "hour" ? limits.spendingHoursMs : limits.spendingDaysMs;
            const fromAt = Math.max(at(begin) + cutMs, last - longMs + HOUR_MS) as Instant;
            if (fromAt > last) continue;
            const found = await projectSpending(services, { project, step, fromAt });
            const from = formatInstant(fromAt);
            const until = new Date(last).toISOString();
            expect(shown(found, step)).toEqual(spendingByFold(entries, { from, until, step }));
          }

          const usage = await projectUsage(
            { ...services, log: world.services.log, provider: undefined },
            project,
          );
          const now = new Date(last).toISOString();
          const ofDay = spendingByFold(entries, { from: now, until: now, step: "day" });
          const inMonth = {
            from: `${now.slice(0, 7)}-01`,
            until: `${now.slice(0, 7)}-31`,
            step: "day",
          } as const;
          expect(usage.spentTodayUnits).toBe(ofDay.units);
          expect(usage.spentMonthUnits).toBe(spendingByFold(entries, inMonth).units);
        },
      ),
      { numRuns: 40 },
    );
  });

  it("has a step for each hour or day, also where nothing ended", async () => {
    await untilIts(at("2028-03-01T00:30:00Z"));
    await settleWork(world.store, DEMO, [
      { schedule: "nightly", endedAt: at("2028-02-28T23:59:59Z"), units: 7 },
      { schedule: "nightly", endedAt: at("2028-03-01T00:00:00Z"), units: 5 },
    ]);

    const days = await spending({ fromAt: at("2028-02-28T12:00:00Z") });
    const hours = await spending({ fromAt: at("2028-02-28T22:59:59Z"), step: "hour" });

    expect(days.steps).toEqual([
      { beginsAt: at("2028-02-28T00:00:00Z"), units: 7, executions: 1 },
      { beginsAt: at("2028-02-29T00:00:00Z"), units: 0, executions: 0 },
      { beginsAt: at("2028-03-01T00:00:00Z"), units: 5, executions: 1 },
    ]);
    expect(hours.steps).toHaveLength(27);
    expect(hours.steps[1]).toEqual({
      beginsAt: at("2028-02-28T23:00:00Z"),
      units: 7,
      executions: 1,
    });
    expect(hours.steps[26]).toEqual({
      beginsAt: at("2028-03-01T00:00:00Z"),
      units: 5,
      executions: 1,
    });
  });

  it("is that of the last 30 days unless somebody says from when, and never of what lies ahead", async () => {
    await untilIts(at("2027-03-10T12:00:00Z"));

    const preset = await spending();
    const ahead = await spending({
      fromAt: at("2027-03-09T00:00:00Z"),
      untilAt: at("2027-12-01T00:00:00Z"),
    });

    expect(preset.steps.at(0)?.beginsAt).toBe(at("2027-02-08T00:00:00Z"));
    expect(preset.steps.at(-1)?.beginsAt).toBe(at("2027-03-10T00:00:00Z"));
    expect(ahead.steps).toHaveLength(2);
  });

  it("leaves out a step that only begins where the stretch ends", async () => {
    await untilIts(at("2027-03-10T12:00:00Z"));
    const stretch = { fromAt: at("2027-03-08T00:00:00Z"), untilAt: at("2027-03-10T00:00:00Z") };

    expect((await spending(stretch)).steps).toHaveLength(2);
  });

  it.each([
    [
      "that ends before it begins",
      { fromAt: "2027-03-09T00:00:01Z", untilAt: "2027-03-09T00:00:00Z" },
    ],
    ["that lies ahead", { fromAt: "2027-03-11T00:00:00Z" }],
    ["of more than 366 days", { fromAt: "2026-03-09T11:59:59Z" }],
    ["of more than 31 days by the hour", { fromAt: "2027-02-07T11:59:59Z", step: "hour" as const }],
  ])(
    "is not told of a stretch %s",
    async (
      _,
      {
        fromAt,
        untilAt,
        step = "day",
      }: { fromAt: string; untilAt?: string; step?: "hour" | "day" },
    ) => {
      await untilIts(at("2027-03-10T12:00:00Z"));
      const until = untilAt === undefined ? {} : { untilAt: parseInstant(untilAt) };

      await expect(
        spending({ fromAt: parseInstant(fromAt), ...until, step }),
      ).rejects.toMatchObject({
        code: "ARGUMENT_INVALID",
        fields: [{ field: "from" }],
      });
    },
  );

  it("counts on the day it was settled what is paid for into the next one", async () => {
    await untilIts(at("2027-03-10T12:00:00Z"));
    const work = { schedule: "nightly", endedAt: at("2027-03-10T00:00:00.400Z"), units: 5 };
    await settleWork(world.store, DEMO, [{ ...work, lateMs: -500 }]);

    const { steps } = await spending({ fromAt: at("2027-03-09T00:00:00Z") });

    expect(steps.map(({ units }) => units)).toEqual([5, 0]);
  });

  it.each(["one by one", "at once"])(
    "of a month has nothing in it of the month before, which was settled late: looked at %s",
    async (how) => {
      await untilIts(at("2027-03-01T12:00:00Z"));
      const works = [
        { schedule: "first", endedAt: at("2027-03-01T00:00:00Z"), units: 5 },
        { schedule: "late", endedAt: at("2027-02-28T23:59:59Z"), lateMs: HOUR_MS, units: 7 },
        { schedule: "first", endedAt: at("2027-03-01T02:00:00Z"), units: 11 },
      ];
      for (const work of works) {
        await settleWork(world.store, DEMO, [work]);
        if (how === "one by one") await look();
      }
      if (how === "at once") await look();

      const usage = await projectUsage(world.services, DEMO);

      expect(usage.spentMonthUnits).toBe(16);
      expect(usage.spentTodayUnits).toBe(16);
      expect((await spending()).units).toBe(23);
    },
  );

  it("names the first schedules of a day, and counts the others together, swept or not", async () => {
    const many = limits.spendingSchedules + 3;
    const name = (index: number): string => `s-${String(index).padStart(4, "0")}`;
    const works = Array.from({ length: many }, (_, index) => ({
      schedule: name(index),
      endedAt: plusMs(at("2027-01-14T00:00:00Z"), index * SECOND_MS),
      units: 1 + index,
    }));
    const again = plusMs(at("2027-01-14T12:00:00Z"), 0);
    await settleWork(world.store, DEMO, works.slice(0, many - 1));
    await look();
    await settleWork(world.store, DEMO, [
      ...works.slice(many - 1),
      { schedule: name(0), endedAt: again, units: 100 },
      { schedule: name(many - 2), endedAt: again, units: 200 },
    ]);

    const before = await spending();
    await look();
    const after = await spending();

    expect(after).toEqual(before);
    const of = (schedule: string) => before.schedules.find((each) => each.schedule === schedule);
    expect(before.schedules).toHaveLength(limits.spendingSchedules + 1);
    expect(of(name(0))).toMatchObject({ units: 101, executions: 2 });
    expect(of("*")).toMatchObject({ units: 201 + 202 + 203 + 200, executions: 4 });
  });
});

describe("a ledger that is longer than one transaction adds up", () => {
  it("is added up in several, each work once", async () => {
    const works = Array.from({ length: limits.rollUpEntries / 2 + 200 }, (_, index) => ({
      schedule: "often",
      endedAt: plusMs(at("2027-01-10T00:00:00Z"), index * MINUTE_MS),
      units: 3,
    }));
    const entries = await settleWork(world.store, DEMO, works);

    expect(await look()).toBe(true);

    const [outlook] = await world.store.snapshot(
      async (reader) => await readOutlooks(reader, [DEMO]),
    );
    expect(outlook?.seq).toBe(entries.length);
    expect((await spending()).units).toBe(3 * works.length);
    expect(shown(await spending(), "day")).toEqual(spendingByFold(entries, everything));
  });

  it("is cut where it comes to more days than one transaction writes", async () => {
    const works = Array.from({ length: limits.rollUpDays + 5 }, (_, index) => ({
      schedule: "daily",
      endedAt: plusMs(at("2026-11-01T12:00:00Z"), index * DAY_MS),
      units: 3,
    }));
    await settleWork(world.store, DEMO, works);
    let writes = 0;
    world.crashPoints.arm(({ name }) => {
      if (name === "transact outlook") writes += 1;
      return undefined;
    });

    expect(await look()).toBe(true);

    expect(writes).toBe(2);
    expect((await spending({ fromAt: at("2026-11-01T00:00:00Z") })).units).toBe(3 * works.length);
  });
});

describe("a ledger of ten thousand entries", () => {
  /** Rows that a question is answered from. */
  async function rowsFor(question: (store: Store) => Promise<unknown>): Promise<number> {
    let rows = 0;
    await question(countingStore(world.store, (read) => (rows += read)));
    return rows;
  }

  it("is answered from a row for each day, once it is added up", async () => {
    await untilIts(at("2027-03-30T23:59:00Z"));
    const works = Array.from({ length: 5_000 }, (_, index) => ({
      schedule: `s-${index % 7}`,
      endedAt: plusMs(at("2027-03-01T00:00:00Z"), index * 8 * MINUTE_MS),
      units: 1 + (index % 100),
    }));
    await settleWork(world.store, DEMO, works);
    const month = async (store: Store) => {
      const fromAt = at("2027-03-01T00:00:00Z");
      const clock = world.clock;
      return await projectSpending({ store, clock }, { project: DEMO, step: "day", fromAt });
    };
    const usage = async (store: Store) => await projectUsage({ ...world.services, store }, DEMO);

    const before = { month: await rowsFor(month), sums: await month(world.store) };
    await look();

    expect(before.month).toBeGreaterThanOrEqual(10_000 / limits.accountTailEntries);
    // The account and the outlook, and behind them the days of a month, or today's.
    expect(await rowsFor(month)).toBe(2 + 28);
    expect(await rowsFor(usage)).toBeLessThanOrEqual(3);
    expect(await month(world.store)).toEqual(before.sums);
    expect(before.sums.units).toBe(works.reduce((sum, { units }) => sum + units, 0));
  });
});
