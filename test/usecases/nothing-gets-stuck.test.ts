import { assert } from "../../shared/core/assert.ts";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { topUp } from "../../shared/core/units/account.ts";
import { readAccount, writeAccount } from "../../shared/records/account-record.ts";
import { isIdle } from "../../shared/usecases/is-idle.ts";
import { aRetry, aConfiguration, aSchedule, aSubscription, PROJECT } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { seededRandom } from "../support/seeded-random.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

/** P3: every live row has a timer row, and the tick alone finishes all work. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const retry = aRetry({ attempts: 2, initialMs: 2 * MINUTE_MS, on: ["failed"] });

/** Runs that wait for a place, fail once, come after another, and are told to somebody. */
async function aBusyHour(): Promise<void> {
  const quarterly = aTiming({ when: [aCron("*/15 * * * *")], until: "2027-01-15T00:50:00" });
  const schedules = [
    aSchedule({ name: "first", timing: quarterly, retry, overlap: "queue-all" }),
    aSchedule({ name: "second", timing: quarterly, overlap: "queue-all" }),
    aSchedule({
      name: "after",
      timing: null,
      after: { second: "finished" },
      overlap: "queue-all",
    }),
  ];
  world.willRun("first", exits(SECOND_MS, 1), exits(SECOND_MS, 1));
  world.alwaysRuns("first", exits(2 * MINUTE_MS));
  world.alwaysRuns("second", exits(3 * MINUTE_MS));
  world.alwaysRuns("after", exits(SECOND_MS));
  const subscriptions = [aSubscription()];
  await world.apply(aConfiguration({ schedules, subscriptions, limits: { concurrentRuns: 1 } }));
}

const ENDS = {
  first: ["failed (exit_code)", "succeeded", "succeeded", "succeeded"],
  second: Array<string>(4).fill("succeeded"),
  after: Array<string>(4).fill("succeeded"),
};

async function expectAllDone(): Promise<void> {
  for (const [schedule, states] of Object.entries(ENDS)) {
    expect(await world.states(schedule)).toEqual(states);
  }
  await expectNothingOwed(world);
}

describe("a busy hour", () => {
  it("ends well when no message is lost", async () => {
    await aBusyHour();

    await world.live(2 * HOUR_MS);

    await expectAllDone();
    expect(world.failures).toEqual([]);
  });

  it("ends the same when every message is lost but those of the tick", async () => {
    await aBusyHour();
    world.loses = ({ sentBy }) => sentBy !== "tick";

    await world.live(3 * HOUR_MS);

    await expectAllDone();
  });

  it("ends the same when two of three messages are lost, whoever sent them", async () => {
    await aBusyHour();
    const chance = seededRandom(7);
    world.loses = () => chance.fraction() < 2 / 3;

    // A run is told to be looked at every ten minutes at the least, and one of three is heard.
    await world.live(8 * HOUR_MS);

    await expectAllDone();
  });

  it("ends the same when the queues are emptied every five minutes", async () => {
    await aBusyHour();

    // A run that lost its message is looked at again within ten minutes or so.
    for (let minute = 0; minute < 300; minute += 5) {
      await world.live(5 * MINUTE_MS);
      world.dropAllMessages();
    }

    await expectAllDone();
  });

  it("ends the same when every message is delivered twice", async () => {
    await aBusyHour();
    const deliverTwice = async (): Promise<void> => {
      for (const timer of await world.timers()) {
        const { kind, ref, dueAt } = timer;
        if (kind === "schedule" || dueAt > world.clock.now()) continue;
        // Nobody calls the API in this hour, so no operation and no job has work left.
        assert(kind !== "operation" && kind !== "job", `a ${kind} has no timer here`);
        await world.message(
          kind,
          JSON.stringify(kind === "notify" ? { delivery: ref } : { run: ref }),
        );
      }
    };

    for (let minute = 0; minute < 120; minute += 1) {
      await world.live(MINUTE_MS / 2);
      await deliverTwice();
      await world.live(MINUTE_MS / 2);
    }

    await expectAllDone();
  });
});

describe("a job that runs for six hours", () => {
  it("is looked at about once a minute, however often it is ticked and hinted at", async () => {
    const hours = 6;
    await world.apply(
      aConfiguration({ schedules: [aSchedule({ timing: null, timeoutMs: 10 * HOUR_MS })] }),
    );
    world.alwaysRuns("nightly", exits(hours * HOUR_MS));
    const run = await world.askRun("nightly", "p1");

    for (let minute = 0; minute < hours * 60 + 2; minute += 1) {
      await world.message("watch", JSON.stringify({ run }));
      await world.live(MINUTE_MS);
    }

    expect(await world.states("nightly")).toEqual(["succeeded"]);
    // One look owed a minute, one for the tick's own message, one for the hint.
    expect(world.executor.polls).toBeLessThan(3 * hours * 60 + 20);
  });
});

describe("a run that waits for hours", () => {
  const penniless = { schedules: [aSchedule({ timing: null })], limits: { balance: 0 } };

  it("is looked at ever more seldom where nobody wakes it, by messages and no tick", async () => {
    await world.apply(aConfiguration(penniless));
    await world.askRun("nightly", "p1");
    await world.live(HOUR_MS);
    const submits = world.calls["submit"] ?? 0;

    await world.live(3 * HOUR_MS);

    expect(submits).toBeLessThan(12);
    expect((world.calls["submit"] ?? 0) - submits).toBe((3 * HOUR_MS) / limits.waitLookMaxMs);
  });

  it("is found by the tick within half an hour where its messages are lost", async () => {
    world.alwaysRuns("nightly", exits(SECOND_MS));
    await world.apply(aConfiguration(penniless));
    const run = await world.askRun("nightly", "p1");
    await world.live(2 * HOUR_MS);
    world.dropAllMessages();
    // As a top up whose wake was lost.
    await world.store.transact("top-up", async (tx) => {
      const { account, entries } = topUp(
        await readAccount(tx, PROJECT),
        { units: 1_000_000, reason: "found" },
        world.clock.now(),
      );
      await writeAccount(tx, account, entries);
    });

    await world.live(limits.waitTimerMaxMs + 2 * MINUTE_MS);

    expect((await world.run(run)).state).toBe("succeeded");
    await expectNothingOwed(world);
  });

  it("is looked at a few times a minute, however often it is woken", async () => {
    const schedules = [
      aSchedule({ name: "long", timing: null, timeoutMs: 10 * HOUR_MS }),
      aSchedule({ name: "quick", timing: null, overlap: "allow" }),
      aSchedule({ name: "blocked", timing: null, overlap: "allow", priority: "low" }),
    ];
    world.alwaysRuns("long", exits(3 * HOUR_MS));
    world.alwaysRuns("blocked", exits(SECOND_MS));
    await world.apply(aConfiguration({ schedules, limits: { concurrentRuns: 1 } }));
    await world.askRun("long", "l");
    await world.deliverAll();
    const blocked = await world.askRun("blocked", "b");

    for (let minute = 0; minute < 170; minute += 1) {
      await world.message("submit", JSON.stringify({ run: blocked }));
      await world.live(MINUTE_MS);
    }

    expect((await world.run(blocked)).reason?.code).toBe("limit_concurrency");
    expect(world.calls["submit"]).toBeLessThan(4 * 170 + 20);
  });
});

describe("a function that fails", () => {
  it("has its work done by the tick, long before its message comes again", async () => {
    world.willRun("nightly", { runMs: SECOND_MS, unavailableStarts: 1 });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    await world.ask("nightly", "p1");

    await world.live(2 * MINUTE_MS);

    expect(world.failures.join()).toContain("No engine takes");
    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });

  it("is not started for ever where its executor is away: its units are free again in time", async () => {
    world.willRun("nightly", { runMs: SECOND_MS, unavailableStarts: Infinity });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    await world.ask("nightly", "p1");

    await world.live(limits.startWithinMs + 2 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["failed (prepare_failed)"]);
    await expectNothingOwed(world);
  });
});

describe("a world at rest", () => {
  it("is idle exactly while nothing lives and nothing is due soon", async () => {
    world.willRun("nightly", exits(10 * MINUTE_MS));
    await world.apply(aConfiguration({ schedules: [aSchedule()] }));
    const idle = async (): Promise<boolean> => await isIdle(world.services, MINUTE_MS);

    const before = await idle();
    await world.live(2.5 * HOUR_MS - MINUTE_MS);
    const due = await idle();
    await world.live(2 * MINUTE_MS);
    const running = await idle();
    await world.live(12 * MINUTE_MS);

    expect([before, due, running, await idle()]).toEqual([true, false, false, true]);
  });
});
