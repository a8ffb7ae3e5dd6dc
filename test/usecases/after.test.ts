import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aRetry, aConfiguration, aSchedule, aSubscription } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** Schedules that come after others. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const hourly = aTiming({ when: [aCron("0 * * * *")], until: "2027-01-15T00:30:00" });
type Schedules = readonly Parameters<typeof aSchedule>[0][];

async function configure(...given: Schedules): Promise<void> {
  const schedules = given.map((fields) => aSchedule(fields));
  for (const { name } of schedules) world.alwaysRuns(name, exits(SECOND_MS));
  await world.apply(aConfiguration({ schedules, subscriptions: [aSubscription()] }));
}

const load = { name: "load", timing: hourly };
const chain: Schedules = [
  load,
  { name: "train", timing: null, after: { load: "succeeded" } },
  { name: "report", timing: null, after: { train: "succeeded" } },
  { name: "alarm", timing: null, after: { train: "finished" } },
];

describe("schedules without a clock that come after one another", () => {
  it("run in turn, each with the nominal time of the first", async () => {
    await configure(...chain);

    await world.live(10 * MINUTE_MS);

    for (const name of ["load", "train", "report", "alarm"]) {
      expect(await world.states(name)).toEqual(["succeeded"]);
    }
    const nominals = new Set((await world.runs()).map((run) => run.nominalAt));
    expect(nominals.size).toBe(1);
    await expectNothingOwed(world);
  });

  it("have a row each when the first fails: skipped, and on from there by their conditions", async () => {
    world.willRun("load", exits(SECOND_MS, 1));
    await configure(...chain);

    await world.live(10 * MINUTE_MS);

    expect(await world.states("load")).toEqual(["failed (exit_code)"]);
    expect(await world.states("train")).toEqual(["skipped (dependency)"]);
    expect(await world.states("report")).toEqual(["skipped (dependency)"]);
    expect(await world.states("alarm")).toEqual(["succeeded"]);
    expect(world.webhook.types.filter((type) => type === "run.skipped")).toHaveLength(2);
    await expectNothingOwed(world);
  });

  it("have a row each when the first was missed", async () => {
    await configure({ ...load, catchup: { policy: "none", windowMs: DAY_MS } }, ...chain.slice(1));
    await world.clock.advance(HOUR_MS);

    await world.live(10 * MINUTE_MS);

    expect(await world.states("load")).toEqual(["skipped (missed)"]);
    expect(await world.states("train")).toEqual(["skipped (dependency)"]);
    expect(await world.states("report")).toEqual(["skipped (dependency)"]);
    expect(await world.states("alarm")).toEqual(["succeeded"]);
    await expectNothingOwed(world);
  });

  it("have a row each when the first is cancelled before it starts", async () => {
    await configure({ ...load, timing: null }, ...chain.slice(1));
    const run = await world.askRun("load", "p1");

    await world.cancel(run);
    await world.live(MINUTE_MS);

    expect(await world.states("train")).toEqual(["skipped (dependency)"]);
    expect(await world.states("alarm")).toEqual(["succeeded"]);
  });

  it("run once for each run of the first, whoever asked for it", async () => {
    await configure(...chain);
    await world.live(2 * MINUTE_MS);

    await world.ask("load", "p1");
    await world.live(10 * MINUTE_MS);

    expect(await world.states("train")).toEqual(["succeeded", "succeeded"]);
  });
});

describe("a schedule with a clock that comes after another", () => {
  const train = { name: "train", timing: hourly, after: { load: "succeeded" } } as const;

  it("waits for the run of the same occurrence and starts as it ends", async () => {
    world.willRun("load", exits(7 * MINUTE_MS));
    await configure(load, train);

    await world.live(5 * MINUTE_MS);
    const meanwhile = await world.states("train");
    await world.live(5 * MINUTE_MS);

    expect(meanwhile).toEqual(["waiting (dependency)"]);
    expect(await world.states("train")).toEqual(["succeeded"]);
    const [run] = await world.runs("train");
    const [upstream] = await world.runs("load");
    const lagMs = (run?.attempts[0]?.admittedAt ?? 0) - (upstream?.finishedAt ?? 0);
    expect(lagMs).toBeLessThanOrEqual(MINUTE_MS);
  });

  it("is skipped when that run fails", async () => {
    world.willRun("load", exits(SECOND_MS, 1));
    await configure(load, train);

    await world.live(5 * MINUTE_MS);

    expect(await world.states("train")).toEqual(["skipped (dependency)"]);
  });

  it("waits through the retries of that run", async () => {
    const retry = aRetry({ attempts: 2, initialMs: 3 * MINUTE_MS, on: ["failed"] });
    world.willRun("load", exits(SECOND_MS, 1));
    await configure({ ...load, retry }, train);

    await world.live(2 * MINUTE_MS);
    const meanwhile = await world.states("train");
    await world.live(5 * MINUTE_MS);

    expect(meanwhile).toEqual(["waiting (dependency)"]);
    expect(await world.states("train")).toEqual(["succeeded"]);
  });

  it("waits for an occurrence that jitter puts off", async () => {
    await configure({ ...load, jitterMs: 20 * MINUTE_MS }, train);

    await world.live(MINUTE_MS);
    const meanwhile = await world.states("train");
    await world.live(30 * MINUTE_MS);

    expect(meanwhile).toEqual(["waiting (dependency)"]);
    expect(await world.states("train")).toEqual(["succeeded"]);
  });

  it("expires where that run takes longer than its own start deadline", async () => {
    world.willRun("load", exits(20 * MINUTE_MS));
    await configure(load, { ...train, startDeadlineMs: 5 * MINUTE_MS + 20 * SECOND_MS });

    await world.live(5 * MINUTE_MS + 30 * SECOND_MS);

    expect(await world.states("train")).toEqual(["expired (deadline)"]);
  });
});
