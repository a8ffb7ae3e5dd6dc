import { describe, expect, it } from "vitest";
import {
  checkSchema,
  readSchemaVersion,
  recordSteps,
  schemaBehind,
  schemaVersionTable,
  standingOf,
  type SchemaVersion,
} from "../../../shared/adapters/ydb/schema-version.ts";
import { assert } from "../../../shared/core/assert.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import type { Migration } from "../../../shared/ports/migration.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import type { Closing } from "../../support/opened.ts";
import { makeSqliteHarness } from "../sqlite/sqlite-harness.ts";

const table = (name: string): Migration["steps"][number] => ({
  kind: "createTable",
  table: defineTable(name, { id: "text" }, ["id"]),
});
const FIRST: Migration = { number: 1, digest: "one", steps: [table("a"), table("b")] };
const SECOND: Migration = { number: 2, digest: "two", steps: [table("c")] };
const KNOWN = [FIRST, SECOND];

const version = (number: number, digest: string, steps: number): SchemaVersion => ({
  number,
  digest,
  steps,
});

/** The names of the tables whose making is missing. */
function missing(found: SchemaVersion | undefined): readonly string[] {
  const standing = standingOf(found, KNOWN);
  assert(standing.kind === "behind", `something is missing, got ${standing.kind}`);
  return standing.missing.map(({ step }) =>
    step.kind === "createTable" ? step.table.name : step.column,
  );
}

describe("a database's schema", () => {
  it("is equal only where every step of the newest known migration is done", () => {
    expect(standingOf(version(2, "1.two", 1), KNOWN)).toEqual({ kind: "equal" });
    expect(standingOf(version(1, "1.one", 2), [FIRST])).toEqual({ kind: "equal" });
  });

  it.each<[string, SchemaVersion | undefined, readonly string[]]>([
    ["everything, where there is none", undefined, ["a", "b", "c"]],
    ["the rest of a migration that was not finished", version(1, "1.one", 1), ["b", "c"]],
    ["the migrations behind one that was", version(1, "1.one", 2), ["c"]],
    ["all of a migration that was only begun", version(2, "1.two", 0), ["c"]],
  ])("lacks %s", (_what, found, lacks) => {
    expect(missing(found)).toEqual(lacks);
  });

  it.each<[string, SchemaVersion, string]>([
    ["a newer program's", version(3, "1.three", 1), "at version 3, and this program knows 2"],
    ["an earlier form of an unreleased one", version(2, "1.2wo", 1), "another version 2"],
    ["an older one that another form has preceded", version(1, "1.0ne", 2), "another version 1"],
    ["another layout's", version(2, "0.two", 1), "another version 2"],
    ["a migration of more steps", version(2, "1.two", 2), "another version 2"],
    ["nobody's", version(0, "", 0), "at version 0"],
  ])("is unknown where it is %s", (_what, found, why) => {
    expect(standingOf(found, KNOWN)).toEqual({
      kind: "unknown",
      why: expect.stringContaining(why) as string,
    });
  });
});

/** The rows do not care which engine keeps them. */
async function aStore(test: Closing): Promise<Store> {
  const harness = makeSqliteHarness([schemaVersionTable]);
  test.onTestFinished(async () => await harness.dispose());
  return await harness.open();
}

describe("the record of steps", () => {
  it("moves forward step by step, and says where it is", async (test) => {
    const store = await aStore(test);
    const record = async (migration: Migration, steps: number): Promise<SchemaVersion> =>
      await store.transact("record", async (tx) => await recordSteps(tx, migration, steps));

    expect(await store.snapshot(readSchemaVersion)).toBeUndefined();
    expect(await record(FIRST, 0)).toEqual(version(1, "1.one", 0));
    expect(await record(FIRST, 1)).toEqual(version(1, "1.one", 1));
    expect(await record(SECOND, 1)).toEqual(version(2, "1.two", 1));
    expect(await store.snapshot(readSchemaVersion)).toMatchObject(version(2, "1.two", 1));
  });

  it("never moves back, and tells a slower one how far it is", async (test) => {
    const store = await aStore(test);
    await store.transact("record", async (tx) => await recordSteps(tx, SECOND, 1));

    const told = await store.transact("record", async (tx) => await recordSteps(tx, FIRST, 2));

    expect(told).toMatchObject(version(2, "1.two", 1));
    expect(await store.snapshot(readSchemaVersion)).toMatchObject(version(2, "1.two", 1));
  });
});

describe("the check of whoever connects", () => {
  const check = async (store: Store): Promise<OrreryError | undefined> => {
    try {
      await store.snapshot(checkSchema(KNOWN, "ydb://box:2136/local"));
      return undefined;
    } catch (error) {
      assert(
        error instanceof OrreryError,
        `a check fails as the product does, got ${String(error)}`,
      );
      return error;
    }
  };
  const put = async (store: Store, found: SchemaVersion): Promise<void> => {
    await store.transact("put", async (tx) => {
      await Promise.resolve();
      tx.put(schemaVersionTable, { name: "schema", ...found });
    });
  };

  it("lets an equal schema pass", async (test) => {
    const store = await aStore(test);
    await put(store, version(2, "1.two", 1));

    expect(await check(store)).toBeUndefined();
  });

  it.each<[string, SchemaVersion | undefined, string]>([
    ["no schema", undefined, "has no schema yet"],
    ["an older one", version(1, "1.one", 2), "only part of its schema: it is at version 1"],
  ])("names the command that mends %s", async (_what, found, told) => {
    const harness = makeSqliteHarness([schemaVersionTable]);
    const store = await harness.open();
    if (found !== undefined) await put(store, found);

    const error = await check(store);
    await harness.dispose();

    expect(error?.code).toBe("STORE_SCHEMA_BEHIND");
    expect(error?.message).toContain(told);
    expect(error?.message).toContain("`orrery migrate --store 'ydb://box:2136/local'`");
  });

  it("leaves a newer schema alone, and says so", async (test) => {
    const store = await aStore(test);
    await put(store, version(3, "1.three", 1));

    const error = await check(store);

    expect(error?.code).toBe("STORE_SCHEMA_UNKNOWN");
    expect(error?.message).toContain("at version 3, and this program knows 2");
    expect(error?.message).toContain("It is left as it is");
  });

  it("has the same words for a database that lacks even the table", () => {
    expect(schemaBehind(0, "ydb://box:2136/local").message).toContain("has no schema yet");
  });
});
