import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Connection } from "../../../shared/adapters/ydb/session.ts";
import { withWriter } from "../../../shared/adapters/ydb/written-by.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { type History, randomHistory } from "../../contract/random-history.ts";
import { anomalies } from "../../contract/store-history.ts";
import { contractTables } from "../../contract/store-tables.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import type { Double } from "../../support/ydb/double.ts";
import { startDouble } from "../../support/ydb/start-double.ts";
import { openStoreOn } from "./fault-bench.ts";
import { addRandomFaults, fastClock, withoutChecks, withoutDoubt } from "./random-faults.ts";

/** Requests then time out after a second, and a transaction with all its tries after three. */
const SPEED = 5;

let double: Double;
beforeAll(async () => {
  double = await startDouble({ keepsLog: false });
});
afterAll(async () => await double.close());

const PER_CLIENT = 15;
const CLIENTS = 6;

/** A history of six clients over three processes, each with two stores. */
async function historyOf(
  seed: number,
  between?: (connection: Connection) => Connection,
): Promise<History> {
  const database = `/histories/${randomUUID()}`;
  double.createTables(database, contractTables.map(withWriter));
  const random = seededRandom(seed);
  const clock = fastClock(SPEED);
  const stores = Array.from({ length: 3 }, (_store, index): Store => {
    const options = { clock, random: seededRandom(1_000 * seed + index) };
    return openStoreOn(double, database, { ...options, ...(between && { between }) });
  });
  const faults = { random: seededRandom(seed + 1), speed: SPEED };
  const clearFaults = addRandomFaults(double, database, faults);
  try {
    return await randomHistory([...stores, ...stores], { random, perClient: PER_CLIENT });
  } finally {
    clearFaults();
    await Promise.all(stores.map(async (store) => await store.close()));
  }
}

const seedsFrom = (first: number, count: number): readonly number[] =>
  Array.from({ length: count }, (_seed, index) => first + index);

describe("random transactions among random faults", () => {
  const outcomes = { happened: 0, failed: 0, unknown: 0 };
  const seeds = seedsFrom(1, 24);

  // At the same time, because they mostly wait for what was lost.
  it.concurrent.each(seeds)("happened one after another, seed %i", async (seed) => {
    const { witnessed, final } = await historyOf(seed);
    expect(anomalies(witnessed, final)).toEqual([]);
    expect(witnessed).toHaveLength(CLIENTS * PER_CLIENT);
    for (const { outcome } of witnessed) outcomes[outcome] += 1;
  });

  it("mostly succeeded, and were now and then in doubt", () => {
    expect(outcomes.happened).toBeGreaterThan(0.7 * seeds.length * CLIENTS * PER_CLIENT);
    expect(outcomes.unknown).toBeGreaterThan(0);
  });
});

describe("the same check", () => {
  it.each([
    ["repeats a commit whose answer was lost", withoutDoubt],
    ["does not check what it read", withoutChecks],
  ])("finds a runner out that %s", async (_what, between) => {
    let found: readonly string[] = [];
    for (let seed = 1; seed <= 10 && found.length === 0; seed += 1) {
      const { witnessed, final } = await historyOf(seed, between);
      found = anomalies(witnessed, final);
    }
    expect(found).not.toEqual([]);
  });
});
