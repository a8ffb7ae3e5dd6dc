// One file for every way in which a migration begins, ends and meets another: they share one world.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Migrated, MigrateProgress } from "../../../shared/adapters/ydb/migrate.ts";
import { openYdb, type YdbDatabase } from "../../../shared/adapters/ydb/open-ydb.ts";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";
import type { MigrationStep } from "../../../shared/ports/migration.ts";
import type { AnyTable } from "../../../shared/ports/store.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import { numbered } from "../../../shared/records/migrations.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import type { Double, LogEntry } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";

const cats = defineTable("cats", { cat: "text", lives: "int" }, ["cat"]);
const dogs = defineTable("dogs", { dog: "text" }, ["dog"]);
const birds = defineTable("birds", { bird: "text", sings_at: "expiry" }, ["bird"]);
const catsWithMood = defineTable("cats", { cat: "text", lives: "int", mood: "json" }, ["cat"]);

const create = (table: AnyTable): MigrationStep => ({ kind: "createTable", table });
const MOOD: MigrationStep = { kind: "addColumn", table: "cats", column: "mood", type: "json" };

/** The first version, and the second, which has one table more and one column. */
const FIRST = [[create(cats), create(dogs)]];
const SECOND = [...FIRST, [MOOD, create(birds)]];

let double: Double;
beforeAll(async () => {
  double = await startDouble();
});
afterEach(() => {
  double.clearFaults();
});
afterAll(async () => await double.close());

let databases = 0;

/** A database of the test's own, and programs of any version that open it. */
class World {
  readonly database = `/migrate/${(databases += 1)}`;
  readonly #test: Closing;

  constructor(test: Closing) {
    this.#test = test;
  }

  open(steps: readonly (readonly MigrationStep[])[], tables: readonly AnyTable[]): YdbDatabase {
    const opened = openYdb({
      address: double.url(this.database),
      tables,
      migrations: numbered(steps),
      environment: {},
      clock: realClock,
      random: systemRandom,
    });
    this.#test.onTestFinished(async () => await opened.close());
    return opened;
  }

  first(): YdbDatabase {
    return this.open(FIRST, [cats, dogs]);
  }

  second(): YdbDatabase {
    return this.open(SECOND, [catsWithMood, dogs, birds]);
  }

  /** Statements that the server was asked to apply, such as `CREATE TABLE cats`. */
  applied(): readonly string[] {
    return double.log.filter((entry) => this.#changesSchema(entry)).map(whatOf);
  }

  tables(): readonly string[] {
    return double.tables(this.database);
  }

  /** What the record of versions says. */
  recorded(): unknown {
    const [row] = double.rows(this.database, "schema_version");
    return row === undefined ? undefined : { number: row["number"], steps: row["steps"] };
  }

  #changesSchema({ database, method }: LogEntry): boolean {
    return database === this.database && method === "Query.ExecuteQuery";
  }
}

function whatOf({ texts }: LogEntry): string {
  const [, verb = "", table = "", column = ""] =
    /^(CREATE|ALTER) TABLE (?:IF NOT EXISTS )?`?(\w+)`?(?: ADD COLUMN `?(\w+)`?)?/.exec(
      texts.join(),
    ) ?? [];
  return [verb, table, column].filter((part) => part !== "").join(" ");
}

const quiet = (): void => undefined;

/** What went wrong, or undefined. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return await call.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe("a migration of a database without a schema", () => {
  it("makes the tables, records where it is, and tells every statement", async (test) => {
    const world = new World(test);
    const told: MigrateProgress[] = [];

    const done = await world.first().migrate((progress) => told.push(progress));

    expect(world.tables()).toEqual(["cats", "dogs", "schema_version"]);
    expect(world.recorded()).toEqual({ number: 1n, steps: 2n });
    expect(done).toEqual<Migrated>({ from: 0, to: 1, statements: told.map(({ text }) => text) });
    expect(told.map(({ statement, statements, state }) => [statement, statements, state])).toEqual([
      [1, 3, "applied"],
      [2, 3, "applied"],
      [3, 3, "applied"],
    ]);
  });

  it("leaves a schema that the store works with", async (test) => {
    const database = new World(test).first();
    await database.migrate(quiet);

    await database.store.transact("put", async (tx) => {
      await Promise.resolve();
      tx.put(cats, { cat: "tom", lives: 9 });
    });

    const tom = await database.store.snapshot(
      async (reader) => await reader.get(cats, { cat: "tom" }),
    );
    expect(tom).toEqual({ cat: "tom", lives: 9 });
  });

  it("applies every migration there is, the first one first", async (test) => {
    const world = new World(test);

    await world.second().migrate(quiet);

    expect(world.applied()).toEqual([
      "CREATE schema_version",
      "CREATE cats",
      "CREATE dogs",
      "ALTER cats mood",
      "CREATE birds",
    ]);
    expect(world.recorded()).toEqual({ number: 2n, steps: 2n });
  });
});

describe("a migration that is repeated", () => {
  it("has nothing to do, and asks the server to change nothing", async (test) => {
    const world = new World(test);
    await world.first().migrate(quiet);
    const before = world.applied().length;

    const again = await world.first().migrate(quiet);

    expect(again).toEqual({ from: 1, to: 1, statements: [] });
    expect(world.applied()).toHaveLength(before);
  });

  it("goes on from the version of an older program, whose rows stay readable", async (test) => {
    const world = new World(test);
    const old = world.first();
    await old.migrate(quiet);
    await old.store.transact("put", async (tx) => {
      await Promise.resolve();
      tx.put(cats, { cat: "tom", lives: 9 });
    });

    const renewed = world.second();
    const done = await renewed.migrate(quiet);

    expect(done).toMatchObject({ from: 1, to: 2 });
    expect(world.applied().slice(3)).toEqual(["ALTER cats mood", "CREATE birds"]);
    const tom = await renewed.store.snapshot(
      async (reader) => await reader.get(catsWithMood, { cat: "tom" }),
    );
    expect(tom).toEqual({ cat: "tom", lives: 9, mood: null });
  });
});

describe("a migration that ends in its middle", () => {
  it("keeps what is done, and the next one does only the rest", async (test) => {
    const world = new World(test);
    double.fault({
      database: world.database,
      method: "Query.ExecuteQuery",
      when: "before",
      nth: 3,
      outcome: { status: "UNAUTHORIZED", message: "Access denied" },
    });

    const failure = await failureOf(world.first().migrate(quiet));
    expect(failure).toMatchObject({
      code: "STORE_UNAVAILABLE",
      message: expect.stringMatching(
        /stopped at CREATE TABLE IF NOT EXISTS `dogs`: Access denied/,
      ) as string,
    });
    expect(world.recorded()).toEqual({ number: 1n, steps: 1n });
    const before = world.applied().length;
    const done = await world.first().migrate(quiet);

    expect(world.applied().slice(before)).toEqual(["CREATE dogs"]);
    expect(done).toMatchObject({ from: 1, to: 1 });
    expect(world.recorded()).toEqual({ number: 1n, steps: 2n });
  });

  it.each([1, 2, 3, 4, 5])(
    "may be killed between statement %i and its record",
    async (killedAt) => {
      const closing: (() => void | Promise<void>)[] = [];
      const world = new World({ onTestFinished: (close) => void closing.push(close) });
      const killed = new Error("killed");
      const dying = world.second().migrate(({ statement }) => {
        if (statement === killedAt) throw killed;
      });
      expect(await failureOf(dying)).toBe(killed);
      const before = world.applied();

      await world.second().migrate(quiet);
      for (const close of closing) await close();

      expect(world.tables()).toEqual(["birds", "cats", "dogs", "schema_version"]);
      expect(world.recorded()).toEqual({ number: 2n, steps: 2n });
      // A table may be made twice, a column may not: one that is there is found.
      const repeated = world.applied().slice(before.length);
      expect(repeated.filter((each) => before.includes(each))).toEqual(
        before.slice(-1).filter((last) => last.startsWith("CREATE")),
      );
    },
  );

  it("is not taken for a schema by whoever connects", async (test) => {
    const world = new World(test);
    double.fault({
      database: world.database,
      method: "Query.ExecuteQuery",
      when: "before",
      nth: 3,
      outcome: { status: "UNAUTHORIZED" },
    });
    await failureOf(world.first().migrate(quiet));

    const read = world
      .first()
      .store.snapshot(async (reader) => await reader.get(cats, { cat: "" }));

    expect(await failureOf(read)).toMatchObject({ code: "STORE_SCHEMA_BEHIND" });
  });
});

describe("migrations that run at once", () => {
  it("end with one schema, each step in it once", async (test) => {
    const world = new World(test);

    const all = [world.second(), world.second(), world.first(), world.second()];
    const ends = await Promise.allSettled(all.map(async (each) => await each.migrate(quiet)));

    // The older program either was done before the newer ones went on, or saw them ahead of it.
    const failures = ends.flatMap((end, index) => (end.status === "rejected" ? [index] : []));
    expect([[], [2]]).toContainEqual(failures);
    expect(world.tables()).toEqual(["birds", "cats", "dogs", "schema_version"]);
    expect(world.recorded()).toEqual({ number: 2n, steps: 2n });
    const store = world.second().store;
    expect(
      await store.snapshot(async (reader) => await reader.get(birds, { bird: "" })),
    ).toBeUndefined();
  });
});

describe("a database of another program", () => {
  it("is left alone where its schema is newer", async (test) => {
    const world = new World(test);
    await world.second().migrate(quiet);
    const before = world.applied().length;

    const failure = await failureOf(world.first().migrate(quiet));

    expect(failure).toMatchObject({
      code: "STORE_SCHEMA_UNKNOWN",
      message: expect.stringContaining("at version 2, and this program knows 1") as string,
    });
    expect(world.applied()).toHaveLength(before);
    expect(world.recorded()).toEqual({ number: 2n, steps: 2n });
  });

  it("is refused where a table of ours is there with other columns", async (test) => {
    const world = new World(test);
    double.createTables(world.database, [
      defineTable("dogs", { dog: "text", breed: "text" }, ["dog"]),
    ]);

    const failure = await failureOf(world.first().migrate(quiet));

    expect(failure).toMatchObject({
      code: "STORE_SCHEMA_UNKNOWN",
      message: expect.stringContaining("its table dogs was there before") as string,
    });
    expect(world.recorded()).toEqual({ number: 1n, steps: 1n });
  });

  it("keeps its other tables", async (test) => {
    const world = new World(test);
    double.createTables(world.database, [defineTable("fish", { fish: "text" }, ["fish"])]);

    await world.first().migrate(quiet);

    expect(world.tables()).toEqual(["cats", "dogs", "fish", "schema_version"]);
  });
});

describe("a plan of a migration", () => {
  it("has every statement, and changes nothing", async (test) => {
    const world = new World(test);
    const database = world.second();

    const plan = await database.planMigration();

    expect(world.tables()).toEqual([]);
    expect(world.applied()).toEqual([]);
    expect(plan).toMatchObject({ from: 0, to: 2 });
    const { statements } = await database.migrate(quiet);
    expect(plan.statements).toEqual(statements);
  });

  it("has only what is missing", async (test) => {
    const world = new World(test);
    await world.first().migrate(quiet);

    const plan = await world.second().planMigration();

    expect(plan).toMatchObject({ from: 1, to: 2 });
    expect(plan.statements.map((text) => text.slice(0, 18))).toEqual([
      "ALTER TABLE `cats`",
      "CREATE TABLE IF NO",
    ]);
  });
});

describe("a store", () => {
  it("names the command where the database has no schema at all", async (test) => {
    const { store } = new World(test).first();

    const failure = await failureOf(
      store.snapshot(async (reader) => await reader.get(cats, { cat: "" })),
    );

    expect(failure).toMatchObject({
      code: "STORE_SCHEMA_BEHIND",
      message: expect.stringMatching(/has no schema yet.*`orrery migrate --store 'grpc:/) as string,
    });
  });

  it("works on once the schema was made, without being opened again", async (test) => {
    const world = new World(test);
    const { store } = world.first();
    const read = async (): Promise<unknown> =>
      await store.snapshot(async (reader) => await reader.get(cats, { cat: "" }));
    await failureOf(read());

    await world.first().migrate(quiet);

    expect(await read()).toBeUndefined();
  });
});

describe("the preparation for a platform", () => {
  it("makes the schema where there is none, and does nothing where there is", async (test) => {
    const world = new World(test);
    await world.first().prepare(quiet);
    const before = world.applied().length;
    expect(world.recorded()).toEqual({ number: 1n, steps: 2n });

    await world.first().prepare(quiet);

    expect(world.applied()).toHaveLength(before);
  });

  it("changes no schema that is there: that is a person's to decide", async (test) => {
    const world = new World(test);
    await world.first().migrate(quiet);

    expect(await failureOf(world.second().prepare(quiet))).toMatchObject({
      code: "STORE_SCHEMA_BEHIND",
    });
    await world.second().migrate(quiet);
    expect(await failureOf(world.first().prepare(quiet))).toMatchObject({
      code: "STORE_SCHEMA_UNKNOWN",
    });
  });
});
