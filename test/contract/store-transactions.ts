import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Reader, Transaction } from "../../shared/ports/store.ts";
import type { StoreBench } from "./store.ts";
import { anItem, countersTable, itemsTable } from "./store-tables.ts";
import { counterOf, putCounter, putRows } from "./store-verbs.ts";

export function describeTransactions({ store, another }: StoreBench): void {
  describe("a transaction", () => {
    it("resolves to what its body answers", async () => {
      expect(await store().transact("answer", () => Promise.resolve({ n: 1 }))).toEqual({
        n: 1,
      });
    });

    it("shows its writes to everybody once it has resolved", async () => {
      await putCounter(store(), "n", 1);
      expect(await counterOf(store(), "n")).toBe(1);
      expect(await counterOf(await another(), "n")).toBe(1);
    });

    it("shows its writes to nobody while its body runs", async () => {
      const other = await another();
      const seen = await store().transact("write", async (tx) => {
        await tx.get(countersTable, { name: "n" });
        tx.put(countersTable, { name: "n", value: 1 });
        return await counterOf(other, "n");
      });
      expect(seen).toBeUndefined();
    });

    it("answers gets from its own writes, the last one winning", async () => {
      const seen = await store().transact("write", async (tx) => {
        const values: (number | undefined)[] = [];
        const look = async (): Promise<void> => {
          values.push((await tx.get(countersTable, { name: "n" }))?.value);
        };
        await look();
        tx.put(countersTable, { name: "n", value: 1 });
        await look();
        tx.delete(countersTable, { name: "n" });
        await look();
        tx.put(countersTable, { name: "n", value: 2 });
        await look();
        return values;
      });
      expect(seen).toEqual([undefined, 1, undefined, 2]);
      expect(await counterOf(store(), "n")).toBe(2);
    });

    it("writes to several tables at once", async () => {
      await store().transact("write", (tx) => {
        tx.put(countersTable, { name: "n", value: 1 });
        tx.put(itemsTable, anItem());
        return Promise.resolve();
      });
      const both = await store().snapshot(async (reader) => [
        await reader.get(countersTable, { name: "n" }),
        await reader.get(itemsTable, { shelf: "s", place: 1 }),
      ]);
      expect(both).toEqual([{ name: "n", value: 1 }, anItem()]);
    });

    it("takes 500 rows in one commit", async () => {
      await store().transact("batch", (tx) => {
        for (let place = 0; place < 500; place++) tx.put(itemsTable, anItem({ place }));
        return Promise.resolve();
      });
      const rows = await store().snapshot(
        async (reader) => await reader.scan(itemsTable, { limit: 900 }),
      );
      expect(rows.map(({ place }) => place)).toEqual(Array.from({ length: 500 }, (_row, n) => n));
    });

    it("gives a row that is read again anew, so that nothing done to the first one shows", async () => {
      await putRows(store(), itemsTable, [anItem({ tags: ["a"] })]);
      const key = { shelf: "s", place: 1 };
      const seen = await store().transact("read", async (tx) => {
        const [first, twin] = await tx.getMany(itemsTable, [key, key]);
        (first?.tags as string[]).push("b");
        const again = await tx.get(itemsTable, key);
        return [first, twin, again].map((row) => row?.tags);
      });
      expect(seen).toEqual([["a", "b"], ["a"], ["a"]]);
    });

    it("may read in parallel", async () => {
      await putCounter(store(), "a", 1);
      await putCounter(store(), "b", 2);
      const sum = await store().transact("read", async (tx) => {
        const names = ["a", "b"].map(async (name) => await tx.get(countersTable, { name }));
        return (await Promise.all(names)).reduce((total, row) => total + (row?.value ?? 0), 0);
      });
      expect(sum).toBe(3);
    });
  });

  describe("a body that throws", () => {
    it("leaves no trace, and its error arrives as it is", async () => {
      await putCounter(store(), "n", 1);
      const mine = new Error("changed my mind");
      const attempt = store().transact("throw", async (tx) => {
        await tx.get(countersTable, { name: "n" });
        tx.put(countersTable, { name: "n", value: 2 });
        throw mine;
      });
      await expect(attempt).rejects.toBe(mine);
      expect(await counterOf(store(), "n")).toBe(1);
    });

    it("does so even before its first await", async () => {
      const mine = new Error("at once");
      const attempt = store().transact("throw", () => {
        throw mine;
      });
      await expect(attempt).rejects.toBe(mine);
    });

    it("does not keep later ones from running", async () => {
      const failures = [1, 2, 3].map(
        async () => await store().transact("throw", () => Promise.reject(new Error("no"))),
      );
      await Promise.allSettled(failures);
      await putCounter(store(), "n", 3);
      expect(await counterOf(store(), "n")).toBe(3);
    });

    it("passes its error through a snapshot too", async () => {
      const mine = new Error("seen enough");
      const attempt = store().snapshot(() => Promise.reject(mine));
      await expect(attempt).rejects.toBe(mine);
      expect(await counterOf(store(), "n")).toBeUndefined();
    });
  });

  describe("a transaction or reader whose body has ended", () => {
    it("refuses to read and to write", async () => {
      let leaked: Transaction | undefined;
      await store().transact("leak", (tx) => {
        leaked = tx;
        return Promise.resolve();
      });
      const row = { name: "n", value: 1 };
      expect(() => leaked?.put(countersTable, row)).toThrow(
        /transaction leak .*while its body runs/,
      );
      expect(() => leaked?.delete(countersTable, row)).toThrow(/while its body runs/);
      await expect(leaked?.get(countersTable, row)).rejects.toThrow(/while its body runs/);
      await expect(leaked?.scan(countersTable, { limit: 1 })).rejects.toThrow(
        /while its body runs/,
      );
    });

    it("refuses after a body that threw", async () => {
      let leaked: Transaction | undefined;
      const attempt = store().transact("leak", (tx) => {
        leaked = tx;
        return Promise.reject(new Error("no"));
      });
      await expect(attempt).rejects.toThrow("no");
      expect(() => leaked?.delete(countersTable, { name: "n" })).toThrow(/while its body runs/);
    });

    it("refuses after a snapshot", async () => {
      let leaked: Reader | undefined;
      await store().snapshot((reader) => {
        leaked = reader;
        return Promise.resolve();
      });
      await expect(leaked?.get(countersTable, { name: "n" })).rejects.toThrow(
        /while its body runs/,
      );
    });
  });

  describe("a body inside another one of the same store", () => {
    const inner = async (kind: "transact" | "snapshot"): Promise<unknown> =>
      kind === "transact"
        ? await store().transact("inner", () => Promise.resolve(1))
        : await store().snapshot(() => Promise.resolve(1));

    it.each([
      ["transact", "transact"],
      ["transact", "snapshot"],
      ["snapshot", "transact"],
      ["snapshot", "snapshot"],
    ] as const)("throws instead of waiting for ever: %s around %s", async (outer, kind) => {
      const attempt =
        outer === "transact"
          ? store().transact("outer", async () => await inner(kind))
          : store().snapshot(async () => await inner(kind));
      await expect(attempt).rejects.toThrow(/outside of every other body/);
    });

    it("throws however deep the call comes from", async () => {
      const attempt = store().transact("outer", async (tx) => {
        await tx.get(countersTable, { name: "n" });
        await setImmediate();
        return await Promise.all([inner("transact")]);
      });
      await expect(attempt).rejects.toThrow(
        /transaction inner starts outside.*inside transaction outer/,
      );
    });

    it("is fine once the outer one has ended", async () => {
      let resume = (): void => undefined;
      const ended = new Promise<void>((resolve) => (resume = resolve));
      let late: Promise<unknown> = Promise.resolve();
      await store().transact("outer", () => {
        late = ended.then(async () => await inner("transact"));
        return Promise.resolve();
      });
      resume();
      expect(await late).toBe(1);
    });
  });

  describe("a store that is closed", () => {
    it("refuses what comes later, and closing it again is fine", async () => {
      const closing = await another();
      await closing.close();
      await closing.close();
      await expect(counterOf(closing, "n")).rejects.toThrow(/is open/);
      await expect(putCounter(closing, "n", 1)).rejects.toThrow(/is open/);
    });

    it("finishes what was asked of it before", async () => {
      const closing = await another();
      const writing = putCounter(closing, "n", 1);
      await closing.close();
      await writing;
      expect(await counterOf(store(), "n")).toBe(1);
    });
  });
}
