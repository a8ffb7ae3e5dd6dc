import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { readPage, type Page } from "../../shared/usecases/read-page.ts";

/** A listing of numbers 1 to `count`; each of its scans is counted. */
class Listing {
  scans = 0;
  readonly #count: number;

  constructor(count: number) {
    this.#count = count;
  }

  async page(
    size: number,
    after?: number,
    keep?: (items: readonly number[]) => readonly number[],
  ): Promise<Page<number, number>> {
    return await readPage<number, number>({
      size,
      after,
      scan: ({ limit, after: behind = 0 }) => {
        this.scans += 1;
        const length = Math.max(0, Math.min(limit, this.#count - behind));
        return Promise.resolve(Array.from({ length }, (_, index) => behind + index + 1));
      },
      keyOf: (item) => item,
      ...(keep === undefined ? {} : { keep }),
    });
  }
}

describe("a page", () => {
  it("says where the next one begins, and the last one says nothing", async () => {
    const listing = new Listing(5);

    expect(await listing.page(3)).toEqual({ items: [1, 2, 3], next: 3 });
    expect(await listing.page(3, 3)).toEqual({ items: [4, 5] });
    expect(await listing.page(5)).toEqual({ items: [1, 2, 3, 4, 5] });
  });

  it("is read by several scans where one is too small", async () => {
    const { items, next } = await new Listing(1_500).page(1_000);

    expect([items.length, items.at(-1), next]).toEqual([1_000, 1_000, 1_000]);
  });

  it("comes to an end however much is dropped", async () => {
    const listing = new Listing(1_000_000);

    const page = await listing.page(1_000, undefined, () => []);

    expect(page).toEqual({ items: [], next: limits.pageScans * limits.scanRows });
    expect(listing.scans).toBe(limits.pageScans);
  });

  it("follows another so that each item that belongs into the listing comes once", async () => {
    const property = fc.asyncProperty(
      fc.nat(200),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 7 }),
      async (count, size, every) => {
        const listing = new Listing(count);
        const keep = (items: readonly number[]) => items.filter((item) => item % every === 0);
        const all: number[] = [];
        let after: number | undefined;
        do {
          const page = await listing.page(size, after, keep);
          expect(page.items.length).toBeLessThanOrEqual(size);
          all.push(...page.items);
          after = page.next;
        } while (after !== undefined);

        const numbers = Array.from({ length: count }, (_, index) => index + 1);
        expect(all).toEqual(keep(numbers));
      },
    );

    await fc.assert(property, { numRuns: 200 });
  });
});
