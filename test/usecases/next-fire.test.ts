import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runIdOf, scheduleName } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { causeKey } from "../../shared/core/run/run.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { writeRun } from "../../shared/records/run-record.ts";
import { readDefinition, writeDefinition } from "../../shared/records/schedule-record.ts";
import { latestRun, nextFireOf } from "../../shared/usecases/next-fire.ts";
import { aConfiguration, aRun, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** What a schedule fires next follows from its timing and its runs: no row says it. */
let world: World;
beforeEach(() => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
});
afterEach(async () => await world.close());

const NIGHTLY = scheduleName("nightly");
const hourly = aTiming({ when: [aCron("0 * * * *")] });

async function next(): Promise<Instant | undefined> {
  const now = world.clock.now();
  return await world.store.snapshot(async (reader) => {
    const record = await readDefinition(reader, NIGHTLY);
    if (record === undefined) throw new Error("nightly is configured");
    const fire = await nextFireOf(reader, record, {
      now,
      latest: await latestRun(reader, NIGHTLY),
    });
    return fire?.nominalAt;
  });
}

describe("the next fire of a schedule", () => {
  it("is its first, and then the one behind its last", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    const first = await next();

    await world.live(2 * HOUR_MS + MINUTE_MS);

    expect(first).toBe(START_AT);
    expect(await next()).toBe(plusMs(START_AT, 3 * HOUR_MS));
  });

  it("is still owed where nothing ticked at its time", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: hourly })] }));
    await world.live(MINUTE_MS);

    await world.advance(3 * HOUR_MS);

    expect(await next()).toBe(plusMs(START_AT, HOUR_MS));
  });

  it("does not follow from runs that somebody asked for, however many there are", async () => {
    await world.apply(
      aConfiguration({ schedules: [aSchedule({ timing: hourly, overlap: "allow" })] }),
    );
    await world.live(MINUTE_MS);
    for (let index = 0; index < 3; index += 1) {
      await world.ask("nightly", `p${index}`);
      await world.live(10 * MINUTE_MS);
    }
    const behindThree = await next();

    await askedAt(limits.firedSearchRows + 5, plusMs(START_AT, 40 * MINUTE_MS));

    expect(behindThree).toBe(plusMs(START_AT, HOUR_MS));
    expect(await next()).toBe(plusMs(START_AT, HOUR_MS));
  });

  it("is one that is owed, though somebody asked for a run since", async () => {
    await world.apply(
      aConfiguration({ schedules: [aSchedule({ timing: hourly, overlap: "allow" })] }),
    );
    await world.live(MINUTE_MS);
    await world.advance(90 * MINUTE_MS);

    await world.ask("nightly", "p1");

    expect(await next()).toBe(plusMs(START_AT, HOUR_MS));
  });

  it("is the first of a new timing, and none that this would have had before", async () => {
    const schedule = aSchedule({ timing: hourly });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await world.live(90 * MINUTE_MS);
    const often = aTiming({ when: [aCron("*/20 * * * *")] });

    await world.apply(aConfiguration({ schedules: [{ ...schedule, timing: often }] }));

    expect(await next()).toBe(plusMs(START_AT, 100 * MINUTE_MS));
  });

  it("is not one of long ago whose run has expired", async () => {
    const yearly = aTiming({ when: [aCron("0 0 20 1 *")] });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: yearly })] }));
    await firedFirst(plusMs(START_AT, -100 * DAY_MS));

    expect(await next()).toBe(plusMs(START_AT, 5 * DAY_MS));
  });

  it("is none where its only time has passed and its run has expired", async () => {
    const once = aTiming({ when: [{ kind: "at", at: "2027-01-15T00:01:00Z", timezone: "UTC" }] });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: once })] }));
    const before = await next();

    await world.clock.advance(100 * DAY_MS);

    expect(before).toBe(plusMs(START_AT, MINUTE_MS));
    expect(await next()).toBeUndefined();
  });
});

describe("a timing that begins at an instant which its schedule has fired before", () => {
  it("goes on behind it, and makes no second run of it", async () => {
    const schedule = aSchedule({ timing: hourly });
    await world.apply(aConfiguration({ schedules: [schedule] }));
    await world.live(59 * MINUTE_MS + 30 * SECOND_MS);
    const halfHourly = aTiming({ when: [aCron("*/30 * * * *")] });

    await world.apply(aConfiguration({ schedules: [{ ...schedule, timing: halfHourly }] }));
    await world.live(45 * MINUTE_MS);

    const minutes = (await world.runs()).map(({ nominalAt }) => (nominalAt - START_AT) / MINUTE_MS);
    expect(minutes).toEqual([0, 60, 90]);
    await expectNothingOwed(world);
  });
});

/** Ended runs that people asked for, by the second from an instant on. */
async function askedAt(count: number, at: Instant): Promise<void> {
  await world.store.transact("asked", async (tx) => {
    for (let index = 0; index < count; index += 1) {
      const cause = { kind: "person", id: `old-${index}` } as const;
      const nominalAt = plusMs(at, index * SECOND_MS);
      const id = runIdOf({ schedule: NIGHTLY, nominalAt }, causeKey(cause));
      const run = aRun({ id, cause, nominalAt, state: "succeeded", finishedAt: nominalAt });
      writeRun(tx, undefined, { run });
    }
    await Promise.resolve();
  });
}

/** As if `nightly` had been applied then, and had fired ever since. */
async function firedFirst(at: Instant): Promise<void> {
  await world.store.transact("long-ago", async (tx) => {
    const record = await readDefinition(tx, NIGHTLY);
    if (record?.firing === undefined) throw new Error("nightly fires");
    const first = { nominalAt: at, effectiveAt: at };
    writeDefinition(tx, { ...record, firing: { ...record.firing, first } });
  });
}
