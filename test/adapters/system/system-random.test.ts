import { describe, expect, it } from "vitest";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";

const IDS = 20_000;

describe("ids of the system", () => {
  const ids = Array.from({ length: IDS }, () => systemRandom.id());

  it("are 20 lower-case letters and digits, never twice the same", () => {
    expect(ids.filter((id) => !/^[a-z0-9]{20}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(IDS);
  });

  it("use every character equally often", () => {
    const counts = new Map<string, number>();
    for (const character of ids.join("")) {
      counts.set(character, (counts.get(character) ?? 0) + 1);
    }
    const expected = (IDS * 20) / 36;
    const squares = [...counts.values()].map((count) => (count - expected) ** 2 / expected);
    const chiSquare = squares.reduce((sum, square) => sum + square, 0);

    expect(counts.size).toBe(36);
    // 35 degrees of freedom: fair ids exceed 90 once in a million runs, a plain modulo gives 1,400.
    expect(chiSquare).toBeLessThan(90);
  });
});

describe("fractions of the system", () => {
  it("are at least 0 and below 1", () => {
    const fractions = Array.from({ length: 1_000 }, () => systemRandom.fraction());
    expect(fractions.filter((fraction) => fraction < 0 || fraction >= 1)).toEqual([]);
    expect(new Set(fractions).size).toBeGreaterThan(990);
  });
});
