import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import type { RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { fire } from "../../shared/usecases/fire.ts";
import { aConfiguration, aSchedule, START_AT } from "../support/builders.ts";
import { expectNoStrayExecution } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World, type WorldOptions } from "../support/world.ts";

/** P1: an occurrence becomes a run exactly once, however the tick behaves. */
const worlds: World[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});

async function aWorld(
  fields: Parameters<typeof aSchedule>[0] = {},
  options: WorldOptions = {},
): Promise<World> {
  const world = new World(options);
  worlds.push(world);
  world.alwaysRuns("nightly", exits(SECOND_MS));
  const timing = aTiming({ when: [aCron("*/10 * * * *")] });
  const schedule = aSchedule({ timing, overlap: "allow", ...fields });
  await world.apply(aConfiguration({ schedules: [schedule] }));
  return world;
}

const nominals = async (world: World): Promise<readonly number[]> =>
  (await world.runs("nightly")).map((run) => (run.nominalAt - START_AT) / MINUTE_MS);

describe("an occurrence", () => {
  it("becomes one run when ticks are duplicated", async () => {
    const world = await aWorld();

    for (let count = 0; count < 5; count += 1) await world.tick();
    await world.deliverAll();
    await world.tick();

    expect(await nominals(world)).toEqual([0]);
    expect(world.executor.started).toHaveLength(1);
  });

  it("becomes one run when ticks run at once", async () => {
    const world = await aWorld();

    await Promise.all([1, 2, 3, 4].map(async () => await world.tick()));
    await world.deliverAll();

    expect(await nominals(world)).toEqual([0]);
    expect(world.executor.started).toHaveLength(1);
    expect(world.failures).toEqual([]);
  });

  it("becomes one run on two platforms over one file", async () => {
    const one = await aWorld();
    const two = await aWorld({}, { path: one.path, seed: 2 });
    const deadlineAt = plusMs(START_AT, HOUR_MS);

    const fired = await Promise.all(
      [one, two, one, two].map(
        async (world) => await fire(world.services, { scope: "due", deadlineAt }),
      ),
    );

    expect(fired.reduce((sum, each) => sum + each.runs, 0)).toBe(1);
    expect(await nominals(two)).toEqual([0]);
  });

  it("becomes one run when the tick is killed between its claim and its message", async () => {
    const world = await aWorld();
    world.crashPoints.arm(({ name }) => (name === "send submit" ? "before" : undefined));

    await world.tick();
    world.crashPoints.arm(() => undefined);
    world.crash();
    await world.live(2 * MINUTE_MS);

    expect(await nominals(world)).toEqual([0]);
    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });

  it("starts at its instant, not when the tick came: the tick looks a minute ahead", async () => {
    const world = await aWorld({ timing: aTiming({ when: [aCron("40 0 * * * *")] }) });

    await world.tick();
    await world.advance(39 * SECOND_MS);
    const before = world.executor.started.length;
    await world.advance(SECOND_MS);

    expect([before, world.executor.started.length]).toEqual([0, 1]);
  });

  it("is made up for when every tick came late", async () => {
    const world = await aWorld();

    await world.advance(35 * MINUTE_MS);
    await world.tick();
    await world.deliverAll();

    expect(await nominals(world)).toEqual([0, 10, 20, 30]);
  });

  it("that is claimed already stays one run when its timing changes", async () => {
    const world = await aWorld();
    await world.tick();

    const timing = aTiming({ when: [aCron("*/5 * * * *")] });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing, overlap: "allow" })] }));
    await world.live(11 * MINUTE_MS);

    expect(await nominals(world)).toEqual([0, 5, 10]);
  });
});

describe("a run that was cancelled ahead of its time", () => {
  it("is not made again when its schedule changes and names that time once more", async () => {
    const world = await aWorld();
    await world.live(9.5 * MINUTE_MS);
    const claimed = (await world.runs("nightly")).at(-1);
    await world.cancel(claimed?.id ?? ("none" as RunId));

    const timing = aTiming({ when: [aCron("*/5 * * * *")] });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing, overlap: "allow" })] }));
    await world.live(2 * MINUTE_MS);

    expect(await nominals(world)).toEqual([0, 10]);
    expect(await world.states("nightly")).toEqual(["succeeded", "cancelled (cancelled)"]);
  });
});

describe("a schedule that owes more than one claim may make", () => {
  it("is caught up by one tick", async () => {
    const world = await aWorld({
      timing: aTiming({ when: [{ kind: "every", everyMs: SECOND_MS, offsetMs: 0 }] }),
      catchup: { policy: "none", windowMs: DAY_MS },
    });
    const owedMs = (2 * limits.occurrencesPerClaim + 100) * SECOND_MS;
    await world.advance(owedMs);
    const deadlineAt = plusMs(world.clock.now(), HOUR_MS);

    const fired = await fire(world.services, { scope: "due", deadlineAt });

    // Both ends of the window are owed, and so is the minute ahead.
    expect(fired).toMatchObject({ runs: owedMs / SECOND_MS + 1 + 60, complete: true });
  });

  it("is gone on with by the next tick where this one has no time left", async () => {
    const world = await aWorld();

    const late = await fire(world.services, { scope: "due", deadlineAt: START_AT });
    await world.tick();

    expect(late).toEqual({ runs: 0, redriven: 0, complete: false });
    expect(await nominals(world)).toEqual([0]);
  });
});

describe("ticks at any instants, some of them killed", () => {
  const ticks = fc.array(
    fc.record({
      gapMs: fc.integer({ min: 0, max: 25 * MINUTE_MS }),
      copies: fc.integer({ min: 1, max: 3 }),
      killedAt: fc.option(fc.integer({ min: 1, max: 8 })),
    }),
    { minLength: 1, maxLength: 8 },
  );

  it("make every occurrence through the last tick one run, and nothing else", async () => {
    await fc.assert(
      fc.asyncProperty(ticks, async (plan) => {
        const world = await aWorld();
        for (const { gapMs, copies, killedAt } of plan) {
          await world.clock.advance(gapMs);
          world.crashPoints.arm(({ number }) => (number === killedAt ? "after" : undefined));
          await Promise.all(Array.from({ length: copies }, async () => await world.tick()));
          if (world.crashPoints.isDown) world.crash();
        }
        world.crashPoints.arm(() => undefined);
        await world.tick();

        const throughMs = world.clock.now() + limits.tickHorizonMs - START_AT;
        const expected = Math.floor(throughMs / (10 * MINUTE_MS)) + 1;
        expect(await nominals(world)).toEqual(Array.from({ length: expected }, (_, n) => n * 10));
        await expectNoStrayExecution(world);
        await world.close();
        worlds.splice(worlds.indexOf(world), 1);
      }),
      { numRuns: 25 },
    );
  });
});
