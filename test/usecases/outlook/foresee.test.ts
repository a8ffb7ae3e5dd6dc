import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits as ceilings } from "../../../shared/core/limits.ts";
import type { BudgetPolicy } from "../../../shared/core/units/budget-policy.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant, plusMs } from "../../../shared/core/time/instant.ts";
import { topUp } from "../../../shared/core/units/account.ts";
import type { Reader } from "../../../shared/ports/store.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { noOutlook, type Outlook } from "../../../shared/records/outlook-record.ts";
import { foresee } from "../../../shared/usecases/outlook/foresee.ts";
import type { OutlookResult } from "../../../shared/usecases/outlook/outlook-step.ts";
import { aSchedule, PROJECT, START_AT } from "../../support/builders.ts";
import { aTiming } from "../../support/timing-builder.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

/** Runs of five minutes, 1,200 units each; they hold 2,440. */
const hourly = (name: string, hours = 1) =>
  aSchedule({
    name,
    timing: aTiming({ when: [{ kind: "every", everyMs: hours * HOUR_MS, offsetMs: 0 }] }),
    timeoutMs: 10 * MINUTE_MS,
    estimate: { durationMs: 5 * MINUTE_MS },
  });

async function apply(balance: number | undefined, budget?: Partial<BudgetPolicy>): Promise<void> {
  const policy = budget === undefined ? {} : { budget: { warnAtPercent: [], ...budget } };
  await world.apply({
    projects: [{ project: PROJECT, limits: balance === undefined ? {} : { balance }, ...policy }],
    rates: {},
    schedules: [hourly("large"), hourly("small", 8)],
    subscriptions: [],
  });
}

async function look(outlook: Outlook = noOutlook(PROJECT)): Promise<OutlookResult> {
  const now = world.clock.now();
  return await world.store.snapshot(async (reader) => {
    const account = await readAccount(reader, PROJECT);
    return await foresee(reader, { account, outlook, now });
  });
}

async function fund(units: number): Promise<void> {
  await world.store.transact("test", async (tx) => {
    const account = await readAccount(tx, PROJECT);
    const posting = topUp(account, { units, reason: "test" }, world.clock.now());
    await writeAccount(tx, posting.account, posting.entries);
  });
}

describe("the end of a project's balance", () => {
  it("is looked for where a budget wants to know alone, and costs no row elsewhere", async () => {
    await apply(24_000, { lowAt: { units: 100 } });
    const account = await world.store.snapshot(
      async (reader) => await readAccount(reader, PROJECT),
    );
    const unread = new Proxy({} as Reader, {
      get: () => expect.fail("nothing is read") as unknown,
    });

    const result = await foresee(unread, {
      account,
      outlook: noOutlook(PROJECT),
      now: world.clock.now(),
    });

    expect(result).toEqual({ outlook: noOutlook(PROJECT), events: [] });
  });

  it("is foreseen where the present plan comes to it", async () => {
    await apply(24_000, { warnAheadMs: HOUR_MS });

    const { outlook, events } = await look();

    // What is left after 18 runs, of which two are the small one's, does not cover what one holds.
    const { balanceEndsAt } = outlook;
    expect(balanceEndsAt && formatInstant(balanceEndsAt)).toBe("2027-01-15T17:00:00Z");
    expect(events).toEqual([]);
  });

  it("is none where it lasts for a month, and where there is no balance", async () => {
    await apply(10_000_000, { warnAheadMs: DAY_MS });
    const lasting = await look();
    await apply(undefined, { warnAheadMs: DAY_MS });
    const without = await look({
      ...noOutlook(PROJECT),
      balanceEndsAt: START_AT,
      forecastTold: true,
    });

    expect(lasting).toEqual({ outlook: noOutlook(PROJECT), events: [] });
    expect(without).toEqual({ outlook: noOutlook(PROJECT), events: [] });
  });

  it("is told once where it comes sooner than the budget wants to know", async () => {
    await apply(24_000, { warnAheadMs: DAY_MS });

    const first = await look();
    const second = await look(first.outlook);

    expect(first.events).toMatchObject([
      {
        type: "budget.forecast",
        project: PROJECT,
        data: {
          balance: 24_000,
          balanceEndsAt: "2027-01-15T17:00:00Z",
          schedules: [{ schedule: "large" }, { schedule: "small" }],
          withoutFirst: { schedule: "large", balanceEndsAt: "2027-01-21T08:00:00Z" },
        },
      },
    ]);
    expect(second.events).toEqual([]);
    expect(second.outlook).toEqual(first.outlook);
  });

  it("is not told where there is time enough", async () => {
    await apply(24_000, { warnAheadMs: 16 * HOUR_MS });

    const { outlook, events } = await look();

    expect(events).toEqual([]);
    expect(outlook.forecastTold).toBeUndefined();
  });

  it("is told again after it was over", async () => {
    await apply(24_000, { warnAheadMs: DAY_MS });
    const first = await look();
    await fund(1_000_000);
    const funded = await look(first.outlook);
    await apply(24_001, { warnAheadMs: DAY_MS });
    const again = await look(funded.outlook);

    expect(funded.outlook.forecastTold).toBeUndefined();
    expect(again.events).toHaveLength(1);
  });

  it("is the instant from which schedules wait because the balance is low", async () => {
    await apply(24_000, { warnAheadMs: DAY_MS, lowAt: { percent: 50 } });

    const { outlook, events } = await look();

    // Ten runs leave 12,000, which is not below the half; so the eleventh still starts, at ten.
    expect(outlook.balanceEndsAt).toBe(plusMs(START_AT, 11 * HOUR_MS));
    expect(events).toMatchObject([{ data: { isLowThen: true } }]);
  });

  it("is looked for within its bound of steps", () => {
    expect(ceilings.foreseeSteps).toBeLessThan(ceilings.projectionSteps);
  });
});
