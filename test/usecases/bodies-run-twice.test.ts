import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aRetry, aConfiguration, aSchedule, aSubscription } from "../support/builders.ts";
import { deliveriesOf, expectNothingOwed, expectNoStrayExecution } from "../support/invariants.ts";
import { rerunningStore } from "../support/rerunning-store.ts";
import { exits, obeys } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** P6: a transaction body may run twice, as a database that found a conflict runs it. */
let world: World;
beforeEach(() => {
  world = new World({ seenStore: rerunningStore });
});
afterEach(async () => await world.close());

const retry = aRetry({ attempts: 2, initialMs: MINUTE_MS, on: ["failed"] });

describe("a life in which every transaction body runs twice", () => {
  it("ends as if each had run once: runs, ledger and notifications", async () => {
    const schedules = [
      aSchedule({ name: "timed", timing: aTiming({ when: [aCron("5 * * * *")] }), retry }),
      aSchedule({ name: "after", timing: null, after: { timed: "succeeded" } }),
      aSchedule({ name: "asked", timing: null }),
    ];
    world.willRun("timed", exits(SECOND_MS, 1));
    for (const { name } of schedules) world.alwaysRuns(name, exits(10 * SECOND_MS));
    const subscriptions = [aSubscription({ on: ["run.succeeded", "run.retried"] })];
    const limits = { balance: 1_000_000, concurrentRuns: 1 };

    await world.apply(aConfiguration({ schedules, subscriptions, limits }));
    await world.ask("asked", "p1");
    await world.message("intake", JSON.stringify({ schedule: "asked", id: "m1" }));
    await world.message("intake", "{");
    await world.live(HOUR_MS);

    expect(await world.states("timed")).toEqual(["succeeded"]);
    expect(await world.states("after")).toEqual(["succeeded"]);
    expect(await world.states("asked")).toContain("succeeded");
    expect(world.failures).toEqual([]);
    expect(await deliveriesOf(world)).toHaveLength(1 + (await succeeded()));
    await expectNothingOwed(world);
    await expectNoStrayExecution(world);
  });

  it("cancels once", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    await world.cancel(run);
    await world.live(MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["cancelled (cancelled)"]);
    await expectNothingOwed(world);
  });
});

async function succeeded(): Promise<number> {
  return (await world.runs()).filter((run) => run.state === "succeeded").length;
}
