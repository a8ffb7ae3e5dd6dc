import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { RunId } from "../../../shared/core/ids.ts";
import { limits as ceilings } from "../../../shared/core/limits.ts";
import { formatInstant } from "../../../shared/core/time/instant.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import type { BudgetPolicy } from "../../../shared/core/units/budget-policy.ts";
import { explainRun } from "../../../shared/usecases/explain-run.ts";
import { PROJECT } from "../../support/builders.ts";
import { budgeted, setBalanceTo, untimed } from "../../support/budget-world.ts";
import { expectNoOvershoot, expectNothingOwed } from "../../support/invariants.ts";
import { exits } from "../../support/scripted-executor.ts";
import { ScriptedProvider } from "../../support/scripted-provider.ts";
import { aCron, aTiming } from "../../support/timing-builder.ts";
import { stateOf, World } from "../../support/world.ts";

/** Low below 50,000 units, of which a run of `small` holds 2,440. */
const BUDGET: BudgetPolicy = { warnAtPercent: [], lowAt: { units: 50_000 } };
const LOW = { balance: 49_000 };

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const state = async (run: RunId): Promise<string> => stateOf(await world.run(run));

describe("work of a project that is low", () => {
  it("starts where it is critical, and waits where it is not", async () => {
    const schedules = [untimed("small"), untimed("vital", { priority: "critical" })];
    for (const { name } of schedules) world.alwaysRuns(name, exits(MINUTE_MS));
    await world.apply(budgeted({ limits: LOW, budget: BUDGET, schedules }));
    const small = await world.askRun("small", "s");
    const vital = await world.askRun("vital", "v");

    await world.live(2 * HOUR_MS);

    expect(await state(small)).toBe("waiting (low_balance)");
    expect(await state(vital)).toBe("succeeded");
  });

  it("starts at once when its project is funded, by a message and no tick", async () => {
    world.alwaysRuns("small", exits(MINUTE_MS));
    await world.apply(budgeted({ limits: LOW, budget: BUDGET }));
    const run = await world.askRun("small", "s");
    await world.live(3 * HOUR_MS);
    const before = await state(run);

    await setBalanceTo(world, 50_000);
    await world.deliverAll();
    await world.advance(SECOND_MS);

    expect([before, await state(run)]).toEqual(["waiting (low_balance)", "running"]);
  });

  it("starts when the schedules file raises its balance, or lowers its mark, without a tick", async () => {
    world.alwaysRuns("small", exits(MINUTE_MS));
    await world.apply(budgeted({ limits: LOW, budget: BUDGET }));
    const run = await world.askRun("small", "s");
    await world.live(HOUR_MS + 10 * SECOND_MS);

    await world.apply(
      budgeted({ limits: LOW, budget: { warnAtPercent: [], lowAt: { units: 49_000 } } }),
    );
    await world.deliverAll();
    await world.advance(SECOND_MS);

    expect(await state(run)).toBe("running");
  });

  it("starts when DataSphere says that there is more, and not before", async () => {
    await world.close();
    const provider = new ScriptedProvider();
    provider.set(PROJECT, { balance: 49_000 });
    world = new World({ provider: () => provider });
    world.alwaysRuns("small", exits(MINUTE_MS));
    await world.apply(budgeted({ budget: BUDGET }));
    const run = await world.askRun("small", "s");
    await world.live(10 * MINUTE_MS);
    const before = await state(run);

    provider.set(PROJECT, { balance: 60_000 });
    await world.live(2 * MINUTE_MS);

    expect([before, await state(run)]).toEqual(["waiting (low_balance)", "running"]);
  });

  it("stands in nobody's way, however long it has waited", async () => {
    const schedules = [untimed("small"), untimed("vital", { priority: "critical" })];
    const vital = [...Array(4).keys()].map((n) => `v${n}`);
    for (const { name } of schedules) world.alwaysRuns(name, exits(9 * MINUTE_MS));
    await world.apply(
      budgeted({ limits: { ...LOW, concurrentRuns: 1 }, budget: BUDGET, schedules }),
    );
    await world.askRun("small", "s");
    await world.live(2 * ceilings.overtakeMs);
    for (const id of vital) await world.askRun("vital", id);

    await world.live(40 * MINUTE_MS);

    expect(await world.states("vital")).toEqual(Array(4).fill("succeeded"));
    expect(await world.states("small")).toEqual(["waiting (low_balance)"]);
  });

  it("is found in its turn behind more runs that wait for limits than are woken at once", async () => {
    const schedules = [untimed("small"), untimed("vital", { priority: "critical" })];
    for (const { name } of schedules) world.alwaysRuns(name, exits(5 * MINUTE_MS));
    const limits = { ...LOW, unitsPerHour: 3_000 };
    await world.apply(budgeted({ limits, budget: BUDGET, schedules }));
    for (let n = 0; n < ceilings.wakeRuns + 5; n += 1) await world.askRun("vital", `v${n}`);
    const run = await world.askRun("small", "s");
    await world.deliverAll();
    const before = await state(run);

    await setBalanceTo(world, 90_000);
    await world.deliverAll();

    expect([before, await state(run)]).toEqual(["waiting (low_balance)", "waiting (limit_hour)"]);
  });

  it("starts as others of its kind end where more wait for funds than are woken at once", async () => {
    world.alwaysRuns("small", exits(MINUTE_MS));
    await world.apply(budgeted({ limits: LOW, budget: BUDGET }));
    const count = ceilings.wakeRuns + 5;
    for (let n = 0; n < count; n += 1) await world.askRun("small", `s${n}`);
    await world.live(HOUR_MS + 10 * SECOND_MS);

    await setBalanceTo(world, 900_000);
    await world.advance(3 * SECOND_MS);
    const atOnce = await world.states("small");
    await world.advance(2 * MINUTE_MS + 10 * SECOND_MS);

    expect(atOnce.filter((each) => each === "running")).toHaveLength(ceilings.wakeRuns);
    expect(await world.states("small")).toEqual(Array(count).fill("succeeded"));
  });

  it("is not looked at when other work ends, which brings it nothing", async () => {
    const schedules = [untimed("small"), untimed("vital", { priority: "critical" })];
    for (const { name } of schedules) world.alwaysRuns(name, exits(MINUTE_MS));
    await world.apply(budgeted({ limits: LOW, budget: BUDGET, schedules }));
    await world.askRun("small", "s");
    await world.askRun("vital", "v");
    await world.advance(30 * SECOND_MS);
    const looks = world.calls["submit"] ?? 0;

    await world.advance(50 * SECOND_MS);

    expect(await world.states("vital")).toEqual(["succeeded"]);
    expect((world.calls["submit"] ?? 0) - looks).toBeLessThanOrEqual(1);
  });

  it("expires at its start deadline all the same", async () => {
    const schedules = [untimed("small", { startDeadlineMs: 10 * MINUTE_MS })];
    await world.apply(budgeted({ limits: LOW, budget: BUDGET, schedules }));
    await world.askRun("small", "s");

    await world.live(11 * MINUTE_MS);

    expect(await world.states("small")).toEqual(["expired (deadline)"]);
    await expectNothingOwed(world);
  });

  it("is explained with the mark and what it waits for", async () => {
    await world.apply(budgeted({ limits: LOW, budget: BUDGET }));
    const run = await world.askRun("small", "s");
    await world.deliverAll();

    const { decision, checks } = await explainRun(world.services, run);

    expect(decision).toMatchObject({ kind: "wait", reason: { code: "low_balance" } });
    expect(checks.map(({ rule, holds }) => `${rule} ${String(holds)}`)).toEqual([
      "low false",
      "execution true",
      "balance true",
      "hour true",
      "concurrency true",
    ]);
    expect(checks[0]).toMatchObject({
      compared: { balance: 49_000, lowAtUnits: 50_000 },
      relief: { kind: "topUp", missingUnits: 1_000 },
    });
  });
});

describe("a schedule that starts less often while its project is low", () => {
  /** Fires every ten minutes, and starts every thirty at most while low; each run spends 40 units. */
  async function tenMinutely(fields: Parameters<typeof untimed>[1], until: string): Promise<void> {
    const timing = aTiming({ when: [aCron("*/10 * * * *")], until });
    const atLowBalance = { atMostEveryMs: 30 * MINUTE_MS };
    world.alwaysRuns("small", exits(10 * SECOND_MS));
    const schedules = [untimed("small", { timing, atLowBalance, ...fields })];
    await world.apply(
      budgeted({
        limits: { balance: 50_070 },
        budget: BUDGET,
        schedules,
        rest: { subscriptions: [] },
      }),
    );
  }

  /** When the runs that started were due. */
  async function startedAt(): Promise<readonly string[]> {
    const runs = (await world.runs("small")).filter(({ attempts }) => attempts.length > 0);
    return runs.map(({ nominalAt }) => formatInstant(nominalAt).slice(11, 16));
  }

  it.each(["skip", "allow"] as const)(
    "starts the first that is far enough from the last, with overlap %s",
    async (overlap) => {
      await tenMinutely({ overlap }, "2027-01-15T02:00:00");

      await world.live(2 * HOUR_MS + 5 * MINUTE_MS);

      // Two full ones bring it below the mark; the second of them is the first that counts.
      expect(await startedAt()).toEqual(["00:00", "00:10", "00:40", "01:10", "01:40"]);
      const states = await world.states("small");
      expect(states.filter((each) => each === "skipped (low_balance)")).toHaveLength(8);
      await expectNothingOwed(world);
    },
  );

  it("keeps to it however many were left out since, and were not gone through again", async () => {
    const timing = aTiming({ when: [aCron("* * * * *")], until: "2027-01-15T05:00:00" });
    const atLowBalance = { atMostEveryMs: 4 * HOUR_MS };
    await tenMinutely({ timing, atLowBalance }, "");

    await world.live(5 * HOUR_MS + 5 * MINUTE_MS);

    // More were left out than are ever gone through at once.
    expect(4 * 60).toBeGreaterThan(ceilings.spacingRows);
    expect(await startedAt()).toEqual(["00:00", "00:01", "04:01"]);
  });

  it("is as often as ever once its project is funded", async () => {
    await tenMinutely({}, "2027-01-15T01:00:00");
    await world.live(25 * MINUTE_MS);

    await setBalanceTo(world, 90_000);
    await world.live(HOUR_MS);

    expect(await startedAt()).toEqual(["00:00", "00:10", "00:30", "00:40", "00:50", "01:00"]);
  });

  it("starts one of those that were caught up on together, though they may overlap", async () => {
    await tenMinutely({ overlap: "allow" }, "2027-01-15T01:30:00");
    await world.live(15 * MINUTE_MS);
    // Nothing ticks for an hour, and then everything is made up for at once.
    await world.clock.advance(65 * MINUTE_MS);

    await world.live(30 * MINUTE_MS);

    const started = await startedAt();
    const minutes = started.map((at) => Number(at.slice(0, 2)) * 60 + Number(at.slice(3)));
    const gaps = minutes.slice(2).map((minute, index) => minute - (minutes[index + 1] ?? 0));
    expect(gaps.filter((gap) => gap < 30)).toEqual([]);
    expect(started.length).toBeGreaterThanOrEqual(3);
    await expectNoOvershoot(world);
  });

  it("starts what a person asks for all the same", async () => {
    await tenMinutely({ overlap: "allow" }, "2027-01-15T00:20:00");
    await world.live(25 * MINUTE_MS);

    const run = await world.askRun("small", "now");
    await world.live(MINUTE_MS);

    expect(await state(run)).toBe("succeeded");
  });
});
