// One file for what one store does with one body: reads, writes, ends and waits share a bench.
import { AsyncLocalStorage } from "node:async_hooks";
import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { withWriter } from "../../../shared/adapters/ydb/written-by.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { AnyTable } from "../../../shared/ports/store.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import { anItem, countersTable, itemsTable, linksTable } from "../../contract/store-tables.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { Double, Throttle } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import {
  counterAt,
  type FaultBench,
  increment,
  makeFaultBench,
  openStoreOn,
  REQUESTS,
} from "./fault-bench.ts";

/** How bodies become requests, and what becomes of bodies and stores when something ends early. */

let double: Double;
let bench: FaultBench;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());
beforeEach(async () => {
  bench = makeFaultBench(double);
  await increment(bench.store);
  bench.forget();
});
afterEach(async () => {
  double.throttle(bench.database, undefined);
  await bench.dispose();
});

const N = { name: "n" };
const BESIDE = { name: "beside" };

describe("the reads of a body", () => {
  it("travel in one request where it asks for them at once, whatever they are", async () => {
    await bench.store.transact("at once", async (tx) => {
      await Promise.all([
        tx.get(countersTable, N),
        tx.getMany(countersTable, [N, BESIDE]),
        tx.get(itemsTable, { shelf: "s", place: 1 }),
        tx.scan(itemsTable, { prefix: { shelf: "s" }, limit: 10 }),
        tx.scan(linksTable, { limit: 10 }),
      ]);
    });
    expect(bench.requests()).toEqual({ "the first read": 1, "the commit": 1 });
  });

  it("travel in as many requests as it waits for, one after the other", async () => {
    await bench.store.transact("in turn", async (tx) => {
      await tx.get(countersTable, N);
      await tx.get(countersTable, BESIDE);
      await tx.scan(linksTable, { limit: 10 });
    });
    expect(bench.requests()).toEqual({ "the first read": 1, "a later read": 2, "the commit": 1 });
  });

  it("travel together also where several parts of it read at their own pace", async () => {
    await bench.store.transact("in parts", async (tx) => {
      const quick = async (): Promise<void> => {
        await tx.get(countersTable, N);
        await tx.get(countersTable, BESIDE);
      };
      const slow = async (): Promise<void> => {
        await Promise.resolve();
        await tx.scan(linksTable, { limit: 10 });
        for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
        await tx.get(itemsTable, { shelf: "s", place: 1 });
      };
      await Promise.all([quick(), slow()]);
    });
    expect(bench.requests()).toEqual({ "the first read": 1, "a later read": 1, "the commit": 1 });
  });

  it("of 900 keys take a request for each 32, and answer each in its place", async () => {
    const keys = Array.from({ length: 900 }, (_key, place) => ({ shelf: "s", place }));
    await bench.store.transact("fill", async (tx) => {
      for (const { place } of keys) if (place % 3 > 0) tx.put(itemsTable, anItem({ place }));
      await Promise.resolve();
    });
    bench.forget();
    const rows = await bench.store.snapshot(
      async (reader) => await reader.getMany(itemsTable, keys),
    );
    expect(rows.map((row) => row?.place)).toEqual(
      keys.map(({ place }) => (place % 3 > 0 ? place : undefined)),
    );
    expect(bench.requests()).toEqual({ "the first read": 1, "a later read": 28, "a rollback": 1 });
  });

  it("that it does not wait for have ended when its transaction has", async () => {
    const fault = double.fault({
      ...{ database: bench.database, when: "before", match: REQUESTS["the first read"] },
      wait: async () => await setImmediate(),
    });
    await bench.store.transact("careless", async (tx) => {
      void tx.get(countersTable, BESIDE);
      await setImmediate();
      void tx.get(countersTable, N); // Never leaves: the body ends first.
      tx.put(countersTable, { ...N, value: 5 });
    });
    expect(fault.hits).toBe(1);
    const before = bench.requests();
    expect(before).toEqual({ "the first read": 1, "the commit": 1 });
    await setImmediate();
    expect(bench.requests()).toEqual(before);
  });

  it("that it does not wait for, and that fail, end its try: it may not write unchecked", async () => {
    const other = bench.another();
    const fault = double.fault({
      ...{ database: bench.database, when: "before", outcome: { grpc: 14 } },
      match: REQUESTS["a later read"],
      wait: async () => expect(await increment(other)).toBe(2),
    });
    let runs = 0;
    await bench.store.transact("careless", async (tx) => {
      runs += 1;
      const before = (await tx.get(countersTable, N))?.value ?? 0;
      void tx.get(countersTable, BESIDE);
      await setImmediate();
      tx.put(countersTable, { ...N, value: before + 1 });
    });
    expect(fault.hits).toBe(1);
    expect(runs).toBe(2);
    expect(counterAt(double, bench.database)).toBe(3);
  });

  it("that fail never let it go on, so it cannot write what it made up instead", async () => {
    bench.fault("a later read", { grpc: 14 }, { when: "before" });
    let caught = 0;
    await bench.store.transact("inventive", async (tx) => {
      const before = await tx.get(countersTable, N);
      const beside = await tx.get(countersTable, BESIDE).catch(() => {
        caught += 1;
        return { value: 1_000 };
      });
      tx.put(countersTable, { ...N, value: (before?.value ?? 0) + (beside?.value ?? 0) + 1 });
    });
    expect(caught).toBe(0);
    expect(counterAt(double, bench.database)).toBe(2);
  });

  it("leave it to throw what it likes: its transaction ends, and its error arrives", async () => {
    const own = new OrreryError("RUN_NOT_FOUND", "of the body");
    const call = bench.store.transact("throws", async (tx) => {
      void tx.get(countersTable, BESIDE);
      tx.put(countersTable, { ...N, value: (await tx.get(countersTable, N))?.value ?? 0 });
      throw own;
    });
    await expect(call).rejects.toBe(own);
    expect(bench.requests()).toEqual({ "the first read": 1, "a rollback": 1 });
    expect(double.openTransactions(bench.database)).toBe(0);
  });
});

describe("a body that takes longer than a transaction may", () => {
  const slow = async (failsFirst: boolean): Promise<unknown> => {
    if (failsFirst) bench.fault("the commit", { status: "ABORTED" }, { when: "before" });
    let runs = 0;
    const call = bench.store.transact("slow", async (tx) => {
      runs += 1;
      await tx.get(countersTable, N);
      if (runs === (failsFirst ? 2 : 1)) bench.clock.pass(limits.ydbTransactionMs);
      tx.put(countersTable, { ...N, value: 100 });
    });
    return await call.catch((thrown: unknown) => thrown);
  };

  it("is refused before its commit", async () => {
    expect(await slow(false)).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(bench.requests()).toMatchObject({ "the first read": 1 });
    expect(counterAt(double, bench.database)).toBe(1);
    expect(await bench.dispose()).toEqual({ sessions: 0, transactions: 0 });
  });

  it("is told what made it try again, rather than that time is up", async () => {
    expect(await slow(true)).toMatchObject({ code: "STORE_BUSY" });
    expect(counterAt(double, bench.database)).toBe(1);
  });
});

describe("the writes of a body", () => {
  const wide = Array.from({ length: 40 }, (_table, index) =>
    defineTable(
      `wide_${index}`,
      { id: "text", ...Object.fromEntries(columns(index).map((name) => [name, "text" as const])) },
      ["id"],
    ),
  );

  function columns(index: number): readonly string[] {
    return Array.from({ length: 8 }, (_column, place) => `a_longish_column_${index}_${place}`);
  }

  it("become one commit also where they take several requests", async () => {
    double.createTables(bench.database, wide.map(withWriter));
    const store = openStoreOn(double, bench.database, {
      clock: bench.clock,
      random: seededRandom(1),
      tables: wide,
    });
    const putAll = async (value: string): Promise<void> =>
      await store.transact("wide", async (tx) => {
        for (const [index, table] of wide.entries()) {
          const row = Object.fromEntries(columns(index).map((name) => [name, value]));
          tx.put(table as AnyTable, { id: "1", ...row });
        }
        await Promise.resolve();
      });
    const ofAll = (): readonly unknown[] =>
      wide.flatMap(({ name }) => double.rows(bench.database, name));

    await putAll("first");
    const { "a later read": parts = 0 } = bench.requests();
    expect(parts).toBeGreaterThan(1);
    expect(ofAll()).toHaveLength(40);
    // The one request among them that fails takes the others along.
    const fault = bench.fault(
      "a later read",
      { status: "PRECONDITION_FAILED" },
      { when: "before", nth: parts },
    );
    await expect(putAll("second")).rejects.toThrow();
    expect(fault.hits).toBe(1);
    expect(JSON.stringify(ofAll())).not.toContain("second");
    await store.close();
  });

  it("may be as large as values get", async () => {
    const rows = [
      anItem({ place: Number.MAX_SAFE_INTEGER, size: Number.MIN_SAFE_INTEGER }),
      anItem({ place: Number.MIN_SAFE_INTEGER, expire_at: Number.MAX_SAFE_INTEGER }),
      anItem({ place: 1, title: "\u{10ffff}\u{1}é".repeat(10_000), tags: ["\0", "\ud800", ""] }),
      anItem({ shelf: "ß".repeat(1_000), tags: "x".repeat(2 * 1024 * 1024) }),
      anItem({ shelf: "", place: 0, title: "", tags: {} }),
      anItem({ shelf: "y", tags: "y".repeat(2 * 1024 * 1024) }),
    ];
    await bench.store.transact("large", async (tx) => {
      for (const row of rows) tx.put(itemsTable, row);
      await Promise.resolve();
    });
    const keys = rows.map(({ shelf, place }) => ({ shelf, place }));
    const found = await bench.store.snapshot(
      async (reader) => await reader.getMany(itemsTable, keys),
    );
    expect(found).toEqual(rows);
  });

  it("to the same key, many times, become one", async () => {
    await bench.store.transact("again and again", async (tx) => {
      for (let value = 0; value < 50; value += 1) tx.put(countersTable, { ...N, value });
      tx.delete(countersTable, BESIDE);
      tx.delete(countersTable, BESIDE);
      await Promise.resolve();
    });
    expect(counterAt(double, bench.database)).toBe(49);
  });
});

describe("a store that is closed while it is called", () => {
  it("finishes what it was asked for, and leaves nothing open", async () => {
    const calls = [increment(bench.store), increment(bench.store), increment(bench.store)];
    const closed = bench.store.close();
    expect((await Promise.all(calls)).toSorted()).toEqual([2, 3, 4]);
    await closed;
    expect(double.openSessions(bench.database)).toBe(0);
    await expect(increment(bench.store)).rejects.toThrow("the store is open");
  });

  it("also finishes what has to be tried again, or gives it up in time", async () => {
    bench.fault("the commit", { status: "ABORTED" }, { when: "before", times: 3 });
    const call = increment(bench.store);
    const closed = bench.store.close();
    expect(await call).toBe(2);
    await closed;

    const stuck = bench.another();
    bench.fault("the commit", "hang", { when: "before", times: Infinity });
    const failing = expect(increment(stuck)).rejects.toMatchObject({
      code: "STORE_OUTCOME_UNKNOWN",
    });
    await stuck.close();
    await failing;
  });
});

describe("a process that was frozen and has thawed", () => {
  const thawed = async (): Promise<number> => {
    bench.clock.waitedMs.length = 0;
    bench.forget();
    return await increment(bench.store);
  };

  it.each([
    ["its sessions have ended", () => double.killSessions(bench.database)],
    ["its connection was cut", () => double.dropConnections()],
    [
      "both have",
      () => {
        double.killSessions(bench.database);
        double.dropConnections();
      },
    ],
    [
      "both have, and hours have passed",
      () => {
        double.killSessions(bench.database);
        double.dropConnections();
        bench.clock.pass(5 * 60 * limits.ydbSessionIdleMs);
      },
    ],
  ])("is served at once, without a wait, where %s", async (_what, freeze) => {
    // Several sessions, as a process has that was busy before.
    await Promise.all(["a", "b", "c"].map(async (name) => await increment(bench.store, name)));
    freeze();
    expect(await thawed()).toBe(2);
    expect(bench.clock.waitedMs).toEqual([]);
    const { "a session": sessions = 0, "the first read": tries = 0 } = bench.requests();
    expect(sessions).toBeLessThanOrEqual(1);
    expect(tries).toBeLessThanOrEqual(2);
    expect(bench.requests()["the commit"]).toBe(1);
  });

  it("is served at once where its connection is cut under a call", async () => {
    const fault = bench.fault("the commit", "drop connection", { when: "before" });
    expect(await thawed()).toBe(2);
    expect(fault.hits).toBe(1);
    expect(bench.clock.waitedMs).toEqual([]);
  });
});

describe("a database that is throttled", () => {
  const throttle = (rate: number, refusal: Throttle["refusal"]): void => {
    const nowMs = (): number => bench.clock.waits.monotonicMs();
    double.throttle(bench.database, { rate, burst: 4, nowMs, refusal });
  };

  it.each(["OVERLOADED", "RESOURCE_EXHAUSTED"] as const)(
    "by %s is asked again slowly, until it serves",
    async (refusal) => {
      throttle(2, refusal);
      for (let value = 2; value <= 4; value += 1) expect(await increment(bench.store)).toBe(value);
      expect(double.counters.throttled).toBeGreaterThan(0);
      for (const waitedMs of bench.clock.waitedMs) {
        expect(waitedMs).toBeGreaterThanOrEqual(limits.ydbThrottledFirstMs / 2);
      }
    },
  );

  it.each(["OVERLOADED", "RESOURCE_EXHAUSTED"] as const)(
    "by %s for good is told of, after few tries",
    async (refusal) => {
      throttle(0, refusal);
      expect(await increment(bench.store)).toBe(2); // Takes what the bucket began with.
      const { throttled } = double.counters;
      const error: unknown = await increment(bench.store).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "STORE_THROTTLED" });
      expect(String(error)).toContain("request units");
      expect(double.counters.throttled - throttled).toBeLessThan(12);
      double.throttle(bench.database, undefined);
      expect(await increment(bench.store)).toBe(3);
    },
  );
});

describe("a connection that is lost again and again", () => {
  it("leaves nothing behind that every promise would pay for", async () => {
    const run = vi.spyOn(AsyncLocalStorage.prototype, "run");
    const disable = vi.spyOn(AsyncLocalStorage.prototype, "disable");
    for (let value = 2; value <= 20; value += 1) {
      bench.fault("the first read", { grpc: 14 }, { when: "before" });
      expect(await increment(bench.store)).toBe(value);
    }
    await bench.store.close();
    // Node walks every storage that ever ran, for every promise, until it is disabled.
    const kept = new Set(run.mock.contexts);
    for (const storage of disable.mock.contexts) kept.delete(storage);
    expect(kept.size).toBeLessThan(5);
    vi.restoreAllMocks();
  });
});
