import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { tablesAfter, type MigrationStep } from "../../shared/ports/migration.ts";
import type { AnyTable } from "../../shared/ports/store.ts";
import { defineTable } from "../../shared/ports/table.ts";
import {
  additionsTo,
  migrations,
  numbered,
  releasedCount,
  UNRELEASED_SINCE,
} from "../../shared/records/migrations.ts";
import { tables } from "../../shared/records/tables.ts";

/** The digest of each released migration, the first one first. A line here never changes. */
const RELEASED_DIGESTS: readonly string[] = [];

const cats = defineTable("cats", { cat: "text", lives: "int" }, ["cat"]);
const catsWithMood = defineTable("cats", { cat: "text", mood: "json", lives: "int" }, ["cat"]);
const dogs = defineTable("dogs", { dog: "text" }, ["dog"]);

/** Tables by name, with their columns in the order of their names: all that an engine goes by. */
function contents(of: readonly AnyTable[]): unknown {
  return of
    .map(({ name, columns, key }) => ({
      name,
      columns: Object.entries(columns as object).toSorted(([a], [b]) => (a < b ? -1 : 1)),
      key,
    }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

describe("the migrations", () => {
  it("make exactly the tables of the product, one after the other", () => {
    const made = tablesAfter(migrations.flatMap(({ steps }) => steps));

    expect(contents(made)).toEqual(contents(tables));
  });

  it("are counted from 1 without gaps", () => {
    expect(migrations.map(({ number }) => number)).toEqual(migrations.map((_, index) => index + 1));
  });

  it("never change once they are released", () => {
    const released = migrations.slice(0, releasedCount);

    expect(released.map(({ digest }) => digest)).toEqual(RELEASED_DIGESTS);
  });

  it("are all frozen when the package's version has risen", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    const current = releasedCount === migrations.length ? version : UNRELEASED_SINCE;

    expect(
      version,
      "Freeze the migration under way, as shared/records/migrations.ts says, then release.",
    ).toBe(current);
  });
});

describe("the steps from some tables to others", () => {
  it("create what is new, and add what a table lacks, wherever it stands", () => {
    expect(additionsTo([cats], [catsWithMood, dogs])).toEqual([
      { kind: "addColumn", table: "cats", column: "mood", type: "json" },
      { kind: "createTable", table: dogs },
    ]);
  });

  it("are none where nothing is new", () => {
    expect(additionsTo([cats, dogs], [dogs, cats])).toEqual([]);
  });

  it("lead to those tables when they are taken", () => {
    const first = additionsTo([], [cats]);
    const second = additionsTo(tablesAfter(first), [catsWithMood, dogs]);

    expect(contents(tablesAfter([...first, ...second]))).toEqual(contents([catsWithMood, dogs]));
  });

  it.each<[string, AnyTable, string]>([
    ["a table that is gone", dogs, "cats stays"],
    ["a column that is gone", defineTable("cats", { cat: "text" }, ["cat"]), "cats.lives stays"],
    [
      "a column of another type",
      defineTable("cats", { cat: "text", lives: "text" }, ["cat"]),
      "cats.lives stays, and stays of type int",
    ],
    [
      "another key",
      defineTable("cats", { cat: "text", lives: "int" }, ["cat", "lives"]),
      "cats keeps its key",
    ],
  ])("do not exist for %s", (_what, table, told) => {
    expect(() => additionsTo([cats], [table])).toThrow(told);
  });
});

describe("tables made by steps", () => {
  it.each<[string, readonly MigrationStep[], string]>([
    [
      "a table that is created twice",
      [
        { kind: "createTable", table: cats },
        { kind: "createTable", table: catsWithMood },
      ],
      "cats is created once",
    ],
    [
      "a column of a table that is not there",
      [{ kind: "addColumn", table: "cats", column: "mood", type: "json" }],
      "cats is created before it gets mood",
    ],
    [
      "a column that is there",
      [
        { kind: "createTable", table: cats },
        { kind: "addColumn", table: "cats", column: "lives", type: "int" },
      ],
      "cats gets lives once",
    ],
  ])("are refused for %s", (_what, steps, told) => {
    expect(() => tablesAfter(steps)).toThrow(told);
  });
});

describe("a migration's digest", () => {
  const digests = (...all: readonly (readonly MigrationStep[])[]): readonly string[] =>
    numbered(all).map(({ digest }) => digest);
  const create: MigrationStep = { kind: "createTable", table: cats };
  const add: MigrationStep = { kind: "addColumn", table: "cats", column: "mood", type: "json" };

  it("is pinned, because databases remember it", () => {
    expect(digests([create], [add])).toEqual(["6ffd0c0bdaaf41d1", "673fb42bc4e14762"]);
  });

  it("stands for all migrations before it as well", () => {
    const [, here] = digests([create], [add]);
    const [, there] = digests([{ kind: "createTable", table: dogs }], [add]);

    expect(here).not.toBe(there);
  });

  it.each<[string, MigrationStep]>([
    ["another column", { ...add, column: "moods" }],
    ["another type", { ...add, type: "text" }],
    ["another table", { ...add, table: "dogs" }],
    ["another kind of step", create],
  ])("differs for %s", (_what, step) => {
    expect(digests([step])).not.toEqual(digests([add]));
  });

  it("differs where two steps change places, and where one is missing", () => {
    const both = digests([create, add]);

    expect(digests([add, create])).not.toEqual(both);
    expect(digests([create])).not.toEqual(both);
  });
});
