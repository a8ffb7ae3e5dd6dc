import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf } from "../../../shared/core/ids.ts";
import type { Json } from "../../../shared/core/json.ts";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { accountsTable, entriesTable, runsTable } from "../../../shared/records/tables.ts";
import { verifyLedger } from "../../../shared/usecases/ledger/verify-ledger.ts";
import { aConfiguration, aSchedule, PROJECT } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  const schedules = [aSchedule({ timing: null, overlap: "allow" })];
  await world.apply(aConfiguration({ schedules, limits: { balance: 100_000 } }));
});
afterEach(async () => await world.close());

/** Ten runs that ended and one that runs: 22 entries, the first 16 of them in two rows of their own. */
async function live(): Promise<void> {
  for (let n = 0; n < 10; n += 1) {
    world.willRun("nightly", exits(10 * SECOND_MS));
    await world.askRun("nightly", `run-${n}`);
    await world.live(MINUTE_MS);
  }
  world.willRun("nightly", obeys);
  await world.askRun("nightly", "running");
  await world.live(MINUTE_MS);
}

const verify = async () => await verifyLedger(world.services, PROJECT);

type StoredEntry = readonly Json[];

/** Changes what is stored of an account, as a hand in the database would. */
async function inAccount(change: (body: Record<string, Json>) => Json): Promise<void> {
  await world.store.transact("corrupt", async (tx) => {
    const row = await tx.get(accountsTable, { project: PROJECT });
    if (row === undefined) throw new Error("there is an account");
    tx.put(accountsTable, { ...row, body: change(row.body as Record<string, Json>) });
  });
}

/** Changes a row of entries; without an answer it is gone. */
async function inRow(
  seq: number,
  change: (entries: readonly StoredEntry[]) => Json | undefined,
): Promise<void> {
  await world.store.transact("corrupt", async (tx) => {
    const row = await tx.get(entriesTable, { project: PROJECT, seq });
    if (row === undefined) throw new Error(`there is a row of entry ${seq}`);
    const body = change(row.body as readonly StoredEntry[]);
    if (body === undefined) tx.delete(entriesTable, { project: PROJECT, seq });
    else tx.put(entriesTable, { ...row, body });
  });
}

const withPart = (entry: StoredEntry, at: number, part: Json): StoredEntry => entry.with(at, part);

describe("a ledger that nobody touched", () => {
  it("is sound while its project works, and each of its entries was looked at", async () => {
    await live();

    expect(await verify()).toEqual({
      project: PROJECT,
      entries: 22,
      differences: [],
      differenceCount: 0,
    });
  });

  it("is sound where nothing ever happened, and where nobody knows the project", async () => {
    expect(await verify()).toMatchObject({ entries: 1, differences: [] });
    await inAccount(({ project: _project, ...body }) => body);
    const nobodys = await verifyLedger(world.services, "nobodys" as typeof PROJECT);
    expect(nobodys).toMatchObject({ entries: 0, differences: [] });
  });

  it("is the ledger of one instant, whatever is appended while it is read", async () => {
    await live();
    let pauses = 0;

    const verified = await verifyLedger(world.services, PROJECT, async () => {
      pauses += 1;
      world.willRun("nightly", exits(SECOND_MS));
      await world.askRun("nightly", `meanwhile-${pauses}`);
      await world.live(5 * MINUTE_MS);
    });

    expect(verified).toMatchObject({ entries: 22, differences: [] });
    expect(pauses).toBe(1);
    expect(await verify()).toMatchObject({ entries: 24, differences: [] });
  });

  it("is read to its end over as many pages as it has", async () => {
    await live();
    const rows = 2 * limits.ledgerVerifyRows + 1;
    await grow(rows * limits.accountTailEntries);
    let pauses = 0;

    const verified = await verifyLedger(world.services, PROJECT, async () => {
      pauses += 1;
      await Promise.resolve();
    });

    expect(verified).toMatchObject({ differenceCount: 0 });
    expect(verified.entries).toBeGreaterThan(rows * limits.accountTailEntries);
    expect(pauses).toBe(3);
  });

  it("is left where its reader is gone", async () => {
    await live();

    const leaving = verifyLedger(world.services, PROJECT, async () => {
      await Promise.reject(new Error("gone"));
    });

    await expect(leaving).rejects.toThrow("gone");
  });
});

/** Appends corrections that come to nothing, in rows as the product writes them. */
async function grow(entries: number): Promise<void> {
  const size = limits.accountTailEntries;
  await world.store.transact("grow", async (tx) => {
    const row = await tx.get(accountsTable, { project: PROJECT });
    const body = row?.body as { seq: number; at: number; held: number; balance: number };
    const tail = (row?.body as { tail: readonly StoredEntry[] }).tail;
    const entry = ["adjust", body.at, 0, body.held, body.balance, "by a test", null];
    let seq = body.seq - tail.length + 1;
    tx.put(entriesTable, { project: PROJECT, seq, body: tail });
    seq += tail.length;
    for (const last = seq + entries; seq < last; seq += size) {
      const eight = Array.from({ length: size }, () => entry);
      tx.put(entriesTable, { project: PROJECT, seq, body: eight });
    }
    if (row !== undefined) {
      tx.put(accountsTable, { ...row, body: { ...body, seq, tail: [entry] } });
    }
  });
}

describe("what was changed in the database", () => {
  beforeEach(async () => await live());

  // The first row has a balance, then holds and settlements in turn.
  it.each<readonly [string, number, number, Json]>([
    ["a kind", 2, 0, "release"],
    ["a kind that there is not", 2, 0, "spend"],
    ["an instant", 2, 1, 0],
    ["an instant that is none", 2, 1, 1e15],
    ["units", 2, 2, 44],
    ["units that are none", 2, 2, "40"],
    ["what was held after it", 2, 3, 4],
    ["what was left after it", 2, 4, 99_959],
    ["that nothing was left after it", 2, 4, null],
    ["a reason that is none", 2, 5, 5],
    ["an attempt", 2, 6, "nightly.20270115T000000Z.00000000.1"],
    ["an attempt that is none", 2, 6, "nightly"],
    ["a spend", 2, 7, [-70_000, 10_000, 4, 44]],
    ["a spend of another rate", 2, 7, [-70_000, 10_000, 8, 40]],
    ["a spend that is none", 2, 7, [0]],
    ["something behind it", 2, 8, "more"],
    ["a hold's spend", 1, 7, [1, 3_010_000, 4, 7_240]],
    ["the units of a balance", 0, 2, 99_999],
  ])("is found: %s", async (_what, at, part, value) => {
    await inRow(1, (entries) => {
      const entry = entries[at] ?? [];
      const changed = part < entry.length ? withPart(entry, part, value) : [...entry, value];
      return entries.with(at, changed);
    });

    const { differences } = await verify();

    expect(differences[0]?.place).toBe(`entry #${at + 1}`);
    expect(differences.length).toBeLessThan(6);
  });

  it("is found: a row that is gone", async () => {
    await inRow(9, () => undefined);

    const { differences, entries } = await verify();

    expect(entries).toBe(14);
    expect(differences[0]).toEqual({
      place: "entries #9 to #16",
      expected: "there",
      found: "missing",
    });
  });

  it("is found: the last row before the account's own entries", async () => {
    await inRow(9, () => undefined);
    await inAccount((body) => ({ ...body, tail: [] }));

    expect((await verify()).differences[0]?.place).toBe("entries #9 to #22");
  });

  it("is found: an entry that is gone from its row", async () => {
    await inRow(1, (entries) => entries.toSpliced(3, 2));

    expect((await verify()).differences.map(({ place }) => place)).toContain("entries #7 to #8");
  });

  it("is found: an entry too many in a row", async () => {
    await inRow(1, (entries) => [...entries, entries[0] ?? []]);

    expect((await verify()).differences.map(({ place }) => place)).toContain("the row of entry #9");
  });

  it("is found: a row of something else", async () => {
    await inRow(9, () => ({ entries: "none" }));

    expect((await verify()).differences[0]).toEqual({
      place: "entry #9",
      expected: "an entry",
      found: "null",
    });
  });

  it("is found: a row that the account does not know of", async () => {
    await world.store.transact("corrupt", async (tx) => {
      const row = await tx.get(entriesTable, { project: PROJECT, seq: 1 });
      if (row !== undefined) tx.put(entriesTable, { ...row, seq: 30 });
    });

    expect((await verify()).differences).toEqual([
      {
        place: "entry #30",
        expected: "nothing behind #22, the account's last",
        found: "a row of entries",
      },
    ]);
  });

  it.each<readonly [string, string, (body: Record<string, Json>) => Json]>([
    ["the account's balance", "balance", () => 1],
    ["what the account was funded with", "funded", () => 1],
    ["the units that the account holds", "held", () => 0],
    ["the account's instant", "at", (body) => Number(body["at"]) + 1],
    ["the account's trailing hour", "spends", () => []],
    ["the reservation of", "open", () => []],
    ["the account's row", "open", () => "none"],
    ["the account's row", "spends", () => [["x"]]],
    ["the account's row", "balance", () => "1"],
    ["entries #17 to #18", "tail", (body) => (body["tail"] as readonly Json[]).slice(2)],
    ["entry #17", "seq", () => 23],
    ["the row of entry #16", "seq", () => 21],
  ])("is found by %s: the account's %s", async (place, field, value) => {
    await inAccount((body) => ({ ...body, [field]: value(body) }));

    const { differences } = await verify();

    expect(differences.some((each) => each.place.includes(place))).toBe(true);
  });

  it("is found: an account that is gone while its entries are there", async () => {
    await world.store.transact("corrupt", async (tx) => {
      await Promise.resolve();
      tx.delete(accountsTable, { project: PROJECT });
    });

    expect((await verify()).differences).toEqual([
      {
        place: "entry #1",
        expected: "nothing behind #0, the account's last",
        found: "a row of entries",
      },
    ]);
  });

  it("is found: a run that is gone while it holds units", async () => {
    const run = (await world.runs()).find(({ state }) => state === "running");
    if (run === undefined) throw new Error("a run runs");
    await world.store.transact("lose", async (tx) => {
      await Promise.resolve();
      const { schedule, nominalAt: nominal_at, id } = run;
      tx.delete(runsTable, { schedule, nominal_at, run: id });
    });

    expect((await verify()).differences).toEqual([
      {
        place: `the reservation of ${attemptIdOf(run.id, 1)}`,
        expected: "a live attempt",
        found: "none: nobody closes it",
      },
    ]);
  });

  it("is no difference where an account is older than what it says of its funding", async () => {
    await inAccount(({ funded: _funded, ...body }) => body);

    expect((await verify()).differences).toEqual([]);
  });
});
