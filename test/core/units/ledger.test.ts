import { describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { settle } from "../../../shared/core/units/account.ts";
import { EMPTY_POSITION, rebuild, type Entry } from "../../../shared/core/units/ledger.ts";
import { aRequest, admitted, anAccount, at, nightly } from "../../support/account-builder.ts";

const demo = projectId("demo");
const holding = admitted(anAccount(), aRequest(), at("12:00"));
const usage = { startedAt: at("12:00"), finishedAt: at("12:01"), rate: 4 };
const settling = settle(holding.account, nightly(1), usage, at("12:02"));
const ledger: readonly Entry[] = [...holding.entries, ...settling.entries];

describe("an account rebuilt from its ledger", () => {
  it("has the numbers, the open reservations and the hour of the account", () => {
    const { seq, at: lastAt, held, open, spends } = holding.account;

    expect(rebuild(demo, holding.entries)).toEqual({ seq, at: lastAt, held, open, spends });
  });

  it("is empty where there are no entries", () => {
    expect(rebuild(demo, [])).toEqual(EMPTY_POSITION);
  });

  it("survives a store that keeps entries as JSON", () => {
    const kept = JSON.parse(JSON.stringify(ledger)) as Entry[];

    expect(rebuild(demo, kept)).toEqual(rebuild(demo, ledger));
  });
});

describe("a ledger that was tampered with", () => {
  const [hold, settled] = ledger as [Entry, Entry];

  it.each<[string, readonly Entry[]]>([
    ["a held sum that does not follow", [{ ...hold, heldAfter: 1 }, settled]],
    ["a balance from nowhere", [{ ...hold, balanceAfter: 1 }, settled]],
    ["a gap in its numbers", [hold, { ...settled, seq: 3 }]],
  ])("is refused for %s", (_what, entries) => {
    expect(() => rebuild(demo, entries)).toThrow(
      expect.objectContaining({ code: "STORE_CORRUPT" }) as Error,
    );
  });

  it("says where, what was expected and what was found", () => {
    expect(() => rebuild(demo, [{ ...hold, heldAfter: 1 }])).toThrow(
      "The ledger of project demo does not add up at entry 1: expected #1, 2400 held, no balance;" +
        " found #1, 1 held, no balance. The account was not rebuilt.",
    );
  });
});
