import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../../shared/core/ids.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import type { ScheduleDefinition } from "../../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import { forecast, type Forecast } from "../../../shared/usecases/forecast/forecast.ts";
import { aConfiguration, aSchedule, PROJECT } from "../../support/builders.ts";
import { aTiming } from "../../support/timing-builder.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const every = (hours: number, fields: Parameters<typeof aSchedule>[0] = {}): ScheduleDefinition =>
  aSchedule({
    timing: aTiming({ when: [{ kind: "every", everyMs: hours * HOUR_MS, offsetMs: 0 }] }),
    timeoutMs: 10 * MINUTE_MS,
    estimate: { durationMs: 5 * MINUTE_MS },
    ...fields,
  });

/** Five minutes at 4 units a second; and what such a run holds: ten minutes and ten seconds. */
const UNITS = 1_200;
const HELD = 2_440;

async function foreseen(
  schedules: readonly ScheduleDefinition[],
  limits: UnitLimits,
  request: { readonly days?: number; readonly paused?: readonly string[] } = {},
): Promise<Forecast> {
  await world.apply(aConfiguration({ schedules: [...schedules], limits }));
  const { days = 2, paused = [] } = request;
  const services = { ...world.services, clock: world.clock, alarms: world.clock };
  return await forecast(services, { project: PROJECT, days, paused: paused.map(scheduleName) });
}

describe("a forecast", () => {
  it("names the instant at which the first run cannot be paid for any more", async () => {
    const { balanceEndsAt, plannedUnits } = await foreseen([every(1)], {
      balance: 10 * UNITS + HELD - 1,
    });

    // The world begins at midnight, and the occurrence of that very instant is owed.
    expect(balanceEndsAt && formatInstant(balanceEndsAt)).toBe("2027-01-15T10:00:00Z");
    expect(plannedUnits).toBe(10 * UNITS);
  });

  it("is without an end where the balance lasts, and where there is none", async () => {
    const lasting = await foreseen([every(1)], { balance: 48 * UNITS + HELD });
    const without = await foreseen([every(1)], {});

    expect(lasting.balanceEndsAt).toBeUndefined();
    expect(without).toMatchObject({ plannedUnits: 49 * UNITS });
    expect(without.balance).toBeUndefined();
  });

  it("ranks the schedules by what they spend, and says what each would change", async () => {
    const small = every(6, { name: "small" });
    const large = every(1, { name: "large" });
    const { schedules } = await foreseen([small, large], { balance: 12 * UNITS + HELD });

    expect(schedules.map(({ schedule }) => schedule)).toEqual(["large", "small"]);
    const [first, second] = schedules;
    expect(first?.without).toEqual({ isSure: true });
    expect(second?.without?.balanceEndsAt).toBeGreaterThan(0);
  });

  it("leaves out what is to be paused, and those that come after it", async () => {
    const after = aSchedule({ name: "report", timing: null, after: { nightly: "succeeded" } });
    const { schedules, plannedUnits } = await foreseen(
      [every(1), after],
      {},
      { paused: ["nightly"] },
    );

    expect(plannedUnits).toBe(0);
    expect(schedules).toMatchObject([
      { schedule: "nightly", starts: 0, skips: 49 },
      { schedule: "report", starts: 0, skips: 49 },
    ]);
  });

  it("refuses to leave out what is no schedule of the project", async () => {
    await expect(foreseen([every(1)], {}, { paused: ["nightlyy"] })).rejects.toThrow(
      "has no schedule nightlyy",
    );
  });

  it("compares the fullest hour with the limit", async () => {
    const one = every(1, { name: "one" });
    const two = every(2, { name: "two" });
    const { peak, unitsPerHour } = await foreseen([one, two], { unitsPerHour: 20_000 });

    expect(peak.units).toBe(2 * UNITS);
    expect(unitsPerHour).toBe(20_000);
  });

  it("says how long runs wait for the hour, and how many are left waiting", async () => {
    const fields = { overlap: "queue-all", estimate: { durationMs: 10 * MINUTE_MS } } as const;
    const both = ["one", "two"].map((name) => every(1, { name, ...fields }));
    const { schedules } = await foreseen(both, { unitsPerHour: HELD + 1 }, { days: 1 });

    for (const { fires, starts, waits, waiting, longestWaitMs } of schedules) {
      expect(starts + waiting).toBe(fires);
      expect(waits).toBeGreaterThan(5);
      // Half of what comes due fits, so that the last to start has waited for half of the day.
      expect(longestWaitMs).toBeGreaterThan(10 * HOUR_MS);
    }
  });

  it("goes on from the runs that wait and run now", async () => {
    world.alwaysRuns("nightly", { runMs: 5 * MINUTE_MS });
    await world.apply(aConfiguration({ schedules: [every(1)], limits: { balance: 20_000 } }));
    await world.tick();
    await world.advance(SECOND_MS);
    const services = { ...world.services, clock: world.clock, alarms: world.clock };

    const told = await forecast(services, { project: PROJECT, days: 1, paused: [] });

    expect(told.plannedUnits).toBe(Math.floor((20_000 - HELD) / UNITS + 1) * UNITS);
  });

  it("writes nothing", async () => {
    await foreseen([every(1)], { balance: 20_000 });
    const before = JSON.stringify([await world.runs(), await world.timers()]);
    const services = { ...world.services, clock: world.clock, alarms: world.clock };

    await forecast(services, { project: PROJECT, days: 30, paused: [] });

    expect(JSON.stringify([await world.runs(), await world.timers()])).toBe(before);
  });
});
