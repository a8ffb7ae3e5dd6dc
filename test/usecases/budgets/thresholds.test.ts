import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import type { BudgetPolicy } from "../../../shared/core/units/budget-policy.ts";
import { followProvider } from "../../../shared/usecases/provider/follow-provider.ts";
import { PROJECT } from "../../support/builders.ts";
import {
  budgeted,
  expectNoRepeats,
  heard,
  setBalanceTo,
  untimed,
  type Budgeted,
} from "../../support/budget-world.ts";
import { deliveriesOf, expectLedgerAddsUp, expectNothingOwed } from "../../support/invariants.ts";
import { exits } from "../../support/scripted-executor.ts";
import { ScriptedProvider } from "../../support/scripted-provider.ts";
import { World } from "../../support/world.ts";

/** Half, most, and a low mark of 3,000 of 20,000 units. */
const BUDGET: BudgetPolicy = { warnAtPercent: [50, 80], lowAt: { percent: 15 } };
const given: Budgeted = { limits: { balance: 20_000 }, budget: BUDGET };

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** A run of `small` that spends so many units, asked for and ended. */
async function spend(units: number, id: string): Promise<void> {
  world.willRun("small", exits((units / 4) * SECOND_MS));
  await world.askRun("small", id);
  await world.live(12 * MINUTE_MS);
}

describe("a budget whose work is paid for", () => {
  it("is told at each percent, once, with what is left", async () => {
    await world.apply(budgeted(given));

    for (let n = 0; n < 9; n += 1) await spend(2_000, `r${n}`);

    expect(heard(world)).toEqual(["50% at 10000", "80% at 4000", "low at 2000"]);
    expectNoRepeats(world);
    await expectLedgerAddsUp(world);
    await expectNothingOwed(world);
  });

  it("is told once by several runs that end in one transaction", async () => {
    await world.apply(budgeted(given));
    for (let n = 0; n < 5; n += 1) {
      world.willRun("small", exits(9 * MINUTE_MS + 10 * SECOND_MS));
      await world.askRun("small", `r${n}`);
    }

    await world.live(20 * MINUTE_MS);

    expect(heard(world)).toEqual(["50% at 9000"]);
  });

  it("is told as what happened to the project, with every number", async () => {
    await world.apply(budgeted(given));
    for (let n = 0; n < 5; n += 1) await spend(2_000, `r${n}`);

    const [first] = world.webhook.received;

    expect(JSON.parse(first?.body ?? "")).toMatchObject({
      type: "orrery.budget.threshold.v1",
      source: "/orrery/projects/demo",
      subject: "demo",
      data: {
        project: "demo",
        percent: 50,
        funded: 20_000,
        balance: 10_000,
        spent: 10_000,
        held: 0,
      },
    });
  });

  it("is told nobody who does not ask for it, and nothing is written for it", async () => {
    await world.apply(budgeted({ ...given, rest: { subscriptions: [] } }));

    for (let n = 0; n < 5; n += 1) await spend(2_000, `r${n}`);

    expect(await deliveriesOf(world)).toEqual([]);
  });
});

describe("a budget whose balance is set through the API", () => {
  it("is low and funded again as the balance says", async () => {
    await world.apply(budgeted({ ...given, budget: { warnAtPercent: [], lowAt: { units: 500 } } }));

    await setBalanceTo(world, 499);
    await setBalanceTo(world, 100);
    await setBalanceTo(world, 500);
    await setBalanceTo(world, 0);
    await setBalanceTo(world, null);
    await world.deliverAll();

    expect(heard(world).toSorted()).toEqual(
      ["low at 499", "funded at 500", "low at 0", "funded at undefined"].toSorted(),
    );
    expectNoRepeats(world);
  });

  it("counts from what it was set to", async () => {
    await world.apply(budgeted(given));
    await setBalanceTo(world, 4_000);

    await spend(2_000, "r1");

    expect(heard(world)).toEqual(["50% at 2000"]);
  });
});

describe("a budget that is applied", () => {
  it("holds where no limit changed, and tells at once what is spent already", async () => {
    await world.apply(budgeted({ limits: { balance: 10_000 } }));
    for (let n = 0; n < 3; n += 1) await spend(2_000, `r${n}`);
    const before = heard(world);

    await world.apply(budgeted({ limits: { balance: 10_000 }, budget: BUDGET }));
    await world.deliverAll();

    expect(before).toEqual([]);
    expect(heard(world)).toEqual(["50% at 4000"]);
    await expectLedgerAddsUp(world);
  });

  it("holds no more once it is removed, and tells that the project is not low any more", async () => {
    await world.apply(budgeted({ limits: { balance: 100 }, budget: BUDGET }));
    const low: BudgetPolicy = { warnAtPercent: [], lowAt: { units: 200 } };
    await world.apply(budgeted({ limits: { balance: 100 }, budget: low }));

    await world.apply(budgeted({ limits: { balance: 100 } }));
    await world.deliverAll();

    expect(heard(world)).toEqual(["low at 100", "funded at 100"]);
  });

  it("changes no account where it is applied again", async () => {
    const schedules = [untimed("small"), untimed("other")];
    await world.apply(budgeted(given));
    await world.apply(budgeted({ ...given, schedules }));

    await expectLedgerAddsUp(world);
    expect(heard(world)).toEqual([]);
  });
});

describe("a budget of a project that DataSphere owns", () => {
  const provider = new ScriptedProvider();

  it("is told by what DataSphere has left, whoever spent it", async () => {
    await world.close();
    world = new World({ provider: () => provider });
    provider.set(PROJECT, { balance: 1_000 });
    await world.apply(budgeted({ budget: { warnAtPercent: [50], lowAt: { units: 200 } } }));

    for (const balance of [900, 400, 150, 1_000]) {
      provider.set(PROJECT, { balance });
      await world.live(6 * MINUTE_MS);
      await followProvider(world.services, PROJECT);
    }
    await world.deliverAll();

    expect(heard(world)).toEqual(["50% at 400", "low at 150", "funded at 1000"]);
    await expectLedgerAddsUp(world);
  });
});

describe("a run that ends for want of units", () => {
  it.each([
    ["limit_execution", { unitsPerExecution: 3 }, undefined, "wait"],
    ["limit_balance", { balance: 100 }, undefined, "skip"],
    ["limit_hour", { unitsPerHour: 3_000 }, undefined, "fail"],
    ["low_balance", { balance: 20_000 }, { warnAtPercent: [], lowAt: { units: 30_000 } }, "wait"],
  ] as const)("tells that its budget refused it: %s", async (code, limits, budget, onLimit) => {
    const schedules = [untimed("small", { onLimit, atLowBalance: "skip" })];
    world.alwaysRuns("small", exits(MINUTE_MS));
    await world.apply(budgeted({ limits, schedules, ...(budget === undefined ? {} : { budget }) }));
    await world.askRun("small", "first");
    if (code === "limit_hour") await world.askRun("small", "second");

    await world.live(MINUTE_MS);

    const told = heard(world).filter((each) => each.startsWith("orrery"));
    expect(told).toEqual([`orrery.budget.refused.v1 ${code}`]);
    const body = world.webhook.received.at(-1)?.body ?? "";
    expect(JSON.parse(body)).toMatchObject({ subject: "small", data: { schedule: "small" } });
  });

  it("tells nothing of the kind where it was places that were wanting", async () => {
    world.alwaysRuns("small", exits(MINUTE_MS));
    const schedules = [untimed("small", { onLimit: "skip" })];
    await world.apply(budgeted({ limits: { concurrentRuns: 1 }, schedules }));
    await world.askRun("small", "first");
    await world.askRun("small", "second");

    await world.live(5 * MINUTE_MS);

    expect((await world.states("small")).toSorted()).toEqual([
      "skipped (limit_concurrency)",
      "succeeded",
    ]);
    expect(heard(world)).toEqual([]);
  });
});
