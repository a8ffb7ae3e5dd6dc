// One file, because it is one table: what a lost commit leaves behind, and what that proves.
import { setImmediate } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { OrreryError } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Store, Transaction } from "../../../shared/ports/store.ts";
import { anItem, countersTable, itemsTable, linksTable } from "../../contract/store-tables.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { Double, FaultOutcome } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import {
  counterAt,
  type FaultBench,
  increment,
  makeFaultBench,
  openStoreOn,
} from "./fault-bench.ts";
import { fastClock } from "./random-faults.ts";

/** Commits whose answers are lost: what proves what became of them, and what is done then. */

let double: Double;
let bench: FaultBench;
let other: Store;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());
beforeEach(() => {
  bench = makeFaultBench(double);
  other = bench.another();
});
afterEach(async () => {
  await bench.dispose();
});

const LOST: FaultOutcome = { grpc: 14 };

/** Loses the answer of the next commit of anybody, which has happened `after` its effect. */
function loseNext(when: "before" | "after", meanwhile: () => Promise<void> = nothing): void {
  double.fault({
    ...{ database: bench.database, when, outcome: LOST },
    match: (call) => call.commits,
    wait: meanwhile,
  });
}

const nothing = async (): Promise<void> => await Promise.resolve();

const put = async (name: string, value: number, on: Store = other): Promise<void> =>
  await on.transact("put", async (tx) => {
    tx.put(countersTable, { name, value });
    await nothing();
  });

/** Adds one to each, and tells how often its body ran. */
async function addToEach(names: readonly string[]): Promise<{ readonly runs: number }> {
  let runs = 0;
  return await bench.store.transact("add", async (tx) => {
    runs += 1;
    for (const name of names) await addOne(tx, name);
    return { runs };
  });
}

async function addOne(tx: Transaction, name: string): Promise<void> {
  const before = (await tx.get(countersTable, { name }))?.value ?? 0;
  tx.put(countersTable, { name, value: before + 1 });
}

async function codeOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    if (!(error instanceof OrreryError)) throw error;
    return error.code;
  }
}

const at = (name: string): number | undefined => counterAt(double, bench.database, name);

describe("a commit that happened and was not answered", () => {
  beforeEach(async () => {
    for (const name of ["a", "b"]) await put(name, 10);
  });

  it("is found by its rows, and its result is that of the body that made it", async () => {
    loseNext("after");
    expect(await addToEach(["a", "b"])).toEqual({ runs: 1 });
    expect([at("a"), at("b")]).toEqual([11, 11]);
  });

  it("is found while others have written over all of its rows but one", async () => {
    loseNext("after", async () => await put("a", 50));
    expect(await addToEach(["a", "b"])).toEqual({ runs: 1 });
    expect([at("a"), at("b")]).toEqual([50, 11]);
  });

  it("is in doubt once others have written over all of them", async () => {
    loseNext("after", async () => {
      await put("a", 50);
      await put("b", 60);
    });
    expect(await codeOf(addToEach(["a", "b"]))).toBe("STORE_OUTCOME_UNKNOWN");
    expect([at("a"), at("b")]).toEqual([50, 60]);
  });

  it("is found by rows that it made, and that its body had not read", async () => {
    loseNext("after");
    await put("new", 1, bench.store);
    expect(at("new")).toBe(1);
  });

  it("is in doubt where it only removed rows", async () => {
    loseNext("after");
    const remove = bench.store.transact("remove", async (tx) => {
      await tx.get(countersTable, { name: "a" });
      tx.delete(countersTable, { name: "a" });
    });
    expect(await codeOf(remove)).toBe("STORE_OUTCOME_UNKNOWN");
    expect(at("a")).toBe(undefined);
  });

  it("is found although another one was lost before it", async () => {
    loseNext("before");
    const second = double.fault({
      ...{ database: bench.database, when: "after", outcome: LOST },
      match: (call) => call.commits,
    });
    expect(await addToEach(["a", "b"])).toEqual({ runs: 2 });
    expect(second.hits).toBe(1);
    expect([at("a"), at("b")]).toEqual([11, 11]);
  });

  it("is in doubt where the database cannot be reached any more", async () => {
    bench.fault("the commit", LOST, { when: "after" });
    bench.fault("the first read", LOST, { when: "before", nth: 2, times: Infinity });
    const error: unknown = await increment(bench.store, "a").catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "STORE_OUTCOME_UNKNOWN" });
    double.clearFaults();
    expect(at("a")).toBe(11);
  });
});

describe("a commit that did not happen and was not answered", () => {
  beforeEach(async () => {
    for (const name of ["a", "b"]) await put(name, 10);
  });

  it("is made again where a row is as its body read it", async () => {
    loseNext("before");
    expect(await addToEach(["a", "b"])).toEqual({ runs: 2 });
    expect([at("a"), at("b")]).toEqual([11, 11]);
  });

  it("is made again while others have written over all of those but one", async () => {
    loseNext("before", async () => await put("a", 50));
    expect(await addToEach(["a", "b"])).toEqual({ runs: 2 });
    expect([at("a"), at("b")]).toEqual([51, 11]);
  });

  it("is in doubt once others have written over all of them", async () => {
    loseNext("before", async () => {
      await put("a", 50);
      await put("b", 60);
    });
    expect(await codeOf(addToEach(["a", "b"]))).toBe("STORE_OUTCOME_UNKNOWN");
    expect([at("a"), at("b")]).toEqual([50, 60]);
  });

  it("is made again where it only removes rows, and they are still there", async () => {
    loseNext("before");
    await bench.store.transact("remove", async (tx) => {
      await tx.get(countersTable, { name: "a" });
      tx.delete(countersTable, { name: "a" });
    });
    expect(at("a")).toBe(undefined);
  });

  it.each([
    ["it had read that there is none", true],
    ["it had not looked", false],
  ])(
    "is in doubt where it only makes rows: somebody may have removed them; %s",
    async (_, looks) => {
      loseNext("before");
      const make = bench.store.transact("make", async (tx) => {
        if (looks) await tx.get(countersTable, { name: "new" });
        tx.put(countersTable, { name: "new", value: 1 });
        await nothing();
      });
      expect(await codeOf(make)).toBe("STORE_OUTCOME_UNKNOWN");
      expect(at("new")).toBe(undefined);
    },
  );

  it("lets the body decide anew: what it throws then reaches the caller as it is", async () => {
    const own = new OrreryError("RUN_NOT_FOUND", "of the body");
    let runs = 0;
    loseNext("before");
    const call = bench.store.transact("decides", async (tx) => {
      runs += 1;
      if (runs === 2) throw own;
      await addOne(tx, "a");
    });
    await expect(call).rejects.toBe(own);
    expect(at("a")).toBe(10);
  });

  it("leaves nothing in doubt where a part of a long flush was lost, and not its end", async () => {
    const tags = "x".repeat(limits.ydbFlushBytes / 3);
    bench.fault("a later read", LOST, { when: "before" });
    bench.forget();
    await bench.store.transact("much", async (tx) => {
      await tx.get(itemsTable, { shelf: "s", place: 0 });
      for (let place = 0; place < 4; place += 1) tx.put(itemsTable, anItem({ place, tags }));
    });
    // In its second try as in its first, and without a look after the first.
    expect(bench.requests()).toMatchObject({
      "the first read": 2,
      "a later read": 2,
      "the commit": 1,
    });
    expect(double.rows(bench.database, "items")).toHaveLength(4);
  });
});

describe("a commit that happens after its caller gave it up", () => {
  /** Holds the next commit, and keeps its session alive. */
  function holdNext(): { readonly letGo: () => void } {
    const held = bench.fault("the commit", "hang", { when: "before" });
    bench.fault("a session's end", LOST, { when: "before", times: Infinity });
    return { letGo: () => held.release() };
  }

  it("makes the try conflict that had found nothing, and the next one finds it", async () => {
    await put("a", 10);
    const { letGo } = holdNext();
    let runs = 0;
    const result = await bench.store.transact("late", async (tx) => {
      runs += 1;
      const run = runs;
      await addOne(tx, "a");
      if (run === 2) {
        letGo();
        while (at("a") === 10) await setImmediate();
      }
      return run;
    });
    expect({ result, runs, a: at("a") }).toEqual({ result: 1, runs: 2, a: 11 });
    expect(double.counters.conflicts).toBeGreaterThan(0);
  });

  it("is refused where the try that found nothing was quicker", async () => {
    await put("a", 10);
    const { letGo } = holdNext();
    expect(await addToEach(["a"])).toEqual({ runs: 2 });
    const { conflicts } = double.counters;
    letGo();
    while (double.counters.conflicts === conflicts) await setImmediate();
    expect(at("a")).toBe(11);
  });
});

describe("many commits that are not answered", () => {
  /** Loses every third commit, by turns before and after its effect. */
  function loseMany(): void {
    for (const [index, when] of (["before", "after"] as const).entries()) {
      let count = 0;
      double.fault({
        ...{ database: bench.database, when, times: Infinity, outcome: LOST },
        match: (call) => call.commits && (count += 1) % 6 === 3 * index,
      });
    }
  }

  it("leave increments exact, where nobody else writes", async () => {
    await put("n", 0);
    loseMany();
    for (let value = 1; value <= 60; value += 1) expect(await increment(bench.store)).toBe(value);
    expect(at("n")).toBe(60);
  });

  it("leave increments exact among many, and in doubt only who hears so", async () => {
    const clock = fastClock(1);
    const stores = [1, 2, 3, 4].map((seed) => {
      const random = seededRandom(seed);
      return openStoreOn(double, bench.database, { clock, random });
    });
    const names = stores.map((_store, index) => `of ${index}`);
    for (const name of ["n", ...names]) await put(name, 0);
    loseMany();
    const outcomes = { heard: 0, doubted: 0 };
    const work = async (store: Store, own: string): Promise<void> => {
      for (let index = 0; index < 15; index += 1) {
        const call = store.transact("count", async (tx) => {
          await addOne(tx, "n");
          await addOne(tx, own);
          tx.put(linksTable, { a: own, b: index, c: "done" });
        });
        const code = await codeOf(call);
        if (code === undefined) outcomes.heard += 1;
        else expect(code).toBe("STORE_OUTCOME_UNKNOWN");
        if (code !== undefined) outcomes.doubted += 1;
      }
    };
    await Promise.all(stores.map(async (store, index) => await work(store, names[index] ?? "")));
    await Promise.all(stores.map(async (store) => await store.close()));

    const done = double.rows(bench.database, "links").length;
    expect(at("n")).toBe(done);
    expect(names.map((name) => at(name) ?? 0).reduce((sum, value) => sum + value)).toBe(done);
    // Each wrote a row of its own, which nobody writes over: so nothing is in doubt.
    expect({ ...outcomes, done }).toEqual({ heard: 60, doubted: 0, done: 60 });
  });
});
