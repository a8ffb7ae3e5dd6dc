import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import { readDefinition } from "../../shared/records/schedule-record.ts";
import {
  skipOccurrences,
  unskipOccurrences,
  type Occurrences,
} from "../../shared/usecases/skip-occurrences.ts";
import { pauseSchedule } from "../../shared/usecases/pause-schedule.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  await apply({});
  await world.clock.advance(1);
});
afterEach(async () => await world.close());

const nightly = scheduleName("nightly");
const tenMinutely = aTiming({ when: [aCron("*/10 * * * *")] });

async function apply(fields: Parameters<typeof aSchedule>[0]): Promise<void> {
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: tenMinutely, ...fields })] }));
}

const minute = (minutes: number): Instant => plusMs(START_AT, minutes * MINUTE_MS);
const minutesOf = (fires: readonly { readonly nominalAt: Instant }[]): readonly number[] =>
  fires.map(({ nominalAt }) => (nominalAt - START_AT) / MINUTE_MS);

async function skip(wanted: Occurrences): Promise<readonly number[]> {
  return minutesOf(await skipOccurrences(world.services, nightly, wanted));
}

async function undo(nominalAt?: Instant): Promise<readonly number[]> {
  return minutesOf(await unskipOccurrences(world.services, nightly, nominalAt));
}

const kept = async () =>
  (await world.store.snapshot(async (reader) => await readDefinition(reader, nightly)))?.operator
    ?.skips;

describe("occurrences that are to be left out", () => {
  it("are the next one unless more are asked for, each with its row", async () => {
    expect(await skip({ count: 1 })).toEqual([10]);
    await world.live(35 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual([
      "succeeded",
      "skipped (skip_requested)",
      "succeeded",
      "succeeded",
    ]);
    await expectNothingOwed(world);
  });

  it("are as many as are asked for, however often that is repeated", async () => {
    expect(await skip({ count: 2 })).toEqual([10, 20]);
    expect(await skip({ count: 2 })).toEqual([10, 20]);
    expect(await skip({ count: 1 })).toEqual([10, 20]);
  });

  it("may be one that is named, of any distance", async () => {
    expect(await skip({ nominalAt: minute(30) })).toEqual([30]);
    expect(await skip({ nominalAt: minute(24 * 60) })).toEqual([30, 1440]);
    await world.live(45 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual([
      "succeeded",
      "succeeded",
      "succeeded",
      "skipped (skip_requested)",
      "succeeded",
    ]);
  });

  it("are counted from those that jitter has put off and that are still to come", async () => {
    await apply({ jitterMs: 9 * MINUTE_MS });
    const [first] = await skipOccurrences(world.services, nightly, { count: 1 });
    const [nominalAt, effectiveAt] = [first?.nominalAt ?? 0, first?.effectiveAt ?? 0];
    expect(effectiveAt).toBeGreaterThan(nominalAt);
    await undo();
    // Between its nominal time and the one it is aimed at it has not come.
    await world.clock.advance(nominalAt + 1 - world.clock.now());

    expect((await skipOccurrences(world.services, nightly, { count: 1 }))[0]).toEqual(first);
    await world.clock.advance(effectiveAt - world.clock.now());
    expect((await skip({ count: 1 }))[0]).toBe((nominalAt - START_AT) / MINUTE_MS + 10);
  });

  it("are taken back, all of them or the one that is named", async () => {
    await skip({ count: 3 });

    expect(await undo(minute(20))).toEqual([10, 30]);
    expect(await undo(minute(40))).toEqual([10, 30]);
    expect(await undo()).toEqual([]);
    expect(await kept()).toBeUndefined();
    await world.live(25 * MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["succeeded", "succeeded", "succeeded"]);
  });

  it("include one that the tick claimed ahead, until it is due", async () => {
    await world.live(9.5 * MINUTE_MS);
    expect((await world.states("nightly")).at(-1)).toBe("queued");

    expect(await skip({ count: 1 })).toEqual([10]);
    await world.live(MINUTE_MS);

    expect((await world.states("nightly")).at(-1)).toBe("skipped (skip_requested)");
  });

  it("run where that is taken back while they are claimed and not due yet", async () => {
    await skip({ count: 1 });
    await world.live(9.5 * MINUTE_MS);
    await undo();
    await world.live(MINUTE_MS);

    expect((await world.states("nightly")).at(-1)).toBe("succeeded");
  });

  it("are left out though nothing ticked at their time, and catch-up makes up for the others", async () => {
    await apply({ catchup: { policy: "all", windowMs: DAY_MS }, overlap: "allow" });
    await world.live(5 * MINUTE_MS);
    await skip({ nominalAt: minute(20) });
    await world.clock.advance(30 * MINUTE_MS);

    await world.live(2 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual([
      "succeeded",
      "succeeded",
      "skipped (skip_requested)",
      "succeeded",
    ]);
  });

  it("are not forgotten while they are past and nothing ticked at their time", async () => {
    await apply({ catchup: { policy: "all", windowMs: DAY_MS }, overlap: "allow" });
    await world.live(5 * MINUTE_MS);
    await skip({ count: 1 });
    await world.clock.advance(10 * MINUTE_MS);

    expect(await skip({ count: 1 })).toEqual([20]);
    await world.live(7 * MINUTE_MS);

    expect((await world.states("nightly")).slice(1)).toEqual([
      "skipped (skip_requested)",
      "skipped (skip_requested)",
    ]);
  });

  it("are forgotten once they are past, when somebody asks next", async () => {
    await skip({ count: 2 });
    await world.live(15 * MINUTE_MS);
    expect(await kept()).toHaveLength(2);

    expect(await skip({ nominalAt: minute(50) })).toEqual([20, 50]);
    expect(await kept()).toEqual([minute(20), minute(50)]);
  });

  it("are told as paused where the schedule is paused too", async () => {
    await skip({ count: 1 });
    await pauseSchedule(world.services, nightly, { by: "anna" });
    await world.live(11 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded", "skipped (paused)"]);
  });

  it("still run when a person asks for the schedule", async () => {
    await skip({ count: 1 });
    await world.clock.advance(10 * MINUTE_MS - 1);

    await world.askRun("nightly", "p1");
    await world.live(2 * MINUTE_MS);

    expect((await world.states("nightly")).toSorted()).toEqual([
      "skipped (skip_requested)",
      "succeeded",
      "succeeded",
    ]);
  });
});

describe("occurrences to be left out and the schedules file", () => {
  it("stay left out whatever else is changed", async () => {
    await skip({ count: 2 });

    await apply({ timeoutMs: MINUTE_MS, overlap: "allow", project: "other" });

    expect(await kept()).toEqual([minute(10), minute(20)]);
  });

  it("stay where another timing names them, and go where it does not", async () => {
    await skip({ count: 3 });

    await apply({ timing: aTiming({ when: [aCron("*/20 * * * *")] }) });

    expect(await kept()).toEqual([minute(20)]);
    await apply({ timing: null });
    expect(await kept()).toBeUndefined();
  });
});

describe("occurrences that cannot be left out", () => {
  it.each([
    ["one that the schedule does not name", minute(15), "the next is 2027-01-15T00:20:00Z"],
    ["one that has come", START_AT, "has come already"],
  ])("%s", async (_what, nominalAt, told) => {
    await expect(skip({ nominalAt })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining(told) as string,
      fields: [{ field: "nominal_at" }],
    });
  });

  it("any of a schedule that has no clock", async () => {
    await apply({ timing: null });
    await expect(skip({ count: 1 })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("has no clock") as string,
    });
    expect(await undo()).toEqual([]);
  });

  it("any of a schedule that has ended; of one that ends, those that are left", async () => {
    await apply({
      timing: aTiming({ when: [aCron("*/10 * * * *")], until: "2027-01-15T00:20:00" }),
    });
    expect(await skip({ count: 5 })).toEqual([10, 20]);
    await world.live(21 * MINUTE_MS);

    await expect(skip({ count: 1 })).rejects.toMatchObject({
      message: expect.stringContaining("no time that is still to come") as string,
    });
  });

  it("more at once than are kept", async () => {
    await skip({ count: limits.skipsMax });

    await expect(skip({ nominalAt: minute(60 * 24 * 3) })).rejects.toMatchObject({
      code: "ARGUMENT_INVALID",
      message: expect.stringContaining("orrery pause") as string,
    });
    expect(await kept()).toHaveLength(limits.skipsMax);
  });

  it("any of a schedule that is not configured", async () => {
    await world.apply(aConfiguration({ schedules: [] }));
    await expect(skip({ count: 1 })).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
    await expect(undo()).rejects.toMatchObject({ code: "SCHEDULE_NOT_FOUND" });
  });
});
