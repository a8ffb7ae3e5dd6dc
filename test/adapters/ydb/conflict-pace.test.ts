import { beforeEach, describe, expect, it } from "vitest";
import { ConflictPace } from "../../../shared/adapters/ydb/conflict-pace.ts";
import { limits } from "../../../shared/core/limits.ts";

/** Chance that always says the same, so that windows show as they are. */
const most = { fraction: () => 1, id: () => "id" };
let nowMs = 0;
let pace: ConflictPace;
beforeEach(() => {
  nowMs = 0;
  pace = new ConflictPace({ monotonicMs: () => nowMs }, most);
});

describe("the pace of transactions", () => {
  it("lets those begin at once that have met nobody", () => {
    pace.free("submit");
    expect(pace.first("submit")).toBe(0);
  });

  it("slows with every conflict, up to a limit", () => {
    const waits = Array.from({ length: 14 }, () => pace.lost("submit", 0));
    expect(waits.slice(0, 3)).toEqual([10, 15, 22.5]);
    expect(waits.at(-1)).toBe(limits.ydbConflictMaxMs);
  });

  it("makes the next one wait before its first try too, and those of other labels not", () => {
    pace.lost("submit", 0);
    pace.lost("submit", 0);
    expect(pace.first("submit")).toBe(15);
    expect(pace.first("apply")).toBe(0);
  });

  it("gets faster with every first try that meets nobody, until there is no wait", () => {
    for (let conflict = 0; conflict < 4; conflict += 1) pace.lost("submit", 0);
    const waits = Array.from({ length: 4 }, () => {
      pace.free("submit");
      return pace.first("submit");
    });
    expect(waits).toEqual([22.5, 15, 10, 0]);
  });

  it("forgets what it met some seconds ago", () => {
    pace.lost("submit", 0);
    nowMs = limits.ydbConflictMemoryMs - 1;
    expect(pace.first("submit")).toBe(10);
    nowMs += 1;
    expect(pace.first("submit")).toBe(0);
    expect(pace.lost("submit", 0)).toBe(10);
  });

  it("lets those wait less that have tried for long", () => {
    const ages = [0, 0.25, 0.5, 0.9].map((share) => share * limits.ydbTransactionMs);
    const waits = ages.map((ageMs, index) => pace.lost(`label ${index}`, ageMs));
    expect(waits).toEqual([10, 5, 2.5, 2.5]);
  });

  it("spreads those who met over their windows", () => {
    const fractions = [0, 0.25, 0.999];
    let index = 0;
    const random = { fraction: () => fractions[index++ % 3] ?? 0, id: () => "id" };
    const spread = new ConflictPace({ monotonicMs: () => 0 }, random);
    expect(["a", "b", "c"].map((label) => spread.lost(label, 0))).toEqual([0, 2.5, 9.99]);
  });
});
