import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../shared/core/ids.ts";
import { fireAfter } from "../../shared/core/schedule/owed.ts";
import { recordedTiming } from "../../shared/core/schedule/moved-fire.ts";
import { DAY_MS, HOUR_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { formatInstant, plusMs } from "../../shared/core/time/instant.ts";
import {
  readConfiguration,
  writeConfiguration,
} from "../../shared/records/configuration-record.ts";
import {
  fireTimer,
  readDefinition,
  writeDefinition,
} from "../../shared/records/schedule-record.ts";
import { readTimeZones, writeTimeZones } from "../../shared/records/time-zone-record.ts";
import { moveTimer } from "../../shared/records/timer-record.ts";
import type { Applied } from "../../shared/usecases/apply-configuration.ts";
import { diagnose } from "../../shared/usecases/diagnose.ts";
import { findSchedule } from "../../shared/usecases/list-schedules.ts";
import { timeZoneData } from "../../shared/usecases/time-zones/zone-data.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  world.alwaysRuns("utc", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const NIGHTLY = scheduleName("nightly");
const ZONE = "Europe/Berlin";

async function apply(): Promise<Applied> {
  const inBerlin = aTiming({ when: [aCron("30 9 * * *", { timezone: ZONE })] });
  const inUtc = aTiming({ when: [aCron("30 9 * * *")] });
  return await world.apply(
    aConfiguration({
      schedules: [aSchedule({ timing: inBerlin }), aSchedule({ name: "utc", timing: inUtc })],
    }),
  );
}

/**
 * Makes everything as data would have left it by which Berlin's clock is shifted from `shiftAt` on:
 * the record, the next fire and its timer, and the fingerprint of the configuration.
 */
async function applyWithOtherData(shiftMs: number, shiftAt = 0): Promise<void> {
  await apply();
  await world.store.transact("test", async (tx) => {
    const [zones, live, definition] = await Promise.all([
      readTimeZones(tx),
      readConfiguration(tx),
      readDefinition(tx, NIGHTLY),
    ]);
    if (!zones || !live || !definition?.firing || !definition.definition.timing) {
      throw new Error("it was applied");
    }
    const known = zones.zones[ZONE] ?? { offsetMs: 0, changes: [] };
    const shifted =
      shiftAt === 0
        ? {
            offsetMs: known.offsetMs + shiftMs,
            changes: known.changes.map(([at, offset]) => [at, offset + shiftMs] as const),
          }
        : { offsetMs: known.offsetMs, changes: [[shiftAt, known.offsetMs + shiftMs] as const] };
    const recorded = { [ZONE]: shifted };
    writeTimeZones(tx, { ...zones, version: "2001a", zones: recorded });
    writeConfiguration(tx, { ...live, digest: "by other data" });
    const { firing } = definition;
    const timing = recordedTiming(definition.definition.timing, recorded);
    const first = timing && fireAfter(definition.definition, timing, plusMs(START_AT, -1));
    if (first === undefined) throw new Error("it fires");
    writeDefinition(tx, { ...definition, firing: { ...firing, first } });
    moveTimer(
      tx,
      fireTimer(NIGHTLY, firing.first, firing.generation),
      fireTimer(NIGHTLY, first, firing.generation),
    );
  });
}

const times = async (): Promise<readonly string[]> =>
  (await world.runs("nightly")).map(
    ({ nominalAt, state }) => `${formatInstant(nominalAt)} ${state}`,
  );

async function zonesFinding(): Promise<string> {
  const { findings } = await diagnose(world.services);
  const found = findings.find(({ check }) => check === "zones");
  return `${found?.status ?? ""}: ${found?.text ?? ""}`;
}

async function nextFire(): Promise<string> {
  const now = world.clock.now();
  const { next } = await world.store.snapshot(
    async (reader) => await findSchedule(reader, NIGHTLY, now),
  );
  return next === undefined ? "" : formatInstant(next.nominalAt);
}

const day = (days: number): string => formatInstant(plusMs(START_AT, days * DAY_MS)).slice(0, 10);

describe("time zone data", () => {
  it("is recorded with what is applied, and found unchanged", async () => {
    await apply();

    const recorded = await world.store.snapshot(readTimeZones);
    expect(recorded).toMatchObject({ version: timeZoneData(), fromAt: START_AT });
    expect(Object.keys(recorded?.zones ?? {})).toEqual([ZONE]);
    expect(recorded?.zones[ZONE]?.changes).toHaveLength(10);
    expect(await zonesFinding()).toBe(
      `ok: tz data ${timeZoneData()}, as when the configuration was applied; no clock of a schedule differs`,
    );
  });

  it("is asked of no schedule in UTC", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule()] }));

    expect(await world.store.snapshot(readTimeZones)).toBeUndefined();
    expect(await zonesFinding()).toContain("ok: No schedule names a zone but UTC");
  });

  it.each([
    ["earlier", HOUR_MS],
    ["later", -HOUR_MS],
  ])(
    "that moves the next fire from an %s time is told, and moves its timer",
    async (_, shiftMs) => {
      await applyWithOtherData(shiftMs);
      const was = shiftMs > 0 ? "07:30" : "09:30";
      const told = `nightly fires at ${day(0)}T08:30:00Z and not at ${day(0)}T${was}:00Z`;
      expect(await zonesFinding()).toContain(`warning: tz data ${timeZoneData()}, and 2001a`);
      expect(await zonesFinding()).toContain(told);

      const applied = await apply();
      expect(await nextFire()).toBe(`${day(0)}T08:30:00Z`);
      await world.live(2 * DAY_MS);

      expect(applied.moved?.map(({ schedule }) => schedule)).toEqual(["nightly"]);
      expect(
        world.log.filter(({ name }) => name === "schedule.moved").map(({ message }) => message),
      ).toEqual([`${told}: by tz data ${timeZoneData()}, its zone's clock is another one`]);
      expect(await times()).toEqual([
        `${day(0)}T08:30:00Z succeeded`,
        `${day(1)}T08:30:00Z succeeded`,
      ]);
      await expectNothingOwed(world);
      expect(await zonesFinding()).toContain("ok: ");
    },
  );

  it("moves the timer of a schedule that has fired by the other data", async () => {
    await applyWithOtherData(-HOUR_MS);
    await world.live(DAY_MS);

    await apply();
    await world.live(2 * DAY_MS);

    expect((await times()).slice(-2)).toEqual([
      `${day(1)}T08:30:00Z succeeded`,
      `${day(2)}T08:30:00Z succeeded`,
    ]);
    await expectNothingOwed(world);
  });

  it("that moves a fire of years ahead is told, and leaves the timers as they are", async () => {
    await applyWithOtherData(2 * HOUR_MS, START_AT + 3 * 365 * DAY_MS);
    const timers = await world.timers();

    const { moved } = await apply();

    expect(moved).toHaveLength(1);
    expect((moved?.[0]?.was ?? 0) - START_AT).toBeGreaterThan(60 * DAY_MS);
    expect(await world.timers()).toEqual(timers);
  });

  it("that touches no time which a schedule names moves nothing", async () => {
    await apply();
    await world.store.transact("test", async (tx) => {
      const zones = await readTimeZones(tx);
      const known = zones?.zones[ZONE];
      if (zones === undefined || known === undefined) throw new Error("it was applied");
      // The next change comes an hour later: at night, when nothing is named.
      const [[at, offset] = [0, 0], ...rest] = known.changes;
      const changes = [[at + HOUR_MS, offset] as const, ...rest];
      writeTimeZones(tx, { ...zones, zones: { [ZONE]: { ...known, changes } } });
    });

    expect(await zonesFinding()).toContain("ok: ");
    expect(await zonesFinding()).toContain(`the clocks of ${ZONE} differ, and move no fire`);
  });
});
