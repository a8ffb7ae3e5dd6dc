import { describe, expect, it } from "vitest";
import { firstItems } from "../../cli/api-client.ts";

/** A listing of the numbers from 1 to `count` whose pages are never larger than `most`. */
function listing(count: number, most: number) {
  const asked: string[] = [];
  return {
    asked,
    list: async ({ pageSize, pageToken }: { pageSize: bigint; pageToken: string }) => {
      asked.push(`${pageSize} behind ${pageToken}`);
      const start = Number(pageToken);
      const end = Math.min(count, start + Math.min(Number(pageSize), most));
      const items = Array.from({ length: end - start }, (_, index) => start + index + 1);
      return await Promise.resolve({ items, nextPageToken: end < count ? String(end) : "" });
    },
  };
}

describe("the first items of a listing", () => {
  it("are asked for once where one page has them", async () => {
    const { list, asked } = listing(100, 100);

    expect(await firstItems(3, list)).toEqual([1, 2, 3]);
    expect(asked).toEqual(["3 behind "]);
  });

  it("come from as many pages as it takes", async () => {
    const { list, asked } = listing(100, 2);

    expect(await firstItems(5, list)).toEqual([1, 2, 3, 4, 5]);
    expect(asked).toEqual(["5 behind ", "3 behind 2", "1 behind 4"]);
  });

  it("may stand behind pages that are empty", async () => {
    const pages = [[], [], [7]].values();

    const found = await firstItems(5, async () => {
      const items = pages.next().value ?? [];
      return await Promise.resolve({ items, nextPageToken: items.length === 0 ? "on" : "" });
    });

    expect(found).toEqual([7]);
  });

  it("are all there are where that is fewer", async () => {
    expect(await firstItems(900, listing(5, 2).list)).toEqual([1, 2, 3, 4, 5]);
    expect(await firstItems(900, listing(0, 2).list)).toEqual([]);
  });
});
