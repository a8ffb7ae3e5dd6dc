import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf, type RunId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { aConfiguration, aJob, aRetry, aSchedule } from "../support/builders.ts";
import { expectNothingOwed } from "../support/invariants.ts";
import { exits, obeys } from "../support/scripted-executor.ts";
import { stateOf, World } from "../support/world.ts";

/** Executions of an engine that keeps no limits and tells nobody when something ends. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const TIMEOUT_MS = 20 * MINUTE_MS;
const GRACE_MS = 2 * MINUTE_MS;
const graceful = { signal: "SIGTERM", timeoutMs: GRACE_MS } as const;

async function asked(schedule: Parameters<typeof aSchedule>[0] = {}): Promise<RunId> {
  const work = aJob({ gracefulShutdown: graceful });
  const fields = { timing: null, timeoutMs: TIMEOUT_MS, work, ...schedule };
  await world.apply(aConfiguration({ schedules: [aSchedule(fields)] }));
  const run = await world.askRun("nightly", "1");
  await world.deliverAll();
  return run;
}

function ranMs(run: RunId): number {
  const { startedAt, endedAt } = world.executor.ranOf(attemptIdOf(run, 1));
  return endedAt - startedAt;
}

describe("an execution elsewhere that runs too long", () => {
  it("is asked to end at its soft limit, to the second", async () => {
    world.willRun("nightly", { ...obeys, isElsewhere: true });
    const run = await asked();

    await world.advance(HOUR_MS);

    expect(stateOf(await world.run(run))).toMatch(/^timedOut/);
    expect(ranMs(run)).toBe(TIMEOUT_MS);
    await expectNothingOwed(world);
  });

  it("is killed at its hard limit where it goes on", async () => {
    world.willRun("nightly", { runMs: Infinity, isElsewhere: true });
    const run = await asked();

    await world.advance(HOUR_MS);

    expect(stateOf(await world.run(run))).toMatch(/^timedOut/);
    // Half a second before, so that the last paid second is not overrun.
    expect(ranMs(run)).toBe(TIMEOUT_MS + GRACE_MS - limits.killLagMs);
  });

  it("is ended by its timer where every message about it is lost", async () => {
    world.willRun("nightly", { runMs: Infinity, isElsewhere: true });
    const run = await asked();
    await world.advance(MINUTE_MS);
    world.dropAllMessages();

    for (let minute = 0; minute < 40; minute += 1) {
      await world.tick();
      // What the tick sends arrives, and nothing that follows from it.
      await world.advance(limits.timerGraceMs);
      world.dropAllMessages();
      await world.advance(MINUTE_MS - limits.timerGraceMs);
    }

    expect(stateOf(await world.run(run))).toMatch(/^timedOut/);
    // The next tick, and what spreads the looks of one tick.
    const latestMs = TIMEOUT_MS + GRACE_MS + MINUTE_MS + limits.timerGraceMs;
    expect(ranMs(run)).toBeLessThanOrEqual(latestMs);
  });

  it("counts from when it started, however long its machine took", async () => {
    world.willRun("nightly", { ...obeys, prepareMs: 5 * MINUTE_MS, isElsewhere: true });
    const run = await asked();

    await world.advance(HOUR_MS);

    expect(ranMs(run)).toBeLessThanOrEqual(TIMEOUT_MS + SECOND_MS);
    expect(ranMs(run)).toBeGreaterThanOrEqual(TIMEOUT_MS);
  });
});

describe("an attempt for which there is no machine", () => {
  it("is tried again where the policy names capacity, and holds nothing meanwhile", async () => {
    world.willRun("nightly", { runMs: 0, noCapacity: "no g1.1 is free" }, exits(SECOND_MS));
    const run = await asked({ retry: aRetry({ on: ["capacity"] }) });

    expect(stateOf(await world.run(run))).toBe("waiting (retry)");
    await world.live(HOUR_MS);

    expect(stateOf(await world.run(run))).toBe("succeeded");
    await expectNothingOwed(world);
  });

  it("fails with the reason where it does not", async () => {
    world.willRun("nightly", { runMs: 0, noCapacity: "no g1.1 is free" });
    const run = await asked({ retry: aRetry({ on: ["failed", "system"] }) });

    expect(stateOf(await world.run(run))).toBe("failed (no_capacity)");
  });
});
