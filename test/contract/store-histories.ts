import { describe, expect, it } from "vitest";
import { seededRandom } from "../support/seeded-random.ts";
import { randomHistory } from "./random-history.ts";
import { anomalies } from "./store-history.ts";
import type { StoreBench } from "./store.ts";

export function describeHistories({ store, another }: StoreBench): void {
  describe("random transactions at the same time", () => {
    it.each([1, 2, 3, 4, 5])("happened one after another, seed %i", async (seed) => {
      const other = await another();
      const stores = [store(), other, store(), other, store(), other];
      const random = seededRandom(seed);
      const { witnessed, final } = await randomHistory(stores, { random, perClient: 25 });
      expect(anomalies(witnessed, final)).toEqual([]);
      expect([...final.values()].flat().length).toBeGreaterThan(50);
    });
  });
}
