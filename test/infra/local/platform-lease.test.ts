import { describe, expect, it } from "vitest";
import { isLeased, PlatformLease, type Holder } from "../../../infra/local/platform-lease.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { limits } from "../../../shared/core/limits.ts";
import { formatInstant, instant, plusMs } from "../../../shared/core/time/instant.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { metaTable } from "../../../shared/records/tables.ts";
import { makeSqliteHarness } from "../../adapters/sqlite/sqlite-harness.ts";
import type { Closing } from "../../support/opened.ts";

const OFFICE: Holder = { id: "office", place: "office:/srv/orrery" };
const LAPTOP: Holder = { id: "laptop", place: "laptop:/home/ann/.orrery" };

/** Whatever engine keeps the row. */
async function aDatabase(
  test: Closing,
): Promise<{ readonly store: Store; readonly clock: ManualClock }> {
  const harness = makeSqliteHarness([metaTable]);
  test.onTestFinished(async () => await harness.dispose());
  return { store: await harness.open(), clock: new ManualClock(instant(1_800_000_000_000)) };
}

/** What became of a lease by now. */
async function stateOf(lease: PlatformLease): Promise<unknown> {
  return await Promise.race([
    lease.lost.catch((error: unknown) => error),
    Promise.resolve().then(() => "held"),
  ]);
}

describe("a database's lease", () => {
  it("is free at first, and no platform drives the database", async (test) => {
    const database = await aDatabase(test);
    expect(await isLeased(database)).toBe(false);

    const lease = await PlatformLease.take(database, LAPTOP);

    expect(lease.before).toBeUndefined();
    expect(await isLeased(database)).toBe(true);
  });

  it("keeps every other directory out, and says where the platform is and until when", async (test) => {
    const database = await aDatabase(test);
    await PlatformLease.take(database, OFFICE);
    await database.clock.advance(limits.platformLeaseMs - 1);

    await expect(PlatformLease.take(database, LAPTOP)).rejects.toMatchObject({
      code: "PLATFORM_RUNNING",
      message: expect.stringContaining(
        `platform of office:/srv/orrery drives this database, at least until ${formatInstant(plusMs(database.clock.now(), 1))}`,
      ) as string,
    });
  });

  it("is its own directory's again at once, after a crash too", async (test) => {
    const database = await aDatabase(test);
    await PlatformLease.take(database, OFFICE);

    const again = await PlatformLease.take(database, OFFICE);

    expect(again.before).toBeUndefined();
  });

  it("ends by itself, and then whoever takes it hears who had it", async (test) => {
    const database = await aDatabase(test);
    await PlatformLease.take(database, OFFICE);
    await database.clock.advance(limits.platformLeaseMs);
    expect(await isLeased(database)).toBe(false);

    const taken = await PlatformLease.take(database, LAPTOP);

    expect(taken.before).toBe("office:/srv/orrery");
  });

  it("lasts as long as it is renewed", async (test) => {
    const database = await aDatabase(test);
    const lease = await PlatformLease.take(database, OFFICE);
    for (let renewal = 0; renewal < 5; renewal += 1) {
      await database.clock.advance(limits.platformLeaseRenewMs);
      await lease.renew();
    }

    await database.clock.advance(limits.platformLeaseMs - 1);

    expect(await isLeased(database)).toBe(true);
    expect(await stateOf(lease)).toBe("held");
  });

  it("is free at once where a platform ends it, and it stays known whose it was", async (test) => {
    const database = await aDatabase(test);
    const lease = await PlatformLease.take(database, OFFICE);

    await lease.end();

    expect(await isLeased(database)).toBe(false);
    expect((await PlatformLease.take(database, LAPTOP)).before).toBe("office:/srv/orrery");
  });

  it("is lost to who took it meanwhile, and stays theirs when the loser ends", async (test) => {
    const database = await aDatabase(test);
    const asleep = await PlatformLease.take(database, OFFICE);
    await database.clock.advance(limits.platformLeaseMs);
    const awake = await PlatformLease.take(database, LAPTOP);

    await asleep.renew();
    await asleep.end();

    expect(await stateOf(asleep)).toMatchObject({ code: "PLATFORM_RUNNING" });
    expect(await stateOf(awake)).toBe("held");
    expect(await isLeased(database)).toBe(true);
  });

  it("is not lost where it cannot be renewed: that is tried again", async (test) => {
    const { store, clock } = await aDatabase(test);
    let isDown = false;
    const shaky: Store = {
      ...{ snapshot: async (body) => await store.snapshot(body), close: async () => {} },
      transact: async (label, body) => {
        if (isDown) throw new Error("unreachable");
        return await store.transact(label, body);
      },
    };
    const lease = await PlatformLease.take({ store: shaky, clock }, OFFICE);
    await clock.advance(2 * limits.platformLeaseMs);

    isDown = true;
    await expect(lease.renew()).rejects.toThrow("unreachable");
    isDown = false;
    await lease.renew();

    expect(await stateOf(lease)).toBe("held");
    expect(await isLeased({ store, clock })).toBe(true);
  });
});
