import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { Store } from "../../shared/ports/store.ts";
import type { StoreBench } from "./store.ts";
import { anItem, countersTable, itemsTable } from "./store-tables.ts";
import { counterOf, putCounter, putRows } from "./store-verbs.ts";

const BODIES = 40;

export function describeConcurrency({ store, another }: StoreBench): void {
  const increment = async (on: Store): Promise<number> =>
    await on.transact("increment", async (tx) => {
      const value = ((await tx.get(countersTable, { name: "n" }))?.value ?? 0) + 1;
      await setImmediate(); // Every other body gets its chance between the read and the write.
      tx.put(countersTable, { name: "n", value });
      return value;
    });

  describe("transactions at the same time", () => {
    it("each see the one before: increments add up", async () => {
      const values = await Promise.all(Array.from({ length: BODIES }, () => increment(store())));
      expect(values.toSorted((a, b) => a - b)).toEqual(values.map((_value, index) => index + 1));
      expect(await counterOf(store(), "n")).toBe(BODIES);
    });

    it("do so across stores", async () => {
      const stores = [store(), await another(), await another()];
      const all = stores.flatMap((on) => Array.from({ length: 12 }, () => increment(on)));
      const values = await Promise.all(all);
      expect(new Set(values).size).toBe(36);
      expect(await counterOf(store(), "n")).toBe(36);
    });

    it("keep a sum, whatever they move between rows", async () => {
      const names = ["a", "b", "c", "d"];
      for (const name of names) await putCounter(store(), name, 100);
      const other = await another();
      const move = async (on: Store, step: number): Promise<void> =>
        await on.transact("move", async (tx) => {
          const from = { name: names[step % 4] ?? "" };
          const to = { name: names[(step * 7 + 1) % 4] ?? "" };
          if (from.name === to.name) return;
          const [source, sink] = await tx.getMany(countersTable, [from, to]);
          await setImmediate();
          tx.put(countersTable, { ...from, value: (source?.value ?? 0) - step });
          tx.put(countersTable, { ...to, value: (sink?.value ?? 0) + step });
        });
      await Promise.all(
        Array.from({ length: BODIES }, (_move, step) => move(step % 2 ? store() : other, step)),
      );
      const values = await Promise.all(names.map(async (name) => await counterOf(store(), name)));
      expect(values.reduce<number>((sum, value) => sum + (value ?? 0), 0)).toBe(400);
    });

    // Each may leave if the other stays: with reads of one state and no locks, both would leave.
    it("cannot skew: of two that each rely on what the other writes, one sees the other", async () => {
      const other = await another();
      for (const name of ["left", "right"]) await putCounter(store(), name, 1);
      const leave = async (on: Store, name: string): Promise<boolean> =>
        await on.transact("leave", async (tx) => {
          const rows = await tx.getMany(countersTable, [{ name: "left" }, { name: "right" }]);
          await setImmediate();
          if (rows.some((row) => row?.value !== 1)) return false;
          tx.put(countersTable, { name, value: 0 });
          return true;
        });
      const left = await Promise.all([leave(store(), "left"), leave(other, "right")]);
      expect(left.filter(Boolean)).toHaveLength(1);
    });

    it("meet no phantoms: a row put into a range somebody scanned is seen or comes later", async () => {
      const other = await another();
      const takeNextPlace = async (on: Store): Promise<number> =>
        await on.transact("take place", async (tx) => {
          const [last] = await tx.scan(itemsTable, {
            prefix: { shelf: "s" },
            order: "descending",
            limit: 1,
          });
          await setImmediate();
          const place = (last?.place ?? 0) + 1;
          tx.put(itemsTable, anItem({ place }));
          return place;
        });
      const places = await Promise.all(
        Array.from({ length: BODIES }, (_take, index) =>
          takeNextPlace(index % 2 ? store() : other),
        ),
      );
      expect(places.toSorted((a, b) => a - b)).toEqual(places.map((_place, index) => index + 1));
    });

    it("claim a row once, however many try", async () => {
      const other = await another();
      await putRows(store(), itemsTable, [anItem()]);
      const claim = async (on: Store): Promise<boolean> =>
        await on.transact("claim", async (tx) => {
          const row = await tx.get(itemsTable, anItem());
          if (row === undefined) return false;
          tx.delete(itemsTable, row);
          return true;
        });
      const claims = await Promise.all(
        Array.from({ length: 20 }, (_claim, index) => claim(index % 2 ? store() : other)),
      );
      expect(claims.filter(Boolean)).toHaveLength(1);
    });
  });

  describe("a snapshot", () => {
    it("reads one state while writers commit around it", async () => {
      await putCounter(store(), "a", 0);
      await putCounter(store(), "b", 0);
      const other = await another();
      const writing = (async () => {
        for (let value = 1; value <= 30; value++) {
          const both = ["a", "b"].map((name) => ({ name, value }));
          await putRows(other, countersTable, both);
          await setImmediate();
        }
      })();

      const states: (number | undefined)[][] = [];
      while (states.at(-1)?.[0] !== 30 && states.length < 1_000) {
        const state = await store().snapshot(async (reader) => {
          const first = await reader.get(countersTable, { name: "a" });
          await setImmediate();
          await setImmediate();
          const second = await reader.scan(countersTable, { from: "b", limit: 1 });
          return [first?.value, second[0]?.value];
        });
        states.push(state);
      }
      await writing;

      expect(states.filter(([a, b]) => a !== b)).toEqual([]);
      expect(new Set(states.map(([a]) => a)).size).toBeGreaterThan(1);
    });

    it("sees every transaction that resolved before it began", async () => {
      for (let value = 1; value <= 20; value++) {
        await putCounter(store(), "n", value);
        expect(await counterOf(store(), "n")).toBe(value);
      }
    });

    it("does not wait for a transaction whose body runs", async () => {
      await putCounter(store(), "n", 1);
      let finish = (): void => undefined;
      const finished = new Promise<void>((resolve) => (finish = resolve));
      const writing = store().transact("slow", async (tx) => {
        tx.put(countersTable, { name: "n", value: 2 });
        await finished;
      });
      const seen = await counterOf(store(), "n");
      finish();
      await writing;
      expect(seen).toBe(1);
    });
  });
}
