// One file, because the row, its tail and the chunks behind it are one ledger.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf, projectId, type AttemptId, type ProjectId } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  applyLimits,
  openAccount,
  record,
  setLimits,
  type Account,
} from "../../shared/core/units/account.ts";
import { rebuild, type Entry } from "../../shared/core/units/ledger.ts";
import { readAccount, scanEntries, writeAccount } from "../../shared/records/account-record.ts";
import { accountsTable, entriesTable } from "../../shared/records/tables.ts";
import { aRun, START_AT } from "../support/builders.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const DEMO = projectId("demo");
const TAIL = limits.accountTailEntries;
type Posted = Parameters<typeof record>[1][number];

const attemptOf = (number: number): AttemptId => attemptIdOf(aRun().id, number);
const after = (ms: number): Instant => plusMs(START_AT, ms);

/** A project's ledger as whoever posted to it remembers it. */
interface Book {
  readonly account: Account;
  readonly entries: readonly Entry[];
}

/** Posts each group of movements as one change, in a transaction of its own. */
async function post(
  project: ProjectId,
  groups: readonly (readonly Posted[])[],
  from: Instant = START_AT,
): Promise<Book> {
  let account = await read(project);
  const entries: Entry[] = [];
  for (const [index, movements] of groups.entries()) {
    await world.store.transact("post", async (tx) => {
      const posting = record(await readAccount(tx, project), movements, plusMs(from, index));
      await writeAccount(tx, posting.account, posting.entries);
      account = posting.account;
      entries.push(...posting.entries);
    });
  }
  return { account, entries };
}

async function read(project: ProjectId): Promise<Account> {
  return await world.store.snapshot(async (reader) => await readAccount(reader, project));
}

type Page = Parameters<typeof scanEntries>[2];

async function scan(project: ProjectId, page: Page): Promise<readonly Entry[]> {
  return await world.store.snapshot(async (reader) => await scanEntries(reader, project, page));
}

/** The rows of a project's ledger: how many entries are in each, oldest first. */
async function entryRows(project: ProjectId): Promise<readonly number[]> {
  const rows = await world.store.snapshot(
    async (reader) =>
      await reader.scan(entriesTable, { prefix: { project }, limit: limits.scanRows }),
  );
  return rows.map(({ body }) => (body as readonly unknown[]).length);
}

/** The bytes of an account's row. */
async function bytesOf(project: ProjectId): Promise<number> {
  const row = await world.store.snapshot(
    async (reader) => await reader.get(accountsTable, { project }),
  );
  return JSON.stringify(row?.body).length;
}

const topUp = (units: number): Posted => ({ kind: "topUp", units, reason: "by anna" });

/** Holds for an attempt that starts now or within minutes; one kilobyte of them is a dozen. */
function hold(number: number, at: Instant): Posted {
  const spend = { startAt: at, endAt: plusMs(at, 50 * MINUTE_MS), rate: 4, units: 7_240 };
  const reservation = attemptOf(number);
  return { kind: "hold", reservation, units: spend.units, spend, reason: "admitted" };
}

function settle(number: number, at: Instant): Posted {
  const startAt = plusMs(at, -10 * SECOND_MS);
  const spend = { startAt, endAt: at, rate: 4, units: 40 };
  return { kind: "settle", reservation: attemptOf(number), units: 40, spend, reason: "ended" };
}

describe("an account's row", () => {
  it("gives back whatever was written, entry by entry, read from either end", async () => {
    let made = 0;
    await fc.assert(
      fc.asyncProperty(lives, pages, async (life, asked) => {
        made += 1;
        const project = projectId(`p${made}`);
        const limited = applyLimits(openAccount(project), life.limits, START_AT).account;
        await world.store.transact("open", async (tx) => {
          await writeAccount(tx, limited.seq === 0 ? limited : openAccount(project), []);
        });

        const { account, entries } = await post(project, life.groups.map(valid()));

        expect(await read(project)).toEqual(account);
        expect(await scan(project, { limit: limits.scanRows })).toEqual(entries);
        const { project: _project, version: _version, limits: _limits, ...position } = account;
        expect(rebuild(project, entries)).toEqual(position);
        for (const { limit, share } of asked) {
          const place = Math.round(share * (entries.length + 1));
          const up = entries.filter(({ seq }) => seq > place).slice(0, limit);
          const down = entries.toReversed().filter(({ seq }) => seq < place);
          expect(await scan(project, { limit, after: place })).toEqual(up);
          expect(await scan(project, { limit, after: place, newestFirst: true })).toEqual(
            down.slice(0, limit),
          );
        }
        expect(await scan(project, { limit: 7, newestFirst: true })).toEqual(
          entries.toReversed().slice(0, 7),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("keeps what the configuration said, and the limits that hold", async () => {
    const applied = applyLimits(openAccount(DEMO), { unitsPerHour: 5, balance: 70 }, START_AT);
    const { account } = setLimits(applied.account, { concurrentRuns: 2 }, START_AT);
    await world.store.transact("write", async (tx) => {
      await writeAccount(tx, account, applied.entries);
    });

    expect(await read(DEMO)).toEqual(account);
    expect(account.configuredLimits).toEqual({ unitsPerHour: 5 });
  });

  it("is small: eight attempts under way and sixteen that ended fit 1.3 KB without their entries", async () => {
    const groups = Array.from({ length: 24 }, (_, number) => {
      const at = after(number * MINUTE_MS);
      return number < 16 ? [hold(number, at), settle(number, at)] : [hold(number, at)];
    });
    const { account } = await post(DEMO, groups);
    // Every entry behind it moves the tail out, and one of its own stays.
    await post(DEMO, [Array.from({ length: TAIL }, () => topUp(1))], after(HOUR_MS / 2));
    await post(DEMO, [[topUp(1)]], after(HOUR_MS / 2));

    expect(account.open).toHaveLength(8);
    expect(account.spends).toHaveLength(16);
    expect(await bytesOf(DEMO)).toBeLessThan(1_300);
  });

  it("of a project with one run at a time stays near a kilobyte, whatever came before", async () => {
    let largest = 0;
    for (let run = 0; run < 3 * TAIL; run += 1) {
      const at = after(run * HOUR_MS);
      await post(DEMO, [[hold(run, at)], [settle(run, plusMs(at, 10 * SECOND_MS))]], at);
      largest = Math.max(largest, await bytesOf(DEMO));
    }

    expect(largest).toBeLessThan(1_200);
  });
});

describe("the tail of a ledger", () => {
  it("moves into a row of its own once it is full, not before", async () => {
    await post(
      DEMO,
      Array.from({ length: TAIL }, () => [topUp(1)]),
    );
    expect(await entryRows(DEMO)).toEqual([]);

    await post(DEMO, [[topUp(1)]]);
    expect(await entryRows(DEMO)).toEqual([TAIL]);

    await post(
      DEMO,
      Array.from({ length: 2 * TAIL }, () => [topUp(1)]),
    );
    expect(await entryRows(DEMO)).toEqual([TAIL, TAIL, TAIL]);
  });

  it("is not broken up by a change of several entries, however many", async () => {
    const many = (count: number) => Array.from({ length: count }, () => topUp(1));
    await post(DEMO, [many(TAIL - 1), many(2), many(3 * TAIL), many(1)]);

    expect(await entryRows(DEMO)).toEqual([TAIL - 1, 2, 3 * TAIL]);
    const entries = await scan(DEMO, { limit: limits.scanRows });
    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_entry, index) => index + 1));
  });

  it("is told in full where an account is written twice in one transaction", async () => {
    await world.store.transact("twice", async (tx) => {
      for (const units of [1, 2, 3]) {
        const { account, entries } = record(await readAccount(tx, DEMO), [topUp(units)], START_AT);
        await writeAccount(tx, account, entries);
      }
    });

    expect(await scan(DEMO, { limit: 9 })).toMatchObject([
      { units: 1 },
      { units: 2 },
      { units: 3 },
    ]);
  });

  it("is kept by a change that has no entry", async () => {
    const { entries } = await post(DEMO, [[topUp(1)]]);
    await world.store.transact("limits", async (tx) => {
      const { account } = setLimits(await readAccount(tx, DEMO), { unitsPerHour: 9 }, START_AT);
      await writeAccount(tx, account, []);
    });

    expect(await scan(DEMO, { limit: 9 })).toEqual(entries);
  });

  it("takes no entry that leaves a gap: its number would be lost", async () => {
    const { account, entries } = await post(DEMO, [[topUp(1)], [topUp(2)]]);
    const next = record(account, [topUp(3), topUp(4)], START_AT);

    for (const wrong of [next.entries.slice(1), next.entries.slice(0, 1), []]) {
      const writing = world.store.transact("gap", async (tx) => {
        await writeAccount(tx, next.account, wrong);
      });
      await expect(writing).rejects.toThrow(/the entries of demo end with the 4th/);
    }
    expect(await scan(DEMO, { limit: 9 })).toEqual(entries);
  });

  it("and its rows are read as one list, from any place and in any length", async () => {
    const sizes = [1, TAIL + 3, TAIL, 1, TAIL, TAIL - 1, 1, 1, 3];
    const { entries } = await post(
      DEMO,
      sizes.map((size) => Array.from({ length: size }, () => topUp(1))),
    );
    expect(await entryRows(DEMO)).toEqual([1, TAIL + 3, TAIL, 1, TAIL, TAIL]);

    const wrong: string[] = [];
    const down = entries.toReversed();
    await world.store.snapshot(async (reader) => {
      for (let place = 0; place <= entries.length + 1; place += 1) {
        const higher = entries.filter(({ seq }) => seq > place);
        const lower = down.filter(({ seq }) => seq < place);
        for (let limit = 1; limit <= entries.length; limit += 1) {
          const page = { limit, after: place };
          const up = await scanEntries(reader, DEMO, page);
          const back = await scanEntries(reader, DEMO, { ...page, newestFirst: true });
          const isRight =
            isDeepStrictEqual(up, higher.slice(0, limit)) &&
            isDeepStrictEqual(back, lower.slice(0, limit));
          if (!isRight) wrong.push(`${limit} behind ${place}`);
        }
      }
    });
    expect(wrong).toEqual([]);
  });

  it("belongs to one project", async () => {
    const other = projectId("demo-2");
    const mine = await post(
      DEMO,
      Array.from({ length: TAIL + 1 }, () => [topUp(1)]),
    );
    const theirs = await post(
      other,
      Array.from({ length: TAIL + 2 }, () => [topUp(2)]),
    );

    expect(await scan(DEMO, { limit: 99, newestFirst: true })).toEqual(mine.entries.toReversed());
    expect(await scan(other, { limit: 99 })).toEqual(theirs.entries);
  });

  it.each([0, -1, 1_000_000])("has nothing behind place %d that is not there", async (place) => {
    const { entries } = await post(
      DEMO,
      Array.from({ length: TAIL + 1 }, () => [topUp(1)]),
    );

    const down = await scan(DEMO, { limit: 99, after: place, newestFirst: true });
    const up = await scan(DEMO, { limit: 99, after: place });

    expect(down).toEqual(place > 0 ? entries.toReversed() : []);
    expect(up).toEqual(place > 0 ? [] : entries);
  });

  it("reads a row per chunk and not per entry", async () => {
    await post(
      DEMO,
      Array.from({ length: 10 * TAIL }, () => [topUp(1)]),
    );
    const rows: number[] = [];
    await world.store.snapshot(async (reader) => {
      const counting: typeof reader = {
        get: async (table, key) => await reader.get(table, key),
        getMany: async (table, keys) => await reader.getMany(table, keys),
        scan: async (table, range) => {
          const found = await reader.scan(table, range);
          rows.push(found.length);
          return found;
        },
      };
      await scanEntries(counting, DEMO, { limit: 5 * TAIL, newestFirst: true });
    });

    expect(rows).toEqual([4]);
  });
});

const units = fc.integer({ min: 1, max: 1_000_000 });
const spends = fc
  .tuple(fc.integer({ min: -HOUR_MS, max: HOUR_MS }), fc.nat(HOUR_MS), fc.nat(1_000), units)
  .map(([startMs, lengthMs, rate, spent]) => {
    const startAt = after(startMs);
    return { startAt, endAt: plusMs(startAt, lengthMs), rate: rate + 1, units: spent };
  });
const reasons = fc.string({ unit: "grapheme", maxLength: 12 });

/** Movements of every kind; a settlement or a release closes some attempt that is open. */
const movements = fc.oneof(
  fc.record({ kind: fc.constant("hold" as const), units, spend: spends, reason: reasons }),
  fc.record({ kind: fc.constant("settle" as const), units, spend: spends, reason: reasons }),
  fc.record({ kind: fc.constant("release" as const), units, reason: reasons }),
  fc.record({ kind: fc.constant("topUp" as const), units, reason: reasons }),
  fc.record({
    kind: fc.constant("setBalance" as const),
    units: fc.option(units, { nil: null }),
    reason: reasons,
  }),
  fc.record(
    {
      kind: fc.constant("adjust" as const),
      units: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      reservation: fc.constant(attemptOf(1)),
      reason: reasons,
    },
    { requiredKeys: ["kind", "units", "reason"] },
  ),
);
type Wish = typeof movements extends fc.Arbitrary<infer T> ? T : never;

const groups = fc.array(movements, { minLength: 1, maxLength: TAIL + 2 });
const lives = fc.record({
  limits: fc.record({ unitsPerHour: units, concurrentRuns: units }, { requiredKeys: [] }),
  groups: fc.array(fc.oneof({ weight: 4, arbitrary: groups.map((g) => g.slice(0, 2)) }, groups), {
    maxLength: 24,
    size: "max",
  }),
});
const pages = fc.array(
  fc.record({
    limit: fc.integer({ min: 1, max: 3 * TAIL }),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  { maxLength: 6 },
);

/** Turns wishes into what may be posted: a hold is of a new attempt, an end of one that is open. */
function valid(): (wishes: readonly Wish[]) => readonly Posted[] {
  let last = 0;
  const open: { readonly attempt: AttemptId; readonly units: number }[] = [];
  return (wishes) =>
    wishes.flatMap((wish): readonly Posted[] => {
      switch (wish.kind) {
        case "hold": {
          const attempt = attemptOf((last += 1));
          open.push({ attempt, units: wish.spend.units });
          return [{ ...wish, reservation: attempt, units: wish.spend.units }];
        }
        case "settle":
        case "release": {
          const held = open.shift();
          if (held === undefined) return [];
          const closing = { reservation: held.attempt, units: held.units };
          return [{ ...wish, ...closing }];
        }
        default:
          return [wish];
      }
    });
}
