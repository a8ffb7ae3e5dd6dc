import { describe, expect, it } from "vitest";
import { anomalies, type Witnessed } from "./store-history.ts";

/** The check of histories must see what is wrong, or a clean history means nothing. */
function aTransaction(
  reads: Readonly<Record<string, readonly string[]>>,
  appends: Readonly<Record<string, string>>,
  given: Partial<Witnessed> = {},
): Witnessed {
  return {
    reads: new Map(Object.entries(reads)),
    appends: Object.entries(appends).map(([list, text]) => ({ list, text })),
    outcome: "happened",
    begunAt: 0,
    endedAt: 100,
    ...given,
  };
}

const lists = (
  given: Readonly<Record<string, readonly string[]>>,
): Map<string, readonly string[]> => new Map(Object.entries(given));

describe("the check of a history", () => {
  it("accepts transactions one after another", () => {
    const history = [
      aTransaction({ x: [] }, { x: "1" }, { begunAt: 0, endedAt: 1 }),
      aTransaction({ x: ["1"] }, { x: "2", y: "3" }, { begunAt: 2, endedAt: 3 }),
      aTransaction({ y: ["3"], x: ["1", "2"] }, {}, { begunAt: 4, endedAt: 5 }),
    ];
    expect(anomalies(history, lists({ x: ["1", "2"], y: ["3"] }))).toEqual([]);
  });

  it.each<[string, readonly Witnessed[], Readonly<Record<string, readonly string[]>>]>([
    ["a lost update", [aTransaction({}, { x: "1" }), aTransaction({}, { x: "2" })], { x: ["2"] }],
    ["an effect twice", [aTransaction({}, { x: "1" })], { x: ["1", "1"] }],
    ["a trace of a failure", [aTransaction({}, { x: "1" }, { outcome: "failed" })], { x: ["1"] }],
    [
      "half a transaction",
      [aTransaction({}, { x: "1", y: "2" }, { outcome: "unknown" })],
      { x: ["1"] },
    ],
    [
      "a read of what never was",
      [aTransaction({ x: ["2"] }, {}), aTransaction({}, { x: "1" })],
      { x: ["1"] },
    ],
    ["an append of nobody", [], { x: ["1"] }],
    [
      "a write skew",
      [aTransaction({ x: [] }, { y: "1" }), aTransaction({ y: [] }, { x: "2" })],
      { x: ["2"], y: ["1"] },
    ],
    [
      "a torn read",
      [aTransaction({}, { x: "1", y: "2" }), aTransaction({ x: ["1"], y: [] }, {})],
      { x: ["1"], y: ["2"] },
    ],
    [
      "a read that is late in real time",
      [
        aTransaction({}, { x: "1" }, { begunAt: 0, endedAt: 1 }),
        aTransaction({ x: [] }, {}, { begunAt: 2, endedAt: 3 }),
      ],
      { x: ["1"] },
    ],
  ])("sees %s", (_name, history, final) => {
    expect(anomalies(history, lists(final))).toHaveLength(1);
  });

  it("lets what nobody heard of have happened, or not, at any later time", () => {
    const unheard = aTransaction({}, { x: "1" }, { outcome: "unknown", begunAt: 0, endedAt: 1 });
    const later = aTransaction({ x: [] }, {}, { begunAt: 2, endedAt: 3 });
    expect(anomalies([unheard, later], lists({ x: ["1"] }))).toEqual([]);
    expect(anomalies([unheard, later], lists({ x: [] }))).toEqual([]);
  });
});
