import { describe, expect, it } from "vitest";
import { billedMs, rateOf, unitsFor } from "../../../shared/core/units/rates.ts";

describe("the rate of an instance type", () => {
  it.each([
    ["c1.4", 4],
    ["c1.8", 8],
    ["c1.32", 32],
    ["c1.80", 80],
    ["g1.1", 72],
    ["g1.2", 144],
    ["g1.4", 288],
    ["g2.mig", 18],
    ["g2.1", 116],
    ["g2.2", 232],
    ["g2.4", 464],
    ["g2.8", 928],
    ["gt4.1", 36],
    ["gt4i.1", 50],
  ])("of %s is %i units a second", (instanceType, rate) => {
    expect(rateOf(instanceType, {})).toBe(rate);
  });

  it("is the override where there is one, for known and for new types", () => {
    const overrides = { "c1.4": 5, "g3.1": 200 };

    expect(rateOf("c1.4", overrides)).toBe(5);
    expect(rateOf("g3.1", overrides)).toBe(200);
    expect(rateOf("c1.8", overrides)).toBe(8);
  });

  it.each(["", "c1.5", "constructor", "__proto__"])("is unknown for %j", (instanceType) => {
    expect(rateOf(instanceType, {})).toBeUndefined();
  });
});

describe("the cost of a run time", () => {
  it.each([
    [0, 72, 0],
    [1, 72, 72],
    [999, 72, 72],
    [1_000, 72, 72],
    [1_001, 72, 144],
    [1_400, 72, 144],
    [3_600_000, 928, 3_340_800],
    [-5, 72, 0],
  ])("of %i ms at %i units a second is %i units", (durationMs, rate, units) => {
    expect(unitsFor(durationMs, rate)).toBe(units);
  });

  it("bills every second that began", () => {
    expect([0, 1, 1_000, 1_001].map(billedMs)).toEqual([0, 1_000, 1_000, 2_000]);
  });
});
