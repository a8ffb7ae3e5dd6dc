import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { accountFlaws } from "../../../shared/core/units/account-flaws.ts";
import type { LedgerDifference } from "../../../shared/core/units/entry-flaws.ts";
import type { Entry } from "../../../shared/core/units/ledger.ts";
import {
  beginWalk,
  endWalk,
  missThrough,
  tell,
  walkRow,
} from "../../../shared/core/units/verify-ledger.ts";
import { aLedger, attemptOf, happenings, type Ledger } from "../../support/a-ledger.ts";

/** What a verification tells of a ledger in rows of three. */
function told({ account, entries }: Ledger): readonly LedgerDifference[] {
  const walk = beginWalk();
  for (let start = 0; start < entries.length; start += 3) {
    const row = entries.slice(start, start + 3);
    walkRow(walk, { first: row[0]?.seq ?? 0, entries: row });
  }
  missThrough(walk, account.seq);
  endWalk(walk);
  tell(walk, ...accountFlaws(account, walk.position));
  expect(walk.differenceCount).toBeGreaterThanOrEqual(walk.differences.length);
  return walk.differences;
}

function withEntry(ledger: Ledger, seq: number, change: (entry: Entry) => object): Ledger {
  const entries = ledger.entries.map((entry) =>
    entry.seq === seq ? (change(entry) as Entry) : entry,
  );
  return { ...ledger, entries };
}

/** 100,000 units, of which one execution spends 40, one overruns by 40, one never ran and one runs. */
const life: Ledger = aLedger([
  { kind: "setBalance", units: 100_000, afterMs: SECOND_MS },
  { kind: "admit", rate: 4, timeoutMs: MINUTE_MS, afterMs: SECOND_MS },
  { kind: "settle", pick: 0, ranMs: 10 * SECOND_MS, afterMs: MINUTE_MS },
  { kind: "admit", rate: 4, timeoutMs: MINUTE_MS, afterMs: SECOND_MS },
  { kind: "settle", pick: 0, ranMs: 71 * SECOND_MS, afterMs: 2 * MINUTE_MS },
  { kind: "admit", rate: 4, timeoutMs: MINUTE_MS, afterMs: SECOND_MS },
  { kind: "release", pick: 0, afterMs: SECOND_MS },
  { kind: "topUp", units: 500, afterMs: SECOND_MS },
  { kind: "adjust", units: 300, afterMs: SECOND_MS },
  { kind: "admit", rate: 72, timeoutMs: MINUTE_MS, afterMs: SECOND_MS },
]);

describe("a ledger that its account wrote", () => {
  it("has entries of every kind", () => {
    expect(life.entries.map(({ kind }) => kind)).toEqual([
      ...["setBalance", "hold", "settle", "hold", "settle", "adjust", "hold", "release"],
      ...["topUp", "adjust", "hold"],
    ]);
  });

  it("is sound, whatever happened to it", () => {
    fc.assert(
      fc.property(happenings, (all) => {
        expect(told(aLedger(all))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });

  it("is sound with an account that was written before it knew what it was funded with", () => {
    const { funded, ...account } = life.account;

    expect(funded).toBe(100_000 - 40 - 284 + 500);
    expect(told({ ...life, account })).toEqual([]);
  });
});

type Held = Extract<Entry, { kind: "hold" }>;
const withSpend = (entry: Entry, change: (spend: Held["spend"]) => object): object => ({
  ...entry,
  spend: change((entry as Held).spend),
});

describe("an entry that was changed", () => {
  it.each<readonly [seq: number, what: string, (entry: Entry) => object]>([
    [1, "units", (entry) => ({ ...entry, units: 100_001 })],
    [1, "units taken away", (entry) => ({ ...entry, units: null })],
    [1, "kind", (entry) => ({ ...entry, kind: "topUp" })],
    [2, "units", (entry) => ({ ...entry, units: 244 })],
    [
      2,
      "units, in both places",
      (e) => withSpend({ ...e, units: 244 }, (s) => ({ ...s, units: 244 })),
    ],
    [2, "spend's units", (entry) => withSpend(entry, (spend) => ({ ...spend, units: 244 }))],
    [2, "spend's rate", (entry) => withSpend(entry, (spend) => ({ ...spend, rate: 7 }))],
    [2, "spend's rate, to none", (entry) => withSpend(entry, (spend) => ({ ...spend, rate: 0 }))],
    [2, "spend's start", (e) => withSpend(e, (s) => ({ ...s, startAt: plusMs(s.startAt, -1) }))],
    [2, "spend's end", (e) => withSpend(e, (s) => ({ ...s, endAt: plusMs(s.endAt, -1) }))],
    [2, "reservation", (entry) => ({ ...entry, reservation: attemptOf(99) })],
    [2, "instant", (entry) => ({ ...entry, at: plusMs(entry.at, -SECOND_MS - 1) })],
    [3, "units", (entry) => ({ ...entry, units: 39 })],
    [3, "spend's units", (entry) => withSpend(entry, (spend) => ({ ...spend, units: 44 }))],
    [3, "spend's rate", (entry) => withSpend(entry, (spend) => ({ ...spend, rate: 8 }))],
    [3, "spend's start", (e) => withSpend(e, (s) => ({ ...s, startAt: plusMs(s.startAt, -1) }))],
    [3, "spend's end", (e) => withSpend(e, (s) => ({ ...s, endAt: plusMs(s.endAt, 1) }))],
    [3, "reservation", (entry) => ({ ...entry, reservation: attemptOf(3) })],
    [3, "kind", (entry) => ({ ...entry, kind: "release" })],
    [4, "attempt, to one that was held before", (e) => ({ ...e, reservation: attemptOf(1) })],
    [6, "units of what an overrun took", (entry) => ({ ...entry, units: -43 })],
    [6, "attempt", (entry) => ({ ...entry, reservation: attemptOf(1) })],
    [6, "attempt, to none", (e) => ({ ...e, reservation: undefined })],
    [8, "units", (entry) => ({ ...entry, units: 239 })],
    [8, "attempt", (entry) => ({ ...entry, reservation: attemptOf(1) })],
    [9, "units", (entry) => ({ ...entry, units: 501 })],
    [9, "instant", (entry) => ({ ...entry, at: plusMs(entry.at, -SECOND_MS - 1) })],
    [9, "units below zero", (entry) => ({ ...entry, units: -500 })],
    [10, "attempt", (entry) => ({ ...entry, reservation: attemptOf(5) })],
    [10, "units", (entry) => ({ ...entry, units: -301 })],
    [11, "heldAfter", (entry) => ({ ...entry, heldAfter: entry.heldAfter + 72 })],
    [11, "balanceAfter", (entry) => ({ ...entry, balanceAfter: undefined })],
    [11, "instant", (entry) => ({ ...entry, at: plusMs(entry.at, 1) })],
  ])("#%i is found: its %s", (seq, _what, change) => {
    const differences = told(withEntry(life, seq, change));

    expect(differences[0]?.place).toMatch(
      new RegExp(`^(entry|behind entry) #(${seq - 1}|${seq}|${seq + 1})$`),
    );
    // Where it begins, and not at every entry behind it.
    expect(differences.length).toBeLessThanOrEqual(5);
  });

  it("is found where all that it says of an attempt was said of another one before", () => {
    const entries = life.entries.map((entry) =>
      entry.seq >= 4 && entry.seq <= 6 ? { ...entry, reservation: attemptOf(1) } : entry,
    );

    expect(told({ ...life, entries: entries })).toEqual([
      {
        place: "entry #4",
        expected: "an attempt that was never held",
        found: `${attemptOf(1)} once more`,
      },
    ]);
  });

  it("is found wherever it is and whatever of its sums or units was changed", () => {
    const change = fc.constantFrom("units", "heldAfter", "balanceAfter");
    const by = fc.integer({ min: -5_000, max: 5_000 }).filter((units) => units !== 0);
    fc.assert(
      fc.property(happenings, fc.nat(), change, by, (all, at, field, units) => {
        const ledger = aLedger(all);
        const index = at % Math.max(1, ledger.entries.length);
        const entry = ledger.entries[index];
        fc.pre(entry !== undefined);
        const before = (entry as unknown as Record<string, number | null | undefined>)[field] ?? 0;
        // Without a balance a top up changes nothing, however many units it has.
        const isMoot = field === "units" && entry.balanceAfter === undefined;
        fc.pre(!isMoot || !["topUp", "adjust"].includes(entry.kind));
        const changed = withEntry(ledger, entry.seq, (e) => ({ ...e, [field]: before + units }));

        expect(told(changed)).not.toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("an account that was changed", () => {
  const { account } = life;
  const [open] = account.open;
  const [spend] = account.spends;
  it.each([
    ["the account's last entry", { seq: account.seq - 1 }],
    ["entry #12", { seq: account.seq + 1 }],
    ["the account's instant", { at: plusMs(account.at, 1) }],
    ["the account's balance", { balance: 1 }],
    ["the account's balance", { balance: undefined }],
    ["what the account was funded with", { funded: 1 }],
    ["the units that the account holds", { held: account.held - 1 }],
    ["the reservation of", { open: [] }],
    ["the reservation of", { open: [open, open] }],
    ["the reservation of", { open: [{ ...open, units: 4 }] }],
    ["the reservation of", { open: [{ ...open, rate: 71 }] }],
    ["the reservation of", { open: [{ ...open, attempt: attemptOf(98) }] }],
    ["the reservation of", { open: [{ ...open, endAt: plusMs(account.at, 1) }] }],
    ["the account's trailing hour", { spends: [] }],
    ["the account's trailing hour", { spends: [{ ...spend, units: 1 }, account.spends[1]] }],
    ["the account's trailing hour", { spends: [...account.spends, spend] }],
  ])("is found by %s", (place, change) => {
    const differences = told({ ...life, account: { ...account, ...change } as Ledger["account"] });

    expect(differences.some((each) => each.place.includes(place))).toBe(true);
  });
});

describe("entries that are gone", () => {
  it.each(life.entries.map(({ seq }) => seq))("are found: #%i", (seq) => {
    const walk = beginWalk();
    for (const entry of life.entries) {
      if (entry.seq !== seq) walkRow(walk, { first: entry.seq, entries: [entry] });
    }
    missThrough(walk, life.account.seq);

    expect(walk.differences).toContainEqual({
      place: `entry #${seq}`,
      expected: "there",
      found: "missing",
    });
  });

  it("are told of together, and what they left open is nobody's fault", () => {
    const walk = beginWalk();
    const [first, , , , ...others] = life.entries;
    walkRow(walk, { first: 1, entries: first === undefined ? [] : [first] });
    walkRow(walk, { first: 5, entries: others });

    expect(walk.differences).toEqual([
      { place: "entries #2 to #4", expected: "there", found: "missing" },
    ]);
  });

  it("are not the only thing: a row that comes twice is told of and left out", () => {
    const walk = beginWalk();
    const row = { first: 1, entries: life.entries };
    walkRow(walk, row);
    walkRow(walk, row);

    expect(walk.differences).toEqual([
      { place: "the row of entry #1", expected: "#12 next", found: "#1 again" },
    ]);
    expect(walk.entries).toBe(11);
  });
});

describe("many differences", () => {
  it("are counted, and the first of them told", () => {
    const walk = beginWalk();
    const seqs = Array.from({ length: limits.ledgerDifferences + 5 }, (_, index) => index + 1);
    const entries = seqs.map((seq) => ({ kind: "unreadable", seq, quoted: "{}" }) as const);
    walkRow(walk, { first: 1, entries });

    expect(walk.differences).toHaveLength(limits.ledgerDifferences);
    expect(walk.differences[0]).toEqual({ place: "entry #1", expected: "an entry", found: "{}" });
    expect(walk.differenceCount).toBe(limits.ledgerDifferences + 5);
  });
});
