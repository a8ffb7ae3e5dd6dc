import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { weekdaysBut } from "../../shared/core/calendar/day-set.ts";
import { scheduleName } from "../../shared/core/ids.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import type { TimingSpec } from "../../shared/core/schedule/timing.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { readDefinition } from "../../shared/records/schedule-record.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const apply = async (fields: Partial<ScheduleDefinition> & { timing: TimingSpec }) => {
  const { name: _, project: __, after: ___, ...rest } = fields;
  return await world.apply(aConfiguration({ schedules: [aSchedule(rest)] }));
};
const hours = async (): Promise<readonly number[]> =>
  (await world.runs("nightly")).map(({ nominalAt }) => (nominalAt - START_AT) / HOUR_MS);
const hourly = aTiming({ when: [aCron("0 * * * *")] });

describe("a schedule with a number of times", () => {
  it("fires that often and ends, and owes nothing then", async () => {
    await apply({ timing: { ...hourly, times: 3 } });

    await world.live(6 * HOUR_MS);

    expect(await hours()).toEqual([0, 1, 2]);
    await expectNothingOwed(world);
  });

  it("counts on where it is applied again, whatever else changes in it", async () => {
    await apply({ timing: { ...hourly, times: 3 } });
    await world.live(1.5 * HOUR_MS);

    const again = await apply({ timing: { ...hourly, times: 3 } });
    const changed = await apply({ timing: { ...hourly, times: 3 }, priority: "high" });
    await world.live(6 * HOUR_MS);

    expect([again.unchanged, changed.changed]).toEqual([1, ["nightly"]]);
    expect(await hours()).toEqual([0, 1, 2]);
  });

  it("does not begin again once it has ended, but with another timing it does", async () => {
    await apply({ timing: { ...hourly, times: 1 } });
    await world.live(2.5 * HOUR_MS);

    await apply({ timing: { ...hourly, times: 1 }, priority: "high" });
    await world.live(2 * HOUR_MS);
    const ended = await hours();
    await apply({ timing: { ...hourly, times: 2 } });
    await world.live(4 * HOUR_MS);

    expect(ended).toEqual([0]);
    expect(await hours()).toEqual([0, 5, 6]);
  });

  it("counts occurrences that were missed", async () => {
    await apply({ timing: { ...hourly, times: 3 }, catchup: { policy: "none", windowMs: DAY_MS } });
    await world.advance(1.5 * HOUR_MS);
    await world.live(5 * HOUR_MS);

    expect(await hours()).toEqual([0, 1, 2]);
    expect((await world.runs("nightly")).map(({ state }) => state)).toEqual([
      "skipped",
      "skipped",
      "succeeded",
    ]);
  });
});

describe("a schedule on the days of a calendar", () => {
  const daily = (off: readonly number[]): TimingSpec => ({
    ...aTiming({
      when: [{ kind: "cron", expression: "0 12 * * *", timezone: "UTC", days: { calendar: 0 } }],
    }),
    calendars: [weekdaysBut(0b111_1111, { off: new Set(off), on: new Set() })],
  });
  const today = Math.floor(START_AT / DAY_MS);

  it("fires on those alone, and begins anew where the calendar changes", async () => {
    await apply({ timing: daily([today + 1]) });
    await world.live(2.9 * DAY_MS);
    const before = await hours();

    const applied = await apply({ timing: daily([today + 1, today + 3]) });
    await world.live(2 * DAY_MS);

    expect(before.map((hour) => Math.floor(hour / 24))).toEqual([0, 2]);
    expect(applied.changed).toEqual(["nightly"]);
    expect((await hours()).map((hour) => Math.floor(hour / 24))).toEqual([0, 2, 4]);
    await expectNothingOwed(world);
  });
});

describe("a staggered schedule", () => {
  it("starts its runs so much later than their nominal time", async () => {
    await apply({ timing: hourly, stagger: { offsetMs: 7 * MINUTE_MS } });
    await world.live(2.5 * HOUR_MS);

    const runs = await world.runs("nightly");
    expect(runs.map((run) => run.effectiveAt - run.nominalAt)).toEqual(
      runs.map(() => 7 * MINUTE_MS),
    );
    expect(runs.map((run) => (run.attempts[0]?.startedAt ?? 0) - run.nominalAt)).toEqual(
      runs.map(() => expect.closeTo(7 * MINUTE_MS, -4) as number),
    );
    expect(await hours()).toEqual([0, 1, 2]);
  });

  it("begins anew where its offset is another one, and not where only its window is", async () => {
    await apply({ timing: hourly, stagger: { offsetMs: MINUTE_MS, windowMs: HOUR_MS } });
    const generation = async (): Promise<string | undefined> =>
      (
        await world.store.snapshot(
          async (reader) => await readDefinition(reader, scheduleName("nightly")),
        )
      )?.firing?.generation;
    const first = await generation();

    await apply({ timing: hourly, stagger: { offsetMs: MINUTE_MS, windowMs: 2 * HOUR_MS } });
    const second = await generation();
    await apply({ timing: hourly, stagger: { offsetMs: 2 * MINUTE_MS, windowMs: HOUR_MS } });

    expect(second).toBe(first);
    expect(await generation()).not.toBe(first);
  });
});
