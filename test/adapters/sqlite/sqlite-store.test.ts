import { statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { SqliteStore } from "../../../shared/adapters/sqlite/sqlite-store.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import { anItem, contractTables, countersTable, itemsTable } from "../../contract/store-tables.ts";
import { counterOf, putCounter, putRows } from "../../contract/store-verbs.ts";
import { makeSqliteHarness, type SqliteHarness } from "./sqlite-harness.ts";

const notesTable = defineTable("notes", { id: "text", gone_at: "expiry" }, ["id"]);

let harness: SqliteHarness;
let store: SqliteStore;
beforeEach(async () => {
  harness = makeSqliteHarness([...contractTables, notesTable]);
  store = await harness.open();
});
afterEach(async () => {
  await harness.dispose();
});

describe("the files of a store", () => {
  it("are for their user alone, log and index included", async () => {
    await putCounter(store, "n", 1);

    const modes = ["", "-wal", "-shm"].map((end) => statSync(harness.path + end).mode & 0o777);

    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(dirname(harness.path)).mode & 0o777).toBe(0o700);
  });

  it("cannot be where a folder cannot be made", async () => {
    const path = `${harness.path}/below-a-file/orrery.db`;
    await expect(async () => await harness.open({ path })).rejects.toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringContaining(path) as string,
    });
  });
});

describe("a store whose file another connection is writing", () => {
  let holder: DatabaseSync;
  beforeEach(() => {
    holder = new DatabaseSync(harness.path);
    holder.exec("BEGIN IMMEDIATE");
  });
  afterEach(() => {
    holder.close();
  });

  it("waits without blocking the process, then commits", async () => {
    const writing = putCounter(store, "n", 1);
    await setImmediate();
    holder.exec("COMMIT");

    await writing;

    expect(await counterOf(store, "n")).toBe(1);
  });

  it("gives up after its timeout and says for whom, where and what next", async () => {
    const impatient = await harness.open({ busyTimeoutMs: 20 });

    await expect(putCounter(impatient, "n", 1)).rejects.toMatchObject({
      code: "STORE_BUSY",
      retry: "always",
      message: expect.stringMatching(/put rows.*orrery\.db.*may be tried again/) as string,
    });

    holder.exec("ROLLBACK");
    await putCounter(impatient, "n", 2);
    expect(await counterOf(store, "n")).toBe(2);
  });

  it("still reads", async () => {
    expect(await counterOf(store, "n")).toBeUndefined();
  });
});

describe("a commit that fails half way", () => {
  it("leaves no trace, and the store goes on", async () => {
    const saboteur = new DatabaseSync(harness.path);
    saboteur.exec(`CREATE TRIGGER sabotage BEFORE INSERT ON counters WHEN NEW.value = 13
      BEGIN SELECT RAISE(ABORT, 'sabotaged'); END`);
    saboteur.close();

    const writing = store.transact("half", (tx) => {
      tx.put(itemsTable, anItem());
      tx.put(countersTable, { name: "n", value: 13 });
      return Promise.resolve();
    });
    await expect(writing).rejects.toThrow("sabotaged");
    await putCounter(store, "n", 14);

    const rows = await store.snapshot(async (reader) => [
      await reader.get(itemsTable, anItem()),
      await reader.get(countersTable, { name: "n" }),
    ]);
    expect(rows).toEqual([undefined, { name: "n", value: 14 }]);
  });
});

describe("a long chain of transactions", () => {
  it("lets everything else in the process have its turn", async () => {
    let done = 0;
    const chain = (async () => {
      for (; done < 200; done++) await putCounter(store, "n", done);
    })();
    await setImmediate();
    const seen = done;
    await chain;
    expect(seen).toBeLessThan(50);
  });
});

describe("whether a file changed elsewhere", () => {
  it("is false at first and after our own commits, however many", async () => {
    expect(store.changedElsewhere()).toBe(false);
    // Enough pages for several checkpoints, which start the log over.
    for (let shelf = 0; shelf < 30; shelf++) {
      const rows = Array.from({ length: 100 }, (_row, place) =>
        anItem({ shelf: String(shelf), place, title: "x".repeat(8_000) }),
      );
      await putRows(store, itemsTable, rows);
      await store.snapshot(async (reader) => await reader.scan(itemsTable, { limit: 1 }));
      expect(store.changedElsewhere()).toBe(false);
    }
    await store.sweepExpired(instant(1), 10);
    expect(store.changedElsewhere()).toBe(false);
  });

  it("is true once after another store committed", async () => {
    const other = await harness.open();
    await putCounter(other, "n", 1);
    await putCounter(other, "n", 2);
    expect([store.changedElsewhere(), store.changedElsewhere()]).toEqual([true, false]);

    await putCounter(store, "n", 3);
    expect([store.changedElsewhere(), other.changedElsewhere()]).toEqual([false, true]);
  });

  it("is told even when our own commit came after theirs", async () => {
    const other = await harness.open();
    await putCounter(other, "n", 1);
    await putCounter(store, "n", 2);
    expect(store.changedElsewhere()).toBe(true);
  });

  it("is false after a body elsewhere that threw or wrote nothing", async () => {
    const other = await harness.open();
    await counterOf(other, "n");
    await other.transact("nothing", () => Promise.resolve());
    const failing = other.transact("throw", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
    expect(store.changedElsewhere()).toBe(false);
  });
});

describe("rows that expired", () => {
  const places = async (): Promise<readonly number[]> =>
    await store.snapshot(async (reader) =>
      (await reader.scan(itemsTable, { limit: 900 })).map(({ place }) => place),
    );

  it("go in sweeps of bounded size, oldest first; others stay", async () => {
    const expiries = [500, 400, 300, 1_000, null, 999];
    const rows = expiries.map((expireAt, place) => anItem({ place, expire_at: expireAt }));
    await putRows(store, itemsTable, rows);

    expect(await store.sweepExpired(instant(1_000), 2)).toBe(2);
    expect(await places()).toEqual([0, 3, 4, 5]);
    expect(await store.sweepExpired(instant(1_000), 2)).toBe(2);
    expect(await store.sweepExpired(instant(1_000), 2)).toBe(0);
    expect(await places()).toEqual([3, 4]);
  });

  it("share the bound between the tables", async () => {
    await putRows(
      store,
      itemsTable,
      [1, 2].map((place) => anItem({ place, expire_at: 1 })),
    );
    await putRows(
      store,
      notesTable,
      ["a", "b"].map((id) => ({ id, gone_at: 1 })),
    );
    const sweep = async (): Promise<number> => await store.sweepExpired(instant(9), 3);
    expect([await sweep(), await sweep(), await sweep()]).toEqual([3, 1, 0]);
  });

  it("stay when their expiry was moved or taken back", async () => {
    for (const expireAt of [1, null]) {
      await putRows(store, itemsTable, [anItem({ expire_at: expireAt })]);
    }
    expect(await store.sweepExpired(instant(9), 10)).toBe(0);
  });

  it.each([0, 901])("are not swept %d at a time", async (limit) => {
    await expect(store.sweepExpired(instant(9), limit)).rejects.toThrow(/1 to 900/);
  });
});
