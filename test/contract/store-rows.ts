import { describe, expect, it } from "vitest";
import { defineTable } from "../../shared/ports/table.ts";
import type { StoreBench } from "./store.ts";
import { anItem, countersTable, type Item, itemsTable, linksTable } from "./store-tables.ts";
import { deleteRow, putRows } from "./store-verbs.ts";

export function describeRows({ store }: StoreBench): void {
  const putItem = async (item: Item): Promise<void> => {
    await putRows(store(), itemsTable, [item]);
  };
  const getItem = async (place: number, shelf = "s"): Promise<Item | undefined> =>
    await store().snapshot(async (reader) => await reader.get(itemsTable, { shelf, place }));

  describe("a row", () => {
    it("comes back as it was put, in every column", async () => {
      const item = anItem({ title: "Ж😀\n'\"%", size: -5, tags: { deep: [1, null, "x"] } });
      await putItem(item);
      expect(await getItem(1)).toEqual(item);
    });

    it.each([0, -1, 1, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, 1_800_000_000_000])(
      "keeps the int %d exactly, inside and outside the key",
      async (value) => {
        await putItem(anItem({ place: value, size: value }));
        expect(await getItem(value)).toMatchObject({ place: value, size: value });
      },
    );

    it("knows one zero, before and after the commit", async () => {
      const early = await store().transact("zero", async (tx) => {
        tx.put(itemsTable, anItem({ place: -0, size: -0 }));
        return (await tx.get(itemsTable, anItem({ place: 0 })))?.size;
      });
      expect([early, (await getItem(-0))?.size]).toEqual([0, 0]);
    });

    it.each([null, true, 0.1, "", "null", [], {}, { a: { b: [{}] } }, "\0", "\ud800"])(
      "keeps the JSON value %j",
      async (tags) => {
        await putItem(anItem({ tags }));
        expect((await getItem(1))?.tags).toEqual(tags);
      },
    );

    it("leaves absent what is undefined inside JSON", async () => {
      await putItem(anItem({ tags: { here: 1, absent: undefined } }));
      expect(Object.keys((await getItem(1))?.tags as object)).toEqual(["here"]);
    });

    it.each([null, 0, 4_102_444_800_000])("keeps the expiry %d", async (expireAt) => {
      await putItem(anItem({ expire_at: expireAt }));
      expect((await getItem(1))?.expire_at).toBe(expireAt);
    });

    it("keeps a text of 200 KB", async () => {
      const title = "ы".repeat(100_000);
      await putItem(anItem({ title }));
      expect((await getItem(1))?.title).toBe(title);
    });

    it("is replaced as a whole by the next put of its key", async () => {
      await putItem(anItem({ title: "old", size: 1, tags: [1], expire_at: 1 }));
      await putItem(anItem({ title: "new" }));
      expect(await getItem(1)).toEqual(anItem({ title: "new" }));
    });

    it("is gone after its delete, and deleting it again is fine", async () => {
      await putItem(anItem());
      const remove = async (): Promise<void> =>
        await deleteRow(store(), itemsTable, { shelf: "s", place: 1 });
      await remove();
      await remove();
      expect(await getItem(1)).toBeUndefined();
    });

    it("may be nothing but its key", async () => {
      const link = { a: "x", b: 2, c: "z" };
      await putRows(store(), linksTable, [link]);
      await putRows(store(), linksTable, [link]);
      const found = await store().snapshot(async (reader) => await reader.get(linksTable, link));
      expect(found).toEqual(link);
    });

    it("does not change when the object that was put or read changes", async () => {
      const tags = { n: 1 };
      const [first, second] = await store().transact("put", async (tx) => {
        tx.put(itemsTable, anItem({ tags }));
        tags.n = 2;
        const early = await tx.get(itemsTable, anItem());
        (early?.tags as { n: number }).n = 3;
        return [(await tx.get(itemsTable, anItem()))?.tags, undefined];
      });
      expect([first, second]).toEqual([{ n: 1 }, undefined]);
    });
  });

  describe("a row that is not one of its table", () => {
    const wrong: readonly [string, object, RegExp][] = [
      ["a missing column", { title: undefined }, /items\.title .*got undefined/],
      ["a null key", { shelf: null }, /items\.shelf .*got null/],
      ["a null text", { title: null }, /items\.title .*got null/],
      ["a fraction", { size: 1.5 }, /items\.size .*safe integer.*got 1\.5/],
      ["an unsafe integer", { place: 2 ** 53 }, /items\.place .*safe integer.*9007199254740992/],
      ["NaN", { size: Number.NaN }, /items\.size .*got NaN/],
      ["a bigint", { size: 1n }, /items\.size/],
      ["a number as text", { title: 5 }, /items\.title .*got 5/],
      ["a lone surrogate", { title: "a\ud800" }, /items\.title .*well-formed/],
      ["a zero character", { shelf: "a\0b" }, /items\.shelf .*U\+0000/],
      ["a negative expiry", { expire_at: -1 }, /items\.expire_at .*got -1/],
      ["no JSON", { tags: undefined }, /items\.tags .*got undefined/],
      ["an infinity inside JSON", { tags: [{ rate: Infinity }] }, /items\.tags.*rate.*Infinity/],
      ["an unknown column", { colour: "red" }, /items\.colour .*"red"/],
    ];
    it.each(wrong)("is refused at its put: %s", async (_what, given, message) => {
      const attempt = store().transact("put", (tx) => {
        expect(() => tx.put(itemsTable, { ...anItem(), ...given })).toThrow(message);
        return Promise.resolve("the body went on");
      });
      expect(await attempt).toBe("the body went on");
      expect(await getItem(1)).toBeUndefined();
    });

    it("cannot be looked for either", async () => {
      await expect(getItem(0.5)).rejects.toThrow(/items\.place .*safe integer.*got 0\.5/);
    });

    it("is refused where the store does not have the table", async () => {
      const stranger = defineTable("stranger", { id: "text" }, ["id"]);
      const reading = store().snapshot(async (reader) => await reader.get(stranger, { id: "x" }));
      await expect(reading).rejects.toThrow(/stranger/);
    });
  });

  describe("rows got together", () => {
    it("answer one for one in the order of their keys, repeats and gaps included", async () => {
      await putRows(
        store(),
        countersTable,
        ["a", "b"].map((name) => ({ name, value: 1 })),
      );
      const names = ["b", "none", "a", "b"].map((name) => ({ name }));
      const rows = await store().snapshot(
        async (reader) => await reader.getMany(countersTable, names),
      );
      expect(rows.map((row) => row?.name)).toEqual(["b", undefined, "a", "b"]);
    });

    it("are none for no keys", async () => {
      const rows = await store().snapshot(
        async (reader) => await reader.getMany(countersTable, []),
      );
      expect(rows).toEqual([]);
    });

    it("mix what the body wrote with what was there", async () => {
      await putRows(
        store(),
        countersTable,
        ["a", "b", "c"].map((name) => ({ name, value: 1 })),
      );
      const values = await store().transact("mix", async (tx) => {
        tx.put(countersTable, { name: "c", value: 3 });
        tx.delete(countersTable, { name: "a" });
        const names = ["a", "b", "c", "d"].map((name) => ({ name }));
        return (await tx.getMany(countersTable, names)).map((row) => row?.value);
      });
      expect(values).toEqual([undefined, 1, 3, undefined]);
    });
  });
}
