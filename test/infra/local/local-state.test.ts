import { describe, expect, it } from "vitest";
import { directoryId, localTables, ringingStore } from "../../../infra/local/local-state.ts";
import type { SqliteStore } from "../../../shared/adapters/sqlite/sqlite-store.ts";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";
import { metaTable } from "../../../shared/records/tables.ts";
import { makeSqliteHarness } from "../../adapters/sqlite/sqlite-harness.ts";
import type { Closing } from "../../support/opened.ts";

/** The file of a data directory, as its platform and as a command have it open. */
async function aLocalFile(
  test: Closing,
): Promise<{ readonly platform: SqliteStore; readonly command: SqliteStore }> {
  const harness = makeSqliteHarness(localTables);
  test.onTestFinished(async () => await harness.dispose());
  return { platform: await harness.open(), command: await harness.open() };
}

/** A database elsewhere, which tells nobody of a commit. */
async function aDatabase(test: Closing): Promise<SqliteStore> {
  const harness = makeSqliteHarness([metaTable]);
  test.onTestFinished(async () => await harness.dispose());
  return await harness.open();
}

const write = async (store: Pick<SqliteStore, "transact">): Promise<void> =>
  await store.transact("write", async (tx) => {
    await Promise.resolve();
    tx.put(metaTable, { name: "x", body: null });
  });

describe("a commit to a database elsewhere", () => {
  it("is heard by the platform of the directory, once, after it happened", async (test) => {
    const [{ platform, command }, database] = [await aLocalFile(test), await aDatabase(test)];
    const store = ringingStore(database, command, systemRandom);
    expect(platform.changedElsewhere()).toBe(false);

    await write(store);

    expect([platform.changedElsewhere(), platform.changedElsewhere()]).toEqual([true, false]);
    expect(
      await database.snapshot(async (reader) => await reader.get(metaTable, { name: "x" })),
    ).toBeDefined();
  });

  it("is heard every time", async (test) => {
    const [{ platform, command }, database] = [await aLocalFile(test), await aDatabase(test)];
    const store = ringingStore(database, command, systemRandom);

    for (let time = 0; time < 3; time += 1) {
      await write(store);
      expect(platform.changedElsewhere()).toBe(true);
    }
  });

  it("is not heard where it did not happen, nor is a snapshot", async (test) => {
    const [{ platform, command }, database] = [await aLocalFile(test), await aDatabase(test)];
    const store = ringingStore(database, command, systemRandom);

    await store.snapshot(async (reader) => await reader.get(metaTable, { name: "x" }));
    const failed = store.transact("fail", async () => await Promise.reject(new Error("no")));
    await expect(failed).rejects.toThrow("no");

    expect(platform.changedElsewhere()).toBe(false);
  });

  it("counts though the bell is broken", async (test) => {
    const [{ command }, database] = [await aLocalFile(test), await aDatabase(test)];
    const store = ringingStore(database, command, systemRandom);
    await command.close();

    await write(store);

    expect(
      await database.snapshot(async (reader) => await reader.get(metaTable, { name: "x" })),
    ).toBeDefined();
  });
});

describe("a data directory's id", () => {
  it("is the same for whoever asks, and another one's in another directory", async (test) => {
    const { platform, command } = await aLocalFile(test);
    const other = await aLocalFile(test);

    const id = await directoryId(platform, systemRandom);

    expect(await directoryId(command, systemRandom)).toBe(id);
    expect(await directoryId(other.platform, systemRandom)).not.toBe(id);
  });
});
