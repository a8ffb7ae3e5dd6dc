import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf, runIdOf, scheduleName, type RunId } from "../../shared/core/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aRetry, aConfiguration, aSchedule, aSubscription, START_AT } from "../support/builders.ts";
import { expectNothingOwed, expectNoStrayExecution, ledgerOf } from "../support/invariants.ts";
import { exits, obeys, resists } from "../support/scripted-executor.ts";
import { stateOf, World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  const retry = aRetry({
    attempts: 2,
    initialMs: 10 * MINUTE_MS,
    on: ["failed", "timedOut", "system"],
  });
  const schedules = [
    aSchedule({ timing: null, retry, overlap: "allow" }),
    aSchedule({ name: "queued-up", timing: null, overlap: "queue-all" }),
  ];
  const subscriptions = [aSubscription({ on: ["run.cancelled"] })];
  await world.apply(aConfiguration({ schedules, subscriptions, limits: { concurrentRuns: 1 } }));
});
afterEach(async () => await world.close());

async function expectCancelled(run: RunId): Promise<void> {
  await world.live(3 * MINUTE_MS);
  expect(stateOf(await world.run(run))).toBe("cancelled (cancelled)");
  expect(world.webhook.types).toEqual(["run.cancelled"]);
  await expectNothingOwed(world);
  await expectNoStrayExecution(world);
}

describe("a run that is cancelled", () => {
  it("ends at once where it is queued", async () => {
    const run = await world.askRun("nightly", "p1");

    expect((await world.cancel(run)).state).toBe("cancelled");

    await expectCancelled(run);
    expect(world.executor.started).toEqual([]);
  });

  it("ends at once where it waits for a limit, and the run behind it is looked at", async () => {
    world.willRun("nightly", exits(HOUR_MS));
    await world.askRun("nightly", "p1");
    await world.deliverAll();
    const waiting = await world.askRun("queued-up", "p2");
    await world.clock.advance(1);
    const behind = await world.askRun("queued-up", "p3");
    await world.deliverAll();
    const before = [stateOf(await world.run(waiting)), stateOf(await world.run(behind))];

    await world.cancel(waiting);
    await world.deliverAll();

    expect(before).toEqual(["waiting (limit_concurrency)", "waiting (overlap)"]);
    expect(stateOf(await world.run(waiting))).toBe("cancelled (cancelled)");
    expect(stateOf(await world.run(behind))).toBe("waiting (limit_concurrency)");
  });

  it("ends at once where it waits for its retry", async () => {
    world.willRun("nightly", exits(SECOND_MS, 1));
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);
    expect(stateOf(await world.run(run))).toBe("waiting (retry)");

    await world.cancel(run);

    await expectCancelled(run);
  });

  it("is asked to end where it runs, and ends with the code it gave", async () => {
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    const asked = await world.cancel(run);

    expect(asked).toMatchObject({ state: "running", cancelRequestedAt: world.clock.now() });
    await expectCancelled(run);
    expect((await world.run(run)).attempts[0]?.end).toMatchObject({ exitCode: 143 });
  });

  it("is killed after its grace where it resists", async () => {
    world.willRun("nightly", resists);
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    await world.cancel(run);

    await expectCancelled(run);
    expect((await world.run(run)).attempts[0]?.end).toMatchObject({ exitCode: 137 });
  });

  it("keeps how it ended by itself where that came first", async () => {
    world.willRun("nightly", exits(30 * SECOND_MS));
    const run = await world.askRun("nightly", "p1");
    await world.deliverAll();
    await world.clock.advance(31 * SECOND_MS);

    await world.cancel(run);
    await world.live(MINUTE_MS);

    expect((await world.run(run)).state).toBe("succeeded");
  });

  it("is not tried again, whatever its end looked like", async () => {
    world.willRun("nightly", exits(30 * SECOND_MS, 1));
    const run = await world.askRun("nightly", "p1");
    await world.deliverAll();
    await world.clock.advance(31 * SECOND_MS);

    await world.cancel(run);
    await world.live(HOUR_MS);

    expect(stateOf(await world.run(run))).toBe("failed (exit_code)");
    expect((await world.run(run)).attempts).toHaveLength(1);
  });

  it("is asked once, however often it is cancelled", async () => {
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    const first = await world.cancel(run);
    const second = await world.cancel(run);

    expect(second.cancelRequestedAt).toBe(first.cancelRequestedAt);
    await expectCancelled(run);
  });
});

describe("a run that is cancelled while it starts", () => {
  /** The process is killed at this call; what was admitted by then is `starting`. */
  async function startKilled(when: "before" | "after"): Promise<RunId> {
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    world.crashPoints.arm(({ name }) => (name === "start" ? when : undefined));
    await world.deliverAll();
    world.crashPoints.arm(() => undefined);
    world.crash();
    expect((await world.run(run)).state).toBe("starting");
    return run;
  }

  it("ends with its units released where nothing of it runs", async () => {
    const run = await startKilled("before");

    await world.cancel(run);

    await expectCancelled(run);
    const { entries } = await ledgerOf(world);
    expect(entries.map((entry) => entry.kind)).toEqual(["hold", "release"]);
  });

  it("is found, stopped and paid for where a start took effect that nobody recorded", async () => {
    const run = await startKilled("after");

    await world.cancel(run);

    await expectCancelled(run);
    const { entries } = await ledgerOf(world);
    expect(entries.map((entry) => entry.kind)).toEqual(["hold", "settle"]);
    const report = await world.executor.poll(attemptIdOf(run, 1));
    expect(report.state).toBe("ended");
  });

  it("is killed where its start took effect only after its end was written", async () => {
    world.willRun("nightly", resists);
    const run = await world.askRun("nightly", "p1");
    // Between a slow start's decision and its effect, another process cancels and gives up.
    const start = world.executor.start.bind(world.executor);
    world.executor.start = async (request) => {
      world.executor.start = start;
      await world.cancel(run);
      await world.deliverAll();
      await start(request);
    };

    await world.deliverAll();

    await expectCancelled(run);
    expect((await world.executor.poll(attemptIdOf(run, 1))).state).toBe("ended");
  });
});

describe("cancelling a run that cannot be cancelled", () => {
  it("is an error that says so where it has ended", async () => {
    world.willRun("nightly", exits(SECOND_MS));
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    await expect(world.cancel(run)).rejects.toMatchObject({ code: "RUN_FINISHED" });
  });

  it("is an error that says so where there is none", async () => {
    const key = { schedule: scheduleName("nightly"), nominalAt: START_AT };

    await expect(world.cancel(runIdOf(key, "nobody"))).rejects.toMatchObject({
      code: "RUN_NOT_FOUND",
    });
  });
});
