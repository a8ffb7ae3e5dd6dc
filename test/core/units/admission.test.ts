import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import {
  applyLimits,
  release,
  setBalance,
  settle,
  type Account,
} from "../../../shared/core/units/account.ts";
import { admit, type Denied } from "../../../shared/core/units/admission.ts";
import type { AdmissionRequest } from "../../../shared/core/units/explain.ts";
import {
  aRequest,
  admitted,
  anAccount,
  at,
  nightly,
  statement,
} from "../../support/account-builder.ts";

function denied(account: Account, request: AdmissionRequest, time: string): Denied {
  const admission = admit(account, request, at(time));
  if (admission.outcome === "denied") return admission;
  throw new Error(`expected a denial, got ${admission.reservation.units} units held`);
}

/** An account in which attempt 1 holds ten minutes of c1.4, 2400 units, since noon. */
function holding(unitLimits: UnitLimits): Account {
  return admitted(anAccount(unitLimits), aRequest(), at("12:00")).account;
}

const second = aRequest({ attempt: nightly(2) });

describe("an attempt that fits", () => {
  it("holds its worst case and learns what the executor must enforce", () => {
    const request = aRequest({ graceMs: 10_000, startWithinMs: 120_000 });

    const admission = admitted(anAccount({ balance: 2_440 }), request, at("12:00"));

    expect(statement(admission.entries)).toEqual([
      "2. 12:00:00 hold 2440 (admitted): held 2440, left 2440",
    ]);
    expect(admission.reservation).toEqual({
      state: "held",
      attempt: nightly(1),
      startAt: at("12:00"),
      endAt: at("12:12:10"),
      rate: 4,
      units: 2_440,
    });
    expect(admission.account.open).toEqual([admission.reservation]);
    expect(admission.bound).toMatchObject({ softLimitMs: 600_000, hardLimitMs: 609_500 });
  });

  it("is admitted again as it was, and holds nothing twice", () => {
    const account = holding({ balance: 2_400 });

    const again = admitted(account, aRequest(), at("12:05"));

    expect(again.account).toBe(account);
    expect(again.entries).toEqual([]);
    expect(again.bound).toMatchObject({ hardLimitMs: 599_500, units: 2_400 });
  });

  it("keeps the bound it holds units for when the limits change before it is asked again", () => {
    const lowered = applyLimits(holding({}), { unitsPerExecution: 4 }, at("12:01")).account;
    const raised = { ...aRequest(), timeoutMs: 7_200_000 };

    expect(admitted(lowered, raised, at("12:02")).bound.units).toBe(2_400);
  });
});

describe("the balance", () => {
  it("is fully spendable, and not by one unit more", () => {
    expect(admit(holding({ balance: 4_800 }), second, at("12:00")).outcome).toBe("admitted");
    expect(denied(holding({ balance: 4_799 }), second, "12:00")).toMatchObject({
      code: "balance_exhausted",
      relief: { kind: "settlement" },
    });
  });

  it("needs a top up where running work could not give enough back", () => {
    const dear = aRequest({ attempt: nightly(2), rate: 8 });

    expect(denied(holding({ balance: 4_799 }), dear, "12:00").relief).toEqual({
      kind: "topUp",
      missingUnits: 2_401,
    });
  });

  it.each([0, -1])("of %i stops everything", (units) => {
    const account = setBalance(anAccount(), { units, reason: "by olga" }, at("11:00")).account;

    const denial = denied(account, aRequest({ rate: 1, timeoutMs: 1 }), "12:00");

    expect(denial).toMatchObject({
      code: "balance_exhausted",
      relief: { kind: "topUp", missingUnits: 1 - units },
    });
    expect(denial).not.toHaveProperty("nextEligibleAt");
  });

  it("has room again for what running work did not spend", () => {
    const account = holding({ balance: 2_500 });
    const usage = { startedAt: at("12:00"), finishedAt: at("12:00:25"), rate: 4 };

    const settled = settle(account, nightly(1), usage, at("12:01")).account;

    expect(admit(settled, second, at("12:01")).outcome).toBe("admitted");
  });
});

describe("the hour", () => {
  it("says when the attempt first fits, and admits it then and not a millisecond before", () => {
    const account = holding({ unitsPerHour: 2_500 });

    const denial = denied(account, second, "12:30");

    expect(denial).toMatchObject({
      code: "hour_exhausted",
      relief: { kind: "at", nextEligibleAt: at("12:59:35") },
      nextEligibleAt: at("12:59:35"),
    });
    expect(admit(account, second, at("12:59:35")).outcome).toBe("admitted");
    expect(admit(account, second, instant(at("12:59:35") - 1)).outcome).toBe("denied");
  });

  it("has room sooner when running work ends early", () => {
    const account = holding({ unitsPerHour: 2_500 });
    const usage = { startedAt: at("12:00"), finishedAt: at("12:00:25"), rate: 4 };

    const settled = settle(account, nightly(1), usage, at("12:01")).account;

    expect(admit(settled, second, at("12:01")).outcome).toBe("admitted");
  });

  it("never has room for an attempt whose first hour alone is too much", () => {
    const denial = denied(anAccount({ unitsPerHour: 2_399 }), aRequest(), "12:00");

    expect(denial).toMatchObject({ code: "hour_exhausted", relief: { kind: "never" } });
    expect(denial).not.toHaveProperty("nextEligibleAt");
  });

  it("counts every start that an attempt may still have", () => {
    const request = aRequest({ startWithinMs: 120_000 });
    const account = admitted(anAccount({ unitsPerHour: 2_400 }), request, at("12:00")).account;

    expect(denied(account, second, "12:30").nextEligibleAt).toBe(at("13:02"));
  });

  it("forgets nothing when the clock is set back", () => {
    const usage = { startedAt: at("12:00"), finishedAt: at("12:10"), rate: 4 };
    const account = settle(holding({}), nightly(1), usage, at("13:10")).account;

    const admission = admitted(account, second, at("12:30"));

    expect(admission.reservation.startAt).toBe(at("13:10"));
  });
});

describe("the limit of one execution", () => {
  it("shortens an attempt rather than refusing it", () => {
    const { bound } = admitted(anAccount({ unitsPerExecution: 1_000 }), aRequest(), at("12:00"));

    expect(bound).toMatchObject({ units: 1_000, softLimitMs: 249_500, hardLimitMs: 249_500 });
  });

  it("refuses for good what it cannot give one second", () => {
    const account = anAccount({ unitsPerExecution: 3, unitsPerHour: 0, balance: 0 });

    const denial = denied(account, aRequest(), "12:00");

    expect(denial).toMatchObject({ code: "execution_too_large", relief: { kind: "never" } });
    expect(denial.explain.map(({ rule, holds }) => [rule, holds])).toEqual([
      ["execution", false],
      ["balance", false],
      ["hour", false],
      ["concurrency", true],
    ]);
  });
});

describe("concurrency", () => {
  it("is full until running work ends", () => {
    const account = holding({ concurrentRuns: 1 });

    expect(denied(account, second, "12:01")).toMatchObject({
      code: "concurrency_exhausted",
      relief: { kind: "settlement" },
    });
    const freed = release(account, nightly(1), "cancelled", at("12:02")).account;
    expect(admit(freed, second, at("12:02")).outcome).toBe("admitted");
  });

  it("of zero is never free", () => {
    expect(denied(anAccount({ concurrentRuns: 0 }), aRequest(), "12:00").relief.kind).toBe("never");
  });

  it("has a ceiling where the project has no limit, so that an account stays one row", () => {
    let account = anAccount();
    for (let number = 1; number <= limits.accountReservations; number += 1) {
      account = admitted(account, aRequest({ attempt: nightly(number) }), at("12:00")).account;
    }

    const next = aRequest({ attempt: nightly(limits.accountReservations + 1) });

    expect(denied(account, next, "12:00").code).toBe("concurrency_exhausted");
  });
});

describe("an attempt that several rules stand against", () => {
  it("is told the rule that takes most, and the earliest instant all the same", () => {
    const account = holding({ unitsPerHour: 2_400, balance: 3_000, concurrentRuns: 1 });

    expect(denied(account, second, "12:30")).toMatchObject({
      code: "balance_exhausted",
      relief: { kind: "settlement" },
      nextEligibleAt: at("13:00"),
    });
  });
});

describe("an attempt that can never fit", () => {
  it("is promised no instant, even where the hour will have room", () => {
    const full = holding({ unitsPerHour: 2_400 });
    const account = applyLimits(full, { unitsPerHour: 2_400, unitsPerExecution: 3 }, at("12:01"));

    const denial = denied(account.account, second, "12:30");

    expect(denial.explain.find(({ rule }) => rule === "hour")).toMatchObject({
      relief: { kind: "at" },
    });
    expect(denial.relief.kind).toBe("never");
    expect(denial).not.toHaveProperty("nextEligibleAt");
  });
});

describe("a project without limits", () => {
  it("admits anything", () => {
    const day = aRequest({ rate: 928, timeoutMs: 86_400_000 });

    expect(admitted(anAccount(), day, at("12:00")).reservation.units).toBe(80_179_200);
  });
});
