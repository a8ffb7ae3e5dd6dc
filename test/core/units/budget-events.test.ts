import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { plusMs } from "../../../shared/core/time/instant.ts";
import {
  adjust,
  applyBudget,
  release,
  setBalance,
  settle,
  topUp,
  type Account,
} from "../../../shared/core/units/account.ts";
import { budgetEvents } from "../../../shared/core/units/budget-events.ts";
import type { BudgetPolicy } from "../../../shared/core/units/budget-policy.ts";
import { admitted, anAccount, aRequest, at, nightly } from "../../support/account-builder.ts";

const NOON = at("12:00");
const budget: BudgetPolicy = { warnAtPercent: [50, 80], lowAt: { percent: 10 } };

/** An account that was funded with 1000 units at midnight. */
function funded(policy: BudgetPolicy | undefined = budget, balance = 1_000): Account {
  return applyBudget(anAccount({ balance }), policy, at("00:01")).account;
}

const spent = (account: Account, units: number): Account =>
  adjust(account, { units: -units, reason: "test" }, NOON).account;

/** What a change tells, in a word each. */
function told(before: Account, after: Account): readonly string[] {
  return budgetEvents(before, after, NOON).map(({ type, data }) =>
    type === "budget.threshold"
      ? `${String(data["percent"])}%`
      : data["low"] === true
        ? "low"
        : "funded",
  );
}

describe("a balance that is spent", () => {
  it("tells a percent by the unit that reaches it, and not by the one before or after", () => {
    const steps = [499, 1, 1].reduce<Account[]>(
      (all, units) => [...all, spent(all.at(-1) ?? funded(), units)],
      [funded()],
    );
    const tellings = steps.slice(1).map((after, index) => told(steps[index] ?? after, after));

    expect(tellings).toEqual([[], ["50%"], []]);
  });

  it("says the numbers that were compared", () => {
    const holding = admitted(funded(budget, 10_000), aRequest(), NOON).account;
    const [event] = budgetEvents(holding, spent(holding, 5_500), NOON);

    expect(event).toEqual({
      type: "budget.threshold",
      project: "demo",
      at: NOON,
      key: expect.any(String) as string,
      data: { percent: 50, funded: 10_000, balance: 4_500, spent: 5_500, held: 2_400 },
    });
  });

  it("tells the highest alone where one change reaches several", () => {
    expect(told(funded(), spent(funded(), 850))).toEqual(["80%"]);
  });

  it("tells both where it reaches a percent and falls below the low mark", () => {
    expect(told(funded(), spent(funded(), 901))).toEqual(["80%", "low"]);
  });

  it("is low below its mark and not at it", () => {
    expect(told(spent(funded(), 899), spent(funded(), 900))).toEqual([]);
    expect(told(spent(funded(), 900), spent(funded(), 901))).toEqual(["low"]);
  });

  it("tells nothing more below zero", () => {
    expect(told(spent(funded(), 1_000), spent(funded(), 2_000))).toEqual([]);
  });
});

describe("a balance that is funded", () => {
  const poor = spent(funded(), 950);

  it("is low no more, and begins to count anew", () => {
    const rich = topUp(poor, { units: 950, reason: "test" }, NOON).account;

    expect(told(poor, rich)).toEqual(["funded"]);
    expect(told(rich, spent(rich, 500))).toEqual(["50%"]);
  });

  it("is low no more where it is taken away, or its mark is", () => {
    const endless = setBalance(poor, { units: null, reason: "test" }, NOON).account;
    const unmarked = applyBudget(poor, { warnAtPercent: [50, 80] }, NOON).account;

    expect(told(poor, endless)).toEqual(["funded"]);
    expect(told(poor, unmarked)).toEqual(["funded"]);
  });

  it.each([budget, { ...budget, lowAt: { units: 10 } }])(
    "of nothing is spent by no percent, and is low: %j",
    (policy) => {
      const full = funded(policy);

      const empty = setBalance(full, { units: 0, reason: "test" }, NOON).account;

      expect(told(full, empty)).toEqual(["low"]);
      expect(told(empty, spent(empty, 5))).toEqual([]);
    },
  );
});

describe("a budget that is changed", () => {
  const half = spent(funded(), 600);

  it("tells at once what is spent already by a percent that is new", () => {
    const none = applyBudget(half, undefined, NOON).account;

    expect(told(none, applyBudget(none, budget, NOON).account)).toEqual(["50%"]);
    const lower: BudgetPolicy = { ...budget, warnAtPercent: [50, 60, 80] };
    expect(told(half, applyBudget(half, lower, NOON).account)).toEqual(["60%"]);
  });

  it("tells nothing again that was told, nor a lower percent", () => {
    const changed: BudgetPolicy = { warnAtPercent: [20, 50, 80], warnAheadMs: 1 };

    expect(told(half, applyBudget(half, changed, NOON).account)).toEqual([]);
  });
});

describe("what a budget tells", () => {
  it("is nothing where nobody wants to hear of it", () => {
    const silent = applyBudget(anAccount({ balance: 10 }), undefined, NOON).account;

    expect(told(silent, spent(silent, 10))).toEqual([]);
  });

  it("has another key each time, and the same for the same change", () => {
    const keys = (before: Account, after: Account) =>
      budgetEvents(before, after, NOON).map(({ key }) => key);
    const first = spent(funded(), 950);
    const again = spent(topUp(first, { units: 950, reason: "test" }, NOON).account, 950);

    expect(keys(funded(), first)).toEqual(keys(funded(), first));
    expect(new Set([...keys(funded(), first), ...keys(funded(), again)]).size).toBe(4);
  });

  it("is told once for each crossing, whatever an account lives through (property)", () => {
    type Step = {
      readonly kind: "spend" | "topUp" | "set" | "hold" | "end";
      readonly units: number;
    };
    const steps = fc.array(
      fc.record({
        kind: fc.constantFrom<Step["kind"]>("spend", "topUp", "set", "hold", "end"),
        units: fc.integer({ min: 1, max: 1_500 }),
      }),
      { maxLength: 40 },
    );
    const policies = fc.record({
      warnAtPercent: fc
        .uniqueArray(fc.integer({ min: 1, max: 100 }), { maxLength: 5 })
        .map((all) => all.toSorted((a, b) => a - b)),
      lowAt: fc.oneof(
        fc.record({ units: fc.integer({ min: 1, max: 1_500 }) }),
        fc.record({ percent: fc.integer({ min: 1, max: 100 }) }),
      ),
    });
    fc.assert(
      fc.property(policies, steps, (policy, lived) => {
        // What a receiver that hears everything believes, against what is so by plain arithmetic.
        let believed = { level: 0, low: false };
        let account = funded(policy, 3_000);
        believed = { level: 0, low: lowBy(account, policy) };
        lived.forEach(({ kind, units }, index) => {
          const after = step(account, kind, units, index);
          const events = budgetEvents(account, after, NOON);
          if (kind === "hold") expect(events).toEqual([]);
          if ((after.funded ?? 0) !== (account.funded ?? 0) || after.balance !== account.balance) {
            const level = levelBy(after, policy);
            const levels = events.filter(({ type }) => type === "budget.threshold");
            expect(levels.map(({ data }) => data["percent"])).toEqual(
              level > believed.level ? [level] : [],
            );
            believed = { ...believed, level };
          }
          for (const { type, data } of events) {
            if (type !== "budget.low") continue;
            expect(data["low"]).toBe(!believed.low);
            believed = { ...believed, low: data["low"] === true };
          }
          expect(believed.low).toBe(lowBy(after, policy));
          account = after;
        });
      }),
      { numRuns: 300 },
    );

    function step(account: Account, kind: Step["kind"], units: number, index: number): Account {
      const now = plusMs(NOON, index);
      switch (kind) {
        case "spend":
          return adjust(account, { units: -units, reason: "test" }, now).account;
        case "topUp":
          return topUp(account, { units, reason: "test" }, now).account;
        case "set":
          return setBalance(account, { units, reason: "test" }, now).account;
        case "hold": {
          if ((account.balance ?? 0) - account.held < 40) return account;
          const request = aRequest({ attempt: nightly(index + 1), timeoutMs: 10_000 });
          return admitted(account, request, now).account;
        }
        case "end": {
          const [held] = account.open;
          if (held === undefined) return account;
          const usage = { startedAt: now, finishedAt: plusMs(now, units), rate: 4 };
          return units % 5 === 0
            ? release(account, held.attempt, "test", now).account
            : settle(account, held.attempt, usage, now).account;
        }
      }
    }
  });
});

/** The low mark, worked out by fractions. */
function lowBy(
  { balance = Infinity, funded: full = 0 }: Account,
  { lowAt }: BudgetPolicy,
): boolean {
  if (lowAt === undefined) return false;
  if ("units" in lowAt) return balance < lowAt.units;
  return balance <= 0 || balance / full < lowAt.percent / 100 - 1e-12;
}

function levelBy({ balance = 0, funded: full = 0 }: Account, policy: BudgetPolicy): number {
  const share = full > 0 ? (full - balance) / full : 0;
  return policy.warnAtPercent.findLast((percent) => share >= percent / 100 - 1e-12) ?? 0;
}
