import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../../shared/api/code.ts";
import { projectId } from "../../../../shared/core/ids.ts";
import { limits } from "../../../../shared/core/limits.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../../shared/core/time/duration.ts";
import { plusMs } from "../../../../shared/core/time/instant.ts";
import { applyBudget, setBalance } from "../../../../shared/core/units/account.ts";
import { UsageService } from "../../../../shared/gen/orrery/v1/usage_service_pb.ts";
import { readAccount, writeAccount } from "../../../../shared/records/account-record.ts";
import { accountsTable } from "../../../../shared/records/tables.ts";
import { lookAhead } from "../../../../shared/usecases/outlook/look-ahead.ts";
import { aConfiguration, START_AT } from "../../../support/builders.ts";
import { settleWork } from "../../../support/settled-work.ts";
import { onProject, OrreryWorld } from "./orrery-world.ts";

const { get, getSpending } = UsageService.method;
const DEMO = projectId("demo");

let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.apply(aConfiguration());
  await world.clock.advance(12 * HOUR_MS);
});
afterEach(async () => await world.close());

/** Half an hour ago, a day before, and last month. */
async function spend(): Promise<void> {
  const now = world.clock.now();
  await settleWork(world.store, DEMO, [
    { schedule: "nightly", endedAt: plusMs(now, -20 * DAY_MS), units: 100 },
    { schedule: "nightly", endedAt: plusMs(now, -DAY_MS), units: 20 },
    { schedule: "hourly", endedAt: plusMs(now, -30 * MINUTE_MS), units: 3 },
    { schedule: null, endedAt: now, units: 4 },
  ]);
}

async function look(): Promise<void> {
  const stopAt = plusMs(world.clock.now(), MINUTE_MS);
  await lookAhead(world.services, { project: DEMO, steps: [], stopAt });
}

describe("what a project spent", () => {
  it.each(["as its ledger has it", "as it was added up"])("is told by the day, %s", async (how) => {
    await spend();
    if (how === "as it was added up") await look();

    const { steps, schedules, units } = await world.invoke(getSpending, { project: "demo" });

    expect(units).toBe(127n);
    expect(steps).toHaveLength(31);
    expect(steps.slice(-2)).toMatchObject([
      { beginsAt: timestampFromMs(START_AT - DAY_MS), units: 20n, executions: 1n },
      { beginsAt: timestampFromMs(START_AT), units: 7n, executions: 2n },
    ]);
    expect(schedules).toMatchObject([
      { schedule: "nightly", units: 120n, executions: 2n },
      { schedule: "", units: 4n, executions: 1n },
      { schedule: "hourly", units: 3n, executions: 1n },
    ]);
  });

  it("is told by the hour, from and until any instant of one", async () => {
    await spend();
    const from = timestampFromMs(START_AT + 11 * HOUR_MS + 1);
    const until = timestampFromMs(START_AT + 12 * HOUR_MS);

    const { steps } = await world.invoke(getSpending, {
      project: "demo",
      from,
      until,
      step: "hour",
    });

    expect(steps).toMatchObject([
      { beginsAt: timestampFromMs(START_AT + 11 * HOUR_MS), units: 3n, executions: 1n },
    ]);
  });

  it("is summed up for today and for this month, before and after it was added up", async () => {
    await spend();
    const sums = { spentTodayUnits: 7n, spentMonthUnits: 27n };

    expect(await world.invoke(get, { project: "demo" })).toMatchObject(sums);
    await look();
    expect(await world.invoke(get, { project: "demo" })).toMatchObject(sums);
    await world.clock.advance(17 * DAY_MS);
    expect(await world.invoke(get, { project: "demo" })).toMatchObject({
      spentTodayUnits: 0n,
      spentMonthUnits: 0n,
    });
  });

  it.each([
    ["a step that there is none of", { step: "week" }],
    ["an instant before 1970", { from: timestampFromMs(-1) }],
    ["an instant after 9999", { until: timestampFromMs(253_402_300_800_000) }],
    [
      "a stretch that ends before it begins",
      { from: timestampFromMs(5_000), until: timestampFromMs(4_000) },
    ],
    ["a stretch of years", { from: timestampFromMs(START_AT - 400 * DAY_MS) }],
  ])("is not told of %s", async (_, wrong) => {
    const { code } = await world.refusal(getSpending, { project: "demo", ...wrong });

    expect(code).toBe(Code.INVALID_ARGUMENT);
  });

  it("is shown to editors alone", async () => {
    const ed = await world.userOf("ed", { role: "editor", on: onProject("demo") });
    const dev = await world.userOf("dev", { role: "developer", on: onProject("demo") });

    expect(await world.invoke(getSpending, { project: "demo" }, ed)).toMatchObject({ units: 0n });
    expect((await world.refusal(getSpending, { project: "demo" }, dev)).code).toBe(
      Code.PERMISSION_DENIED,
    );
    expect((await world.refusal(getSpending, { project: "dmeo" })).code).toBe(Code.NOT_FOUND);
  });

  it("is not told while more of the ledger is to be added up than one question reads", async () => {
    await spend();
    await world.store.transact("much", async (tx) => {
      const row = await tx.get(accountsTable, { project: "demo" });
      if (row === undefined) throw new Error("The account is there");
      const body = { ...(row.body as object), seq: limits.spendingBehind + 1 };
      tx.put(accountsTable, { ...row, body: body });
    });

    const { code, message } = await world.refusal(getSpending, { project: "demo" });

    expect(code).toBe(Code.UNAVAILABLE);
    expect(message).toContain("200001 entries of its ledger are to come");
  });
});

describe("a budget", () => {
  it("is told as the configuration says it, with whether the project is low", async () => {
    const budget = { warnAtPercent: [50, 80], warnAheadMs: 3 * DAY_MS, lowAt: { percent: 10 } };
    const balances = async (units: number) =>
      await world.store.transact("balance", async (tx) => {
        const account = await readAccount(tx, DEMO);
        const said = applyBudget(account, budget, START_AT).account;
        const { account: set, entries } = setBalance(said, { units, reason: "set" }, START_AT);
        await writeAccount(tx, set, entries);
      });

    expect((await world.invoke(get, { project: "demo" })).budget).toBeUndefined();
    await balances(1_000);
    await settleWork(world.store, DEMO, [
      { schedule: "nightly", endedAt: world.clock.now(), units: 900 },
    ]);
    const atMark = await world.invoke(get, { project: "demo" });
    await settleWork(world.store, DEMO, [
      { schedule: "nightly", endedAt: world.clock.now(), units: 1 },
    ]);
    const below = await world.invoke(get, { project: "demo" });

    expect(atMark).toMatchObject({ balance: 100n, fundedUnits: 1_000n });
    expect(atMark.budget).toMatchObject({
      warnAtPercent: [50, 80],
      warnAheadSeconds: 259_200n,
      lowAtUnits: 100n,
      low: false,
    });
    expect(below.budget).toMatchObject({ low: true });
  });
});
