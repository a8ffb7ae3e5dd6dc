import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { CommittedTransaction } from "./double.ts";
import { openWorld, type Tx, type World } from "./world.ts";

let world: World;
beforeEach(async () => {
  world = await openWorld();
  await world.put(["ada", 1n, "one"], ["ada", 3n, "three"], ["bob", 1n, "x"]);
  world.double.reset();
});
afterEach(async () => await world.close());

type Step = (tx: Tx) => Promise<unknown>;

/** What the first transaction reads; what another commits meanwhile; whether the first must fail. */
const MEETINGS: readonly (readonly [string, Step, Step, boolean])[] = [
  [
    "a row it read is overwritten",
    (tx) => tx.get("ada", 1n),
    (tx) => tx.put("ada", 1n, "new"),
    true,
  ],
  ["a row it read is deleted", (tx) => tx.get("ada", 1n), (tx) => tx.remove("ada", 1n), true],
  [
    "a row it read is overwritten with what it held",
    (tx) => tx.get("ada", 1n),
    (tx) => tx.put("ada", 1n, "one"),
    true,
  ],
  ["a row it missed is made", (tx) => tx.get("ada", 2n), (tx) => tx.put("ada", 2n, "new"), true],
  ["a key it missed is deleted", (tx) => tx.get("ada", 2n), (tx) => tx.remove("ada", 2n), true],
  [
    "a row beside the one it read changes",
    (tx) => tx.get("ada", 1n),
    (tx) => tx.put("ada", 2n, "new"),
    false,
  ],
  ["a row of its range changes", (tx) => tx.scan("ada"), (tx) => tx.put("ada", 3n, "new"), true],
  [
    "a row appears inside its range",
    (tx) => tx.scan("ada"),
    (tx) => tx.put("ada", 2n, "phantom"),
    true,
  ],
  [
    "a row appears at the end of its range",
    (tx) => tx.scan("ada"),
    (tx) => tx.put("ada", 9n, "phantom"),
    true,
  ],
  [
    "a row appears in its range, which was empty",
    (tx) => tx.scan("eve"),
    (tx) => tx.put("eve", 1n, "phantom"),
    true,
  ],
  [
    "a row appears behind where its limit cut it off",
    (tx) => tx.scan("ada", 1),
    (tx) => tx.put("ada", 9n, "new"),
    true,
  ],
  [
    "a row appears before its range",
    (tx) => tx.scan("ada"),
    (tx) => tx.put("aaa", 1n, "new"),
    false,
  ],
  [
    "a row appears behind its range",
    (tx) => tx.scan("ada"),
    (tx) => tx.put("adaa", 1n, "new"),
    false,
  ],
  ["nothing is written", (tx) => tx.scan("ada"), (tx) => tx.scan("ada"), false],
  ["it read nothing", () => Promise.resolve(), (tx) => tx.put("own", 1n, "theirs"), false],
];

describe("a transaction that writes, where meanwhile", () => {
  it.each(MEETINGS)("%s", async (_what, read, meanwhile, fails) => {
    const first = await world.begin();
    const second = await world.begin();
    await read(first);
    await meanwhile(second);
    await second.commit();
    await first.put("own", 1n, "mine");

    const { status, message, issueCode } = await first.commit();

    expect(status).toBe(fails ? "ABORTED" : "SUCCESS");
    if (fails)
      expect([message, issueCode]).toEqual(["Transaction locks invalidated. Table: things", 2001]);
    expect(world.rows().includes("own 1 mine")).toBe(!fails);
    expect(world.double.counters.conflicts).toBe(fails ? 1 : 0);
  });

  it("two read what the other writes, the second to commit fails: no write skew", async () => {
    const first = await world.begin();
    const second = await world.begin();
    await first.get("ada", 1n);
    await second.get("bob", 1n);
    await first.put("bob", 1n, "from ada");
    await second.put("ada", 1n, "from bob");

    const ends = [await first.commit(), await second.commit()];

    expect(ends.map(({ status }) => status)).toEqual(["SUCCESS", "ABORTED"]);
    expect(world.rows()).toEqual(["ada 1 one", "ada 3 three", "bob 1 from ada"]);
    expect(world.double.counters.conflictsByTable).toEqual(new Map([["things", 1]]));
  });

  it("both read and write one row, the first to commit wins, whoever began first", async () => {
    const first = await world.begin();
    const second = await world.begin();
    await first.get("ada", 1n);
    await second.get("ada", 1n);
    await first.put("ada", 1n, "first");
    await second.put("ada", 1n, "second");

    const ends = [await second.commit(), await first.commit()];

    expect(ends.map(({ status }) => status)).toEqual(["SUCCESS", "ABORTED"]);
    expect(world.rows()).toContain("ada 1 second");
  });
});

describe("a transaction", () => {
  it("meets no commit from before its snapshot, however long others remember it", async () => {
    const older = await world.begin("snapshotReadOnly");
    await older.get("ada", 1n);
    await world.put(["ada", 1n, "before"]);
    const tx = await world.begin();
    await tx.get("ada", 1n);
    await tx.put("ada", 1n, "after");

    expect((await tx.commit()).status).toBe("SUCCESS");
    expect((await older.get("ada", 1n)).results[0]?.rows[0]?.[2]).toBe("one");
  });

  it("sees the state of its first statement to its end", async () => {
    const tx = await world.begin();
    await tx.get("bob", 1n);
    await world.put(["ada", 1n, "later"], ["ada", 2n, "later"]);

    const { results } = await tx.scan("ada");

    expect(results[0]?.rows.map((row) => row[2])).toEqual(["one", "three"]);
  });

  it("holds where it wrote nothing, whatever happened since: it was at its snapshot", async () => {
    const tx = await world.begin();
    await tx.scan("ada");
    await world.put(["ada", 1n, "later"]);

    const { status } = await tx.commit();

    expect(status).toBe("SUCCESS");
  });

  it("shows its writes to nobody before its commit", async () => {
    const tx = await world.begin();
    await tx.put("ada", 1n, "uncommitted");
    expect(world.rows()).toContain("ada 1 one");

    await tx.commit();
    expect(world.rows()).toContain("ada 1 uncommitted");
  });

  it("does not read after it wrote, not even in the same request", async () => {
    const tx = await world.begin();
    await tx.put("ada", 1n, "new");

    const { status, message } = await tx.get("bob", 1n);

    expect([status, message]).toEqual([
      "BAD_REQUEST",
      "things is read after a write of the same transaction",
    ]);
    expect(await tx.commit()).toMatchObject({ status: "NOT_FOUND", issueCode: 2015 });
    expect(world.rows()).toContain("ada 1 one");
  });

  it("does not write a key twice, in whichever request and by whichever verb", async () => {
    const tx = await world.begin();
    await tx.put("ada", 1n, "new");

    const { status, message } = await tx.remove("ada", 1n);

    expect([status, message]).toEqual(["BAD_REQUEST", "A key of things is written twice"]);
  });

  it("keeps the latest of two blind writes", async () => {
    const first = await world.begin();
    const second = await world.begin();
    await first.put("ada", 1n, "first");
    await second.put("ada", 1n, "second");

    const ends = [await second.commit(), await first.commit()];

    expect(ends.map(({ status }) => status)).toEqual(["SUCCESS", "SUCCESS"]);
    expect(world.rows()).toContain("ada 1 first");
  });
});

describe("a snapshot", () => {
  it("reads one state and is never aborted", async () => {
    const snapshot = await world.begin("snapshotReadOnly");
    await snapshot.get("ada", 1n);
    await world.put(["ada", 1n, "later"], ["ada", 2n, "later"]);

    const { results } = await snapshot.scan("ada");

    expect(results[0]?.rows.map((row) => row[2])).toEqual(["one", "three"]);
    expect((await snapshot.commit()).status).toBe("SUCCESS");
  });

  it("still sees a row that was deleted, and forgets it with its end", async () => {
    const snapshot = await world.begin("snapshotReadOnly");
    await snapshot.get("bob", 1n);
    const tx = await world.begin();
    await tx.remove("ada", 1n);
    await tx.commit();

    expect((await snapshot.get("ada", 1n)).results[0]?.rows).toHaveLength(1);
    await snapshot.commit();
    expect(world.rows()).toEqual(["ada 3 three", "bob 1 x"]);
  });

  it("refuses to write", async () => {
    const snapshot = await world.begin("snapshotReadOnly");

    const { status, message } = await snapshot.put("ada", 1n, "new");

    expect([status, message]).toEqual([
      "BAD_REQUEST",
      "Operation can't be performed in read only transaction",
    ]);
  });
});

describe("the history of commits", () => {
  it("tells what each transaction read and wrote, in their order", async () => {
    const history: CommittedTransaction[] = [];
    world.double.onCommit((transaction) => history.push(transaction));
    const tx = await world.begin();
    await tx.get("ada", 1n);
    await tx.scan("bob", 5);
    await world.put(["eve", 1n, "between"]);
    await tx.put("ada", 1n, "new");
    await tx.commit();

    const row = { owner: "ada", rank: 1n, note: "one", expire_at: null };
    const bob = { owner: "bob", rank: 1n, note: "x", expire_at: null };
    expect(history).toMatchObject([
      { snapshot: 1, commit: 2, reads: [], writes: [{ table: "things", row: { owner: "eve" } }] },
      {
        database: "/local",
        snapshot: 1,
        commit: 3,
        reads: [
          { table: "things", limit: 1, found: [{ row }] },
          { table: "things", limit: 5, isDescending: false, found: [{ row: bob }] },
        ],
        writes: [{ table: "things", row: { ...row, note: "new" } }],
      },
    ]);
    const [read, range] = history[1]?.reads ?? [];
    expect(read?.found[0]?.key).toBe(read?.from);
    expect(history[1]?.writes[0]?.key).toBe(read?.from);
    const key = range?.found[0]?.key ?? "";
    expect([range?.from, key, range?.to].sort()).toEqual([range?.from, key, range?.to]);
  });

  it("has a deleted row as undefined, and no transaction that was aborted", async () => {
    const history: CommittedTransaction[] = [];
    const loser = await world.begin();
    await loser.get("bob", 1n);
    await loser.put("bob", 2n, "lost");
    world.double.onCommit((transaction) => history.push(transaction));
    const tx = await world.begin();
    await tx.remove("bob", 1n);
    await tx.commit();

    await loser.commit();

    expect(history.map(({ writes }) => writes.map(({ row }) => row))).toEqual([[undefined]]);
  });
});
