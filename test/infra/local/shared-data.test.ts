import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openData, openDatabase, type DataDirectory } from "../../../infra/local/wiring.ts";
import { metaTable } from "../../../shared/records/tables.ts";
import type { Closing } from "../../support/opened.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";

let double: Double;
let store: string;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
  store = double.url("/local");
  const database = await openDatabase(store);
  await database.migrate(() => undefined);
  await database.close();
});
afterAll(async () => await double.close());

function aFolder(test: Closing): string {
  const folder = mkdtempSync(join(tmpdir(), "orrery-shared-"));
  test.onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

async function open(test: Closing, directory: string): Promise<DataDirectory> {
  const data = await openData(directory, { store });
  test.onTestFinished(async () => await data.close());
  return data;
}

const write = async (database: DataDirectory["store"]): Promise<void> =>
  await database.transact("write", async (tx) => {
    await Promise.resolve();
    tx.put(metaTable, { name: "test", body: null });
  });

describe("a data directory whose state is in a database elsewhere", () => {
  it("has a small file of its own, and no state", async (test) => {
    const directory = join(aFolder(test), "data");
    await open(test, directory);

    expect(existsSync(join(directory, "local.db"))).toBe(true);
    expect(existsSync(join(directory, "orrery.db"))).toBe(false);
  });

  it("hears at once of a command's commit, and not of its own", async (test) => {
    const directory = join(aFolder(test), "data");
    const [platform, command] = [await open(test, directory), await open(test, directory)];

    await write(platform.store);
    expect(platform.changedElsewhere()).toBe(false);
    await write(command.shared?.ringing ?? platform.store);

    expect(platform.changedElsewhere()).toBe(true);
  });

  it("does not hear of another machine's commit, which the tick finds", async (test) => {
    const folder = aFolder(test);
    const here = await open(test, join(folder, "here"));
    const there = await open(test, join(folder, "there"));

    await write(there.shared?.ringing ?? here.store);

    expect(here.changedElsewhere()).toBe(false);
  });

  it("keeps its messages to itself, through restarts", async (test) => {
    const folder = aFolder(test);
    const data = await open(test, join(folder, "here"));
    await data.journal.add("intake", { id: "m", body: "b", sentAt: data.clock.now() });
    await data.close();

    const again = await open(test, join(folder, "here"));
    const other = await open(test, join(folder, "there"));

    expect(await again.journal.list("intake")).toMatchObject([{ id: "m", body: "b" }]);
    expect(await other.journal.list("intake")).toEqual([]);
  });

  it("is the same holder each time it is opened, by its id and its place", async (test) => {
    const folder = aFolder(test);
    const holderOf = async (name: string): Promise<unknown> =>
      await (await open(test, join(folder, name))).shared?.holder();

    const holder = await holderOf("here");

    expect(holder).toMatchObject({ place: `${hostname()}:${join(folder, "here")}` });
    expect(await holderOf("here")).toEqual(holder);
    expect(await holderOf("there")).not.toEqual(holder);
  });

  it("sweeps nothing: the database drops what has expired", async (test) => {
    const data = await open(test, join(aFolder(test), "data"));
    double.reset();

    await data.sweepExpired();

    expect(double.counters.calls.size).toBe(0);
  });
});
