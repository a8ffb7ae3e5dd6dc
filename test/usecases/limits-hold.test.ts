// Longer than most: every limit, alone and together, and who may go on when one is raised.
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AnyJson } from "../../shared/core/json.ts";
import { projectId, type RunId } from "../../shared/core/ids.ts";
import { limits as ceilings } from "../../shared/core/limits.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { PRIORITIES } from "../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import { setUnitBalance } from "../../shared/usecases/projects/set-unit-balance.ts";
import { projectUsage } from "../../shared/usecases/project-usage.ts";
import { aConfiguration, aJob, aSchedule, PROJECT, START_AT } from "../support/builders.ts";
import {
  expectLedgerAddsUp,
  expectNoOvershoot,
  expectNothingOwed,
  ledgerOf,
} from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { stateOf, World } from "../support/world.ts";

/** P4: at no instant is more spent or held than the limits allow, and whoever waits gets its turn. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const untimed = (name: string, fields: Parameters<typeof aSchedule>[0] = {}) =>
  aSchedule({ name, timing: null, overlap: "allow", ...fields });

/** Ten minutes and ten seconds of grace at 4 units a second. */
const TEN_MINUTES = { timeoutMs: 10 * MINUTE_MS };
const TEN_MINUTES_UNITS = (10 * 60 + 10) * 4;

async function configure(given: UnitLimits, schedules = [untimed("small", TEN_MINUTES)]) {
  for (const { name } of schedules) world.alwaysRuns(name, exits(5 * MINUTE_MS));
  await world.apply(aConfiguration({ schedules, limits: given }));
}

async function ask(count: number, schedule = "small"): Promise<readonly RunId[]> {
  const runs: RunId[] = [];
  for (let n = 0; n < count; n += 1) runs.push(await world.askRun(schedule, `${schedule}-${n}`));
  await world.deliverAll();
  // All are of one age, so they go in the order of their ids.
  return runs.toSorted();
}

describe("runs that ask for more than their project allows at once", () => {
  it("run so many at a time as concurrentRuns says, and all of them in the end", async () => {
    await configure({ concurrentRuns: 2 });
    await ask(5);

    const atFirst = await world.states("small");
    await world.live(20 * MINUTE_MS);

    expect(atFirst.filter((state) => state === "running")).toHaveLength(2);
    expect(atFirst.filter((state) => state === "waiting (limit_concurrency)")).toHaveLength(3);
    expect(await world.states("small")).toEqual(Array(5).fill("succeeded"));
    await expectNoOvershoot(world);
    await expectNothingOwed(world);
  });

  it("start as soon as a place is free, not at their next look", async () => {
    await configure({ concurrentRuns: 1 });
    const [, second] = await ask(2);

    // The first ends after five minutes and is looked at three seconds later.
    await world.advance(5 * MINUTE_MS + 3 * SECOND_MS);

    expect((await world.run(second as RunId)).state).toBe("running");
  });

  it("wait for the hour until what runs can no longer fill it", async () => {
    await configure({ unitsPerHour: 2 * TEN_MINUTES_UNITS });
    const runs = await ask(3);

    const waiting = await world.run(runs[2] as RunId);
    await world.live(3 * HOUR_MS);

    expect(stateOf(waiting)).toBe("waiting (limit_hour)");
    expect(waiting.nextEligibleAt).toBeGreaterThan(plusMs(START_AT, HOUR_MS));
    expect(await world.states("small")).toEqual(Array(3).fill("succeeded"));
    await expectNoOvershoot(world);
  });

  it("start before the instant they were told where work ends cheaper than it might", async () => {
    await configure({ unitsPerHour: 2 * TEN_MINUTES_UNITS });
    const [, , third] = await ask(3);

    // Both spend half of what they hold, so half of the hour is free again.
    await world.live(7 * MINUTE_MS);

    expect((await world.run(third as RunId)).state).toBe("running");
    await expectNoOvershoot(world);
  });

  it("spend a balance and not a unit more, and then wait for a top up", async () => {
    const cost = 5 * 60 * 4;
    await configure({ balance: TEN_MINUTES_UNITS + 2 * cost, concurrentRuns: 1 });
    await ask(4);

    await world.live(HOUR_MS);

    const states = await world.states("small");
    expect(states.filter((state) => state === "succeeded")).toHaveLength(3);
    expect(states.filter((state) => state === "waiting (limit_balance)")).toHaveLength(1);
    const { account } = await ledgerOf(world);
    expect(account).toMatchObject({ balance: TEN_MINUTES_UNITS - cost, held: 0 });
    await expectNoOvershoot(world);
  });

  it("go on within a minute of the balance being raised, however long they have waited", async () => {
    await configure({ balance: TEN_MINUTES_UNITS - 1 });
    const [only] = await ask(1);
    await world.live(HOUR_MS);
    const before = stateOf(await world.run(only as RunId));

    const balance = { project: PROJECT, units: TEN_MINUTES_UNITS, response: {} as AnyJson };
    await setUnitBalance(world.services, { ...balance, caller: { kind: "platform" } });
    await world.live(MINUTE_MS + 2 * SECOND_MS);

    expect(before).toBe("waiting (limit_balance)");
    expect((await world.run(only as RunId)).state).toBe("running");
  });

  it("go on within a minute of the limit being raised, whatever they were told before", async () => {
    await configure({ unitsPerHour: TEN_MINUTES_UNITS });
    const [, second] = await ask(2);
    await world.live(MINUTE_MS);
    const before = stateOf(await world.run(second as RunId));

    await world.apply(
      aConfiguration({
        schedules: [untimed("small", TEN_MINUTES)],
        limits: { unitsPerHour: 3 * TEN_MINUTES_UNITS },
      }),
    );
    await world.live(MINUTE_MS);

    expect(before).toBe("waiting (limit_hour)");
    expect((await world.run(second as RunId)).state).toBe("running");
  });
});

describe("a project whose limit is full", () => {
  it("delays no other project's run, however many of its own wait (P7)", async () => {
    const elsewhere = untimed("elsewhere", { ...TEN_MINUTES, project: projectId("other") });
    await configure({ concurrentRuns: 1 }, [untimed("small", TEN_MINUTES), elsewhere]);
    await ask(30);

    const [run] = await ask(1, "elsewhere");

    expect((await world.states("small")).filter((state) => state === "running")).toHaveLength(1);
    expect((await world.run(run as RunId)).state).toBe("running");
  });
});

describe("an execution under unitsPerExecution", () => {
  it("is stopped before it costs more than it held", async () => {
    world.alwaysRuns("endless", { runMs: Infinity });
    const schedules = [untimed("endless", { timeoutMs: 10 * HOUR_MS })];
    await configure({ unitsPerExecution: 2_000 }, schedules);
    world.alwaysRuns("endless", { runMs: Infinity });
    await ask(1, "endless");

    await world.live(20 * MINUTE_MS);

    expect(await world.states("endless")).toEqual(["timedOut (timeout)"]);
    const { entries } = await ledgerOf(world);
    const settled = entries.find((entry) => entry.kind === "settle");
    expect(settled?.units).toBeLessThanOrEqual(2_000);
    await expectNoOvershoot(world);
  });

  it("is refused where not even one second fits", async () => {
    await configure({ unitsPerExecution: 3 });
    await ask(1);

    expect(await world.states("small")).toEqual(["refused (limit_execution)"]);
  });

  it("is paid for as the instance it really got", async () => {
    const job = aJob({ instanceTypes: ["c1.4", "c1.8"] });
    await configure({ balance: 100_000 }, [untimed("small", { work: job })]);
    world.willRun("small", { runMs: 10 * SECOND_MS, instanceType: "c1.4" });
    await ask(1);

    await world.live(MINUTE_MS);

    const [attempt] = (await world.onlyRun("small")).attempts;
    expect(attempt).toMatchObject({ rate: 8, end: { unitsSettled: 40 } });
  });
});

describe("whoever waits for a place", () => {
  /** Asks for one run of each schedule while the only place is taken, in this order. */
  async function line(order: readonly string[]): Promise<readonly string[]> {
    const names = ["holder", ...order];
    const schedules = names.map((name) => {
      const priority = PRIORITIES.find((each) => name.startsWith(each)) ?? "normal";
      return untimed(name, { ...TEN_MINUTES, priority });
    });
    await configure({ concurrentRuns: 1 }, schedules);
    for (const name of names) {
      await ask(1, name);
      // Apart from the instants at which the holder is looked at, so that they wait for its end.
      await world.advance(5 * SECOND_MS);
    }
    await world.live(names.length * 8 * MINUTE_MS);
    const runs = (await world.runs()).filter((run) => run.schedule !== "holder");
    return runs
      .toSorted((a, b) => (a.attempts[0]?.startedAt ?? 0) - (b.attempts[0]?.startedAt ?? 0))
      .map((run) => run.schedule);
  }

  it("goes in order of priority", async () => {
    expect(await line(["low-1", "normal-1", "critical-1", "high-1"])).toEqual([
      "critical-1",
      "high-1",
      "normal-1",
      "low-1",
    ]);
  });

  it("goes in order of age where priorities are equal", async () => {
    expect(await line(["normal-c", "normal-a", "normal-b"])).toEqual([
      "normal-c",
      "normal-a",
      "normal-b",
    ]);
  });

  it("is overtaken by smaller work for a bounded time only", async () => {
    const big = untimed("big", { timeoutMs: HOUR_MS });
    const bigUnits = (60 * 60 + 10) * 4;
    const small = untimed("small", TEN_MINUTES);
    await configure({ balance: 10 * bigUnits, concurrentRuns: 3 }, [big, small]);
    // All places are taken for good, one after another, by small work that always fits first.
    await ask(3);
    const [waiting] = await ask(1, "big");
    for (let minute = 0; minute < 60; minute += 1) {
      await world.askRun("small", `more-${minute}`);
      await world.live(MINUTE_MS);
    }

    const run = await world.run(waiting as RunId);
    const waitedMs = (run.attempts[0]?.admittedAt ?? Infinity) - START_AT;
    // Until nobody overtakes it, and then until one of those that run has ended.
    expect(waitedMs).toBeLessThan(ceilings.overtakeMs + TEN_MINUTES.timeoutMs + 2 * MINUTE_MS);
    await expectNoOvershoot(world);
  });
});

describe("random work in a random budget", () => {
  const budgets = fc.record(
    {
      unitsPerHour: fc.integer({ min: 2_500, max: 12_000 }),
      concurrentRuns: fc.integer({ min: 1, max: 4 }),
      balance: fc.integer({ min: 2_500, max: 60_000 }),
    },
    { requiredKeys: [] },
  );
  const steps = fc.array(
    fc.record({
      afterMs: fc.integer({ min: 0, max: 6 * MINUTE_MS }),
      runMs: fc.integer({ min: 0, max: 11 * MINUTE_MS }),
      prepareMs: fc.constantFrom(0, 0, 20 * SECOND_MS),
      isCancelled: fc.boolean(),
    }),
    { minLength: 1, maxLength: 10 },
  );

  it("never overshoots, and its ledger adds up after every step", async () => {
    await fc.assert(
      fc.asyncProperty(budgets, steps, async (given, plan) => {
        await world.close();
        world = new World();
        await configure(given);
        for (const [index, { afterMs, runMs, prepareMs, isCancelled }] of plan.entries()) {
          world.willRun("small", { runMs, prepareMs, codeWhenAsked: 143 });
          const run = await world.askRun("small", `r${index}`);
          await world.live(afterMs);
          if (isCancelled) await world.cancel(run).catch(() => undefined);
          await expectNoOvershoot(world);
          await expectLedgerAddsUp(world);
        }
        await world.live(HOUR_MS);
        await expectNoOvershoot(world);
      }),
      { numRuns: 20 },
    );
  });
});

describe("a project's usage", () => {
  it("shows what is held, what runs and what the hour spent", async () => {
    await configure({ balance: 50_000, unitsPerHour: 20_000, concurrentRuns: 1 });
    await ask(1);
    await world.live(7 * MINUTE_MS);
    await world.askRun("small", "second");
    await world.deliverAll();

    const usage = await projectUsage(world.services, PROJECT);

    expect(usage).toMatchObject({
      balance: 50_000 - 1_200,
      heldUnits: TEN_MINUTES_UNITS,
      runningAttempts: 1,
      spentLastHourUnits: 1_200,
      limits: { unitsPerHour: 20_000, concurrentRuns: 1 },
    });
  });
});
