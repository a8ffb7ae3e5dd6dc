import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant } from "../../../shared/core/time/instant.ts";
import type { AnyTable } from "../../../shared/ports/store.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import { putRows } from "../../contract/store-verbs.ts";
import { makeSqliteHarness, type SqliteHarness } from "./sqlite-harness.ts";

const first = defineTable("things", { id: "text", size: "int" }, ["id"]);
const second = defineTable(
  "things",
  { id: "text", size: "int", name: "text", count: "int", body: "json", gone_at: "expiry" },
  ["id"],
);
const other = defineTable("others", { id: "text" }, ["id"]);

let harness: SqliteHarness;
beforeEach(() => {
  harness = makeSqliteHarness([]);
});
afterEach(async () => {
  await harness.dispose();
});

async function writeWith(...tables: AnyTable[]): Promise<void> {
  const store = await harness.open({ tables });
  await putRows(store, first, [{ id: "a", size: 1 }]);
  await store.close();
}

function editFile(statement: string): void {
  const database = new DatabaseSync(harness.path);
  database.exec(statement);
  database.close();
}

describe("a file of an older program", () => {
  it("gains the tables it lacks and keeps its rows", async () => {
    await writeWith(first);
    const store = await harness.open({ tables: [other, first] });
    await putRows(store, other, [{ id: "b" }]);
    const rows = await store.snapshot(async (reader) => [
      await reader.get(first, { id: "a" }),
      await reader.get(other, { id: "b" }),
    ]);
    expect(rows).toEqual([{ id: "a", size: 1 }, { id: "b" }]);
  });

  it("gains columns, which its rows answer with their empty values", async () => {
    await writeWith(first);
    const store = await harness.open({ tables: [second] });
    const row = await store.snapshot(async (reader) => await reader.get(second, { id: "a" }));
    expect(row).toEqual({ id: "a", size: 1, name: "", count: 0, body: null, gone_at: null });
  });

  it("sweeps by an expiry column it has gained", async () => {
    await writeWith(first);
    const store = await harness.open({ tables: [second] });
    const row = { id: "b", size: 0, name: "", count: 0, body: null, gone_at: 1 };
    await putRows(store, second, [row]);
    expect(await store.sweepExpired(instant(2), 10)).toBe(1);

    const database = new DatabaseSync(harness.path, { readOnly: true });
    const indexes = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index'").all();
    database.close();
    expect(indexes.map(({ name }) => name)).toEqual(["things_expiry"]);
  });

  it("opens unchanged the second time", async () => {
    await writeWith(first);
    await (await harness.open({ tables: [second, other] })).close();
    const before = readFileSync(harness.path);
    await (await harness.open({ tables: [second, other] })).close();
    expect(readFileSync(harness.path).equals(before)).toBe(true);
  });

  it("may be empty, as a file that was only just made", async () => {
    mkdirSync(dirname(harness.path));
    writeFileSync(harness.path, "");
    await writeWith(first);
  });
});

describe("a file that this program does not know", () => {
  const refuse = async (tables: readonly AnyTable[], message: RegExp): Promise<void> => {
    const before = readFileSync(harness.path);
    await expect(async () => await harness.open({ tables })).rejects.toMatchObject({
      code: "STORE_SCHEMA_UNKNOWN",
      message: expect.stringMatching(message) as string,
    });
    expect(readFileSync(harness.path).equals(before)).toBe(true);
    expect(readdirSync(dirname(harness.path))).toEqual(["orrery.db"]);
  };

  it("is refused for a table it has, and not one byte of it changes", async () => {
    await writeWith(first, other);
    await refuse([first], /the table others.*left as it is/);
  });

  it("is refused for a column it has", async () => {
    await writeWith(first);
    await (await harness.open({ tables: [second] })).close();
    await refuse([first], /things\.name/);
  });

  it("is refused for a column of another type", async () => {
    await writeWith(first);
    await refuse(
      [defineTable("things", { id: "text", size: "text" }, ["id"])],
      /things\.size of type int/,
    );
  });

  it("is refused for another key", async () => {
    await writeWith(first);
    await refuse(
      [defineTable("things", { id: "text", size: "int" }, ["id", "size"])],
      /things\.size/,
    );
    const longer = defineTable("things", { id: "text", size: "int", b: "int" }, ["id", "b"]);
    await refuse([longer], /key of things lacks b/);
  });

  it.each([1, 3])("is refused for another layout: %i", async (layout) => {
    await writeWith(first);
    editFile(`PRAGMA user_version = ${layout}`);
    await refuse([first], new RegExp(`layout is ${layout}, not 2`));
  });

  it("is refused where another program made it", async () => {
    mkdirSync(dirname(harness.path));
    editFile("CREATE TABLE things (id TEXT)");
    await refuse([first], /another program/);
  });

  it("is corrupt where it is no database at all", async () => {
    mkdirSync(dirname(harness.path));
    writeFileSync(harness.path, "version: 1\nschedules: {}\n".repeat(100));
    await expect(async () => await harness.open({ tables: [first] })).rejects.toMatchObject({
      code: "STORE_CORRUPT",
    });
  });
});

describe("a table that cannot be", () => {
  const wrong: readonly [string, AnyTable, RegExp][] = [
    ["a name with a quote", defineTable('a"b', { id: "text" }, ["id"]), /a"b/],
    ["a column in capitals", defineTable("t", { Id: "text" }, ["Id"]), /t: Id/],
    ["no key", defineTable("t", { id: "text" }, []), /t has a key/],
    ["a JSON key", defineTable("t", { id: "json" }, ["id"]), /key column id is text or int/],
    ["a key column twice", defineTable("t", { id: "text" }, ["id", "id"]), /once/],
    [
      "two expiries",
      defineTable("t", { id: "text", a: "expiry", b: "expiry" }, ["id"]),
      /at most one/,
    ],
  ];
  it.each(wrong)("is a bug: %s", async (_what, table, message) => {
    await expect(async () => await harness.open({ tables: [table] })).rejects.toThrow(message);
  });

  it("is a bug: two of one name", async () => {
    await expect(async () => await harness.open({ tables: [first, second] })).rejects.toThrow(
      /its own name/,
    );
  });
});
