import { describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import {
  adjust,
  applyLimits,
  openAccount,
  release,
  setBalance,
  setLimits,
  settle,
  topUp,
  type Account,
  type Posting,
} from "../../../shared/core/units/account.ts";
import type { Entry } from "../../../shared/core/units/ledger.ts";
import {
  aRequest,
  admitted,
  anAccount,
  at,
  nightly,
  statement,
} from "../../support/account-builder.ts";

/** Follows an account through verbs and collects what they write. */
function follow(
  start: Account,
  ...verbs: readonly ((account: Account) => Pick<Posting, "account" | "entries">)[]
): { account: Account; entries: readonly Entry[] } {
  let account = start;
  const entries: Entry[] = [];
  for (const verb of verbs) {
    const posting = verb(account);
    account = posting.account;
    entries.push(...posting.entries);
  }
  return { account, entries };
}

const usage = (from: string, to: string, rate = 4) => ({
  startedAt: at(from),
  finishedAt: at(to),
  rate,
});

describe("a day in the ledger of a project", () => {
  it("reads like a bank statement", () => {
    const { account, entries } = follow(
      openAccount(projectId("demo")),
      (a) => applyLimits(a, { balance: 10_000, unitsPerHour: 9_000 }, at("00:00")),
      (a) => admitted(a, aRequest({ attempt: nightly(1) }), at("02:30")),
      (a) => admitted(a, aRequest({ attempt: nightly(2), rate: 8 }), at("02:31")),
      (a) => settle(a, nightly(1), usage("02:30:05", "02:34:04.300"), at("02:34:06")),
      (a) => release(a, nightly(2), "cancelled", at("02:35")),
      (a) => topUp(a, { units: 500, reason: "by olga" }, at("09:00")),
      (a) => adjust(a, { units: -40, reason: "spent elsewhere" }, at("09:30")),
      (a) => admitted(a, aRequest({ attempt: nightly(3), timeoutMs: 60_000 }), at("10:00")),
      (a) => settle(a, nightly(3), usage("10:00", "10:01:01"), at("10:02")),
      (a) => setBalance(a, { units: null, reason: "by olga" }, at("12:00")),
    );

    expect(statement(entries)).toEqual([
      "1. 00:00:00 setBalance 10000 (configured): held 0, left 10000",
      "2. 02:30:00 hold 2400 (admitted): held 2400, left 10000",
      "3. 02:31:00 hold 4800 (admitted): held 7200, left 10000",
      "4. 02:34:06 settle 960 (ended): held 4800, left 9040",
      "5. 02:35:00 release 4800 (cancelled): held 0, left 9040",
      "6. 09:00:00 topUp 500 (by olga): held 0, left 9540",
      "7. 09:30:00 adjust -40 (spent elsewhere): held 0, left 9500",
      "8. 10:00:00 hold 240 (admitted): held 240, left 9500",
      "9. 10:02:00 settle 240 (ended): held 0, left 9260",
      "10. 10:02:00 adjust -4 (overrun): held 0, left 9256",
      "11. 12:00:00 setBalance no limit (by olga): held 0, left no limit",
    ]);
    expect(account).toMatchObject({ seq: 11, at: at("12:00"), held: 0, open: [], version: 10 });
  });

  it("never runs backwards, even when the clock does", () => {
    const { entries } = follow(
      anAccount(),
      (a) => topUp(a, { units: 1, reason: "first" }, at("12:00")),
      (a) => topUp(a, { units: 1, reason: "second" }, at("11:59")),
    );

    expect(entries.map((entry) => entry.at)).toEqual([at("12:00"), at("12:00")]);
  });
});

describe("a reservation that was closed", () => {
  const holding = admitted(anAccount({ balance: 10_000 }), aRequest(), at("12:00")).account;
  const settled = settle(holding, nightly(1), usage("12:00", "12:01"), at("12:01")).account;
  const released = release(holding, nightly(1), "cancelled", at("12:01")).account;

  it.each([
    ["settled", settled],
    ["released", released],
  ])("changes nothing when it was %s and is closed again", (_how, account) => {
    const settling = settle(account, nightly(1), usage("12:00", "12:05"), at("12:06"));
    const releasing = release(account, nightly(1), "late", at("12:06"));

    expect(settling).toEqual({ account, entries: [] });
    expect(settling.account).toBe(account);
    expect(releasing.account).toBe(account);
  });
});

describe("settling an attempt", () => {
  it("gives back the settled reservation and remembers the hour it was spent in", () => {
    const { account } = admitted(anAccount(), aRequest(), at("12:00"));

    const posting = settle(account, nightly(1), usage("12:00:01", "12:01:01"), at("12:02"));

    const spend = { startAt: at("12:00:01"), endAt: at("12:01:01"), rate: 4, units: 240 };
    expect(posting.reservation).toMatchObject({ state: "settled", spend });
    expect(posting.account.spends).toEqual([spend]);
  });

  it("may leave the balance below zero only by what nobody held", () => {
    const { account } = admitted(anAccount({ balance: 2_400 }), aRequest(), at("12:00"));

    const posting = settle(account, nightly(1), usage("12:00", "12:10:01"), at("12:11"));

    expect(statement(posting.entries)).toEqual([
      "3. 12:11:00 settle 2400 (ended): held 0, left 0",
      "4. 12:11:00 adjust -4 (overrun): held 0, left -4",
    ]);
  });
});

describe("a configured balance", () => {
  const spent = follow(
    anAccount({ balance: 3_000 }),
    (a) => admitted(a, aRequest(), at("12:00")),
    (a) => settle(a, nightly(1), usage("12:00", "12:10"), at("12:10")),
  ).account;

  it("is not refilled when the same configuration is applied again", () => {
    const posting = applyLimits(spent, { balance: 3_000 }, at("13:00"));

    expect(posting).toEqual({ account: spent, entries: [] });
    expect(posting.account).toBe(spent);
    expect(posting.account.balance).toBe(600);
  });

  it("is left alone when only other limits change", () => {
    const limits = { balance: 3_000, unitsPerHour: 5_000 };
    const { account, entries } = applyLimits(spent, limits, at("13:00"));

    expect(entries).toEqual([]);
    expect(account).toMatchObject({ balance: 600, limits: { unitsPerHour: 5_000 } });
    expect(account.version).toBe(spent.version + 1);
  });

  it("is set when the configuration asks for another one", () => {
    const posting = applyLimits(spent, { balance: 4_000 }, at("13:00"));

    expect(statement(posting.entries)).toEqual([
      "4. 13:00:00 setBalance 4000 (configured): held 0, left 4000",
    ]);
    expect(posting.account.configuredBalance).toBe(4_000);
  });

  it("is taken away when the configuration no longer has one", () => {
    const { account, entries } = applyLimits(spent, {}, at("13:00"));

    expect(statement(entries)).toEqual([
      "4. 13:00:00 setBalance no limit (configured): held 0, left no limit",
    ]);
    expect(account).not.toHaveProperty("balance");
    expect(account).not.toHaveProperty("configuredBalance");
  });

  it("does not undo a top up made by hand", () => {
    const topped = topUp(spent, { units: 900, reason: "by olga" }, at("12:30")).account;

    expect(applyLimits(topped, { balance: 3_000 }, at("13:00")).account.balance).toBe(1_500);
  });
});

describe("a limit that somebody set over a configured one", () => {
  const configured = applyLimits(
    openAccount(projectId("demo")),
    { unitsPerHour: 9_000, unitsPerExecution: 600, concurrentRuns: 2 },
    at("12:00"),
  ).account;
  const raised = setLimits(configured, { ...configured.limits, unitsPerHour: 20_000 }, at("12:01"));

  it("is no movement of units, and no change where it is the same", () => {
    const again = setLimits(raised.account, { ...raised.account.limits }, at("12:02"));

    expect(raised.entries).toEqual([]);
    expect(raised.account.version).toBe(configured.version + 1);
    expect(again.account).toBe(raised.account);
  });

  it("survives the same configuration", () => {
    const posting = applyLimits(raised.account, configured.limits, at("13:00"));

    expect(posting.account).toBe(raised.account);
  });

  it("survives a configuration that changes another limit", () => {
    const wanted = { ...configured.limits, concurrentRuns: 4 };

    const { account } = applyLimits(raised.account, wanted, at("13:00"));

    expect(account.limits).toEqual({
      unitsPerHour: 20_000,
      unitsPerExecution: 600,
      concurrentRuns: 4,
    });
    expect(account.configuredLimits).toEqual(wanted);
  });

  it("gives way to a configuration that changes that limit, or takes it away", () => {
    const lowered = { ...configured.limits, unitsPerHour: 8_000 };
    const { unitsPerHour: _gone, ...without } = configured.limits;

    expect(applyLimits(raised.account, lowered, at("13:00")).account.limits).toEqual(lowered);
    expect(applyLimits(raised.account, without, at("13:00")).account.limits).toEqual(without);
  });

  it("is remembered as configured no longer than it differs", () => {
    const wanted = { ...configured.limits, unitsPerHour: 20_000 };

    const { account } = applyLimits(raised.account, wanted, at("13:00"));

    expect(account.limits).toEqual(wanted);
    expect(account).not.toHaveProperty("configuredLimits");
  });
});

describe("an account without a balance", () => {
  it("writes top ups and adjustments down and stays without one", () => {
    const { account, entries } = follow(
      anAccount(),
      (a) => topUp(a, { units: 5, reason: "by olga" }, at("12:00")),
      (a) => adjust(a, { units: -5, reason: "spent elsewhere" }, at("12:01")),
    );

    expect(entries).toHaveLength(2);
    expect(account).not.toHaveProperty("balance");
  });
});

describe("an amount that validated input cannot hold", () => {
  it.each([0, -1, 0.5, Number.NaN])("is a bug as a top up of %d", (units) => {
    expect(() => topUp(anAccount(), { units, reason: "" }, at("12:00"))).toThrow("Invariant");
  });

  it("is a bug as a balance or an adjustment with a fraction", () => {
    const change = { units: 0.5, reason: "" };

    expect(() => setBalance(anAccount(), change, at("12:00"))).toThrow("Invariant");
    expect(() => adjust(anAccount(), change, at("12:00"))).toThrow("Invariant");
  });
});

describe("the row of an account", () => {
  it("is plain JSON and stays under 2 KB with two attempts running and ten in the hour", () => {
    let account = anAccount({ balance: 1_000_000, unitsPerHour: 90_000, concurrentRuns: 4 });
    for (let minute = 10; minute < 20; minute += 1) {
      const request = aRequest({ attempt: nightly(minute), timeoutMs: 30_000 });
      account = admitted(account, request, at(`12:${minute}`)).account;
      const used = usage(`12:${minute}:01`, `12:${minute}:21`);
      account = settle(account, request.attempt, used, at(`12:${minute}:30`)).account;
    }
    account = admitted(account, aRequest({ attempt: nightly(1) }), at("12:30")).account;
    account = admitted(account, aRequest({ attempt: nightly(2) }), at("12:31")).account;

    const row = JSON.stringify(account);

    expect(JSON.parse(row)).toEqual(account);
    expect(account.spends).toHaveLength(10);
    expect(row.length).toBeLessThan(2_048);
  });
});
