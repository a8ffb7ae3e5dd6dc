import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openDatabase } from "../../../infra/local/wiring.ts";
import {
  schemaVersionTable,
  type SchemaVersion,
} from "../../../shared/adapters/ydb/schema-version.ts";
import { migrations } from "../../../shared/records/migrations.ts";
import { tables } from "../../../shared/records/tables.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import { orrery, orreryJson } from "../cli-world.ts";

/** The newest version, and the statements that lead to it from nothing. */
const VERSION = migrations.length;
const STATEMENTS = 1 + migrations.flatMap(({ steps }) => steps).length;
const NAMES = [...tables.map(({ name }) => name), "schema_version"].toSorted();

let double: Double;
let folder: string;
beforeAll(async () => {
  double = await startDouble();
});
afterAll(async () => await double.close());
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
});
afterEach(() => {
  delete process.env["ORRERY_STORE"];
  delete process.env["YDB_ACCESS_TOKEN_CREDENTIALS"];
  double.clearFaults();
  rmSync(folder, { recursive: true });
});

let databases = 0;

/** A database that nobody has used yet: its path, and its address. */
function aDatabase(): { readonly path: string; readonly store: string } {
  const path = `/cli/${(databases += 1)}`;
  return { path, store: double.url(path) };
}

/** Makes a database say that it is at this version. */
async function putVersion(store: string, version: SchemaVersion): Promise<void> {
  const database = await openDatabase(store);
  await database.store.transact("put", async (tx) => {
    await Promise.resolve();
    tx.put(schemaVersionTable, { name: "schema", ...version });
  });
  await database.close();
}

describe("orrery migrate", () => {
  it("makes the schema, tells each statement beside the result, and exits 0", async () => {
    const { path, store } = aDatabase();

    const { code, out, err } = await orrery("migrate", "--store", store);

    expect(code).toBe(0);
    expect(double.tables(path)).toEqual(NAMES);
    expect(out).toBe(
      `${store} is at version ${VERSION} of its schema: ${STATEMENTS} statements.\n`,
    );
    const lines = err.trimEnd().split("\n");
    expect(lines).toHaveLength(STATEMENTS);
    expect(lines[0]).toBe(`1/${STATEMENTS} CREATE TABLE IF NOT EXISTS \`schema_version\``);
  });

  it("says so where there is nothing to do", async () => {
    const { store } = aDatabase();
    await orrery("migrate", "--store", store);

    const { code, out, err } = await orrery("migrate", "--store", store);

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`${store} is at version ${VERSION} of its schema: there is nothing to do.\n`);
  });

  it("prints the statements with --dry-run, and changes nothing", async () => {
    const { path, store } = aDatabase();

    const { code, out, err } = await orrery("migrate", "--store", store, "--dry-run");

    expect(code).toBe(0);
    expect(double.tables(path)).toEqual([]);
    const lines = out.trimEnd().split("\n");
    expect(lines).toHaveLength(STATEMENTS);
    expect(lines.every((line) => /^CREATE TABLE .*;$/.test(line))).toBe(true);
    expect(err).toBe(`${STATEMENTS} statements would bring ${store} to version ${VERSION}.\n`);
  });

  it("prints one document with --json", async () => {
    const { store } = aDatabase();

    const planned = await orreryJson("migrate", "--store", store, "--dry-run");
    const done = await orreryJson("migrate", "--store", store);

    expect(planned).toMatchObject({ store, from: 0, to: VERSION, dryRun: true });
    expect(done).toEqual({ ...(planned as object), dryRun: false });
  });

  it("takes the address of the environment, and --store goes before it", async () => {
    const [named, given] = [aDatabase(), aDatabase()];
    process.env["ORRERY_STORE"] = named.store;

    await orrery("migrate", "--store", given.store);
    expect([double.tables(named.path), double.tables(given.path)]).toEqual([[], NAMES]);
    await orrery("migrate");

    expect(double.tables(named.path)).toEqual(NAMES);
  });

  it.each([undefined, ""])("is wrong usage where no database is named (%j)", async (store) => {
    if (store !== undefined) process.env["ORRERY_STORE"] = store;

    const { code, out, err } = await orrery("migrate");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("name a YDB database with --store or ORRERY_STORE");
    expect(err).toContain("[USAGE]");
  });

  it("is wrong usage for what is no address", async () => {
    const { code, err } = await orrery("migrate", "--store", "postgres://box/local");

    expect(code).toBe(2);
    expect(err).toContain("[STORE_ADDRESS_INVALID]");
  });

  it("leaves the database of a newer version alone", async () => {
    const { path, store } = aDatabase();
    await orrery("migrate", "--store", store);
    const digest = "1.of-a-newer-version";
    await putVersion(store, { number: VERSION + 1, digest, steps: 1 });

    const { code, out, err } = await orrery("migrate", "--store", store);

    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`at version ${VERSION + 1}, and this program knows ${VERSION}`);
    expect(err).toContain("[STORE_SCHEMA_UNKNOWN]");
    expect(double.rows(path, "schema_version")).toMatchObject([{ digest }]);
  });

  it("calls with the token of the environment, and repeats it nowhere", async () => {
    const { path, store } = aDatabase();
    double.requireToken(path, "t1.right");
    process.env["YDB_ACCESS_TOKEN_CREDENTIALS"] = "t1.wrong";
    const refused = await orrery("migrate", "--store", store);
    process.env["YDB_ACCESS_TOKEN_CREDENTIALS"] = "t1.right";

    const admitted = await orrery("migrate", "--store", store);

    expect(refused).toMatchObject({ code: 1, out: "" });
    expect(refused.err).toContain("[STORE_UNAVAILABLE]");
    expect(refused.err).not.toContain("t1.");
    expect(admitted.code).toBe(0);
    expect(admitted.out + admitted.err).not.toContain("t1.");
  });
});

describe("a command with its state in a database elsewhere", () => {
  it("needs no data directory, and leaves none behind", async () => {
    const { store } = aDatabase();
    await orrery("migrate", "--store", store);
    const temporary = process.env["TMPDIR"];
    process.env["TMPDIR"] = folder;

    const listed = await orrery("runs", "--store", store, "--data", join(folder, "data"));
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;

    expect(listed).toMatchObject({ code: 0, err: "" });
    expect(listed.out).toContain("There are no runs.");
    expect(readdirSync(folder)).toEqual([]);
  });

  it("names the command that is due where there is no schema, in one line", async () => {
    const { store } = aDatabase();

    const { code, out, err } = await orrery("runs", "--store", store, "--data", folder);

    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toBe(
      `orrery: The database ${store} has no schema yet. Nothing was read or written: run ` +
        `\`orrery migrate --store '${store}'\` first. [STORE_SCHEMA_BEHIND]\n`,
    );
  });

  it("says that no platform drives it, where its work waits for one", async () => {
    const { store } = aDatabase();
    await orrery("migrate", "--store", store);

    const sent = await orrery("send", "nightly", "--store", store, "--data", join(folder, "data"));

    expect(sent.code).toBe(0);
    expect(sent.err).toBe(
      `No platform drives ${store}: the message waits for the next \`orrery up\`.\n`,
    );
  });
});
