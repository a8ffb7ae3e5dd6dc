import { describe, expect, it } from "vitest";
import { failuresInRow } from "../../../shared/core/run/failures-in-row.ts";
import type { Run } from "../../../shared/core/run/run.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { aRun, START_AT } from "../../support/builders.ts";

/** Runs that ended so, a millisecond after one another; in the order of their rows, latest first. */
const ended = (...states: readonly Run["state"][]): readonly Run[] =>
  states
    .map((state, index) => {
      const nominalAt = plusMs(START_AT, index);
      return aRun({ state, nominalAt, finishedAt: plusMs(START_AT, 1_000 + index) });
    })
    .toReversed();

const kindOf = (runs: readonly Run[], count: number, sinceMs?: number): string => {
  const sinceAt = sinceMs === undefined ? undefined : plusMs(START_AT, sinceMs);
  return failuresInRow(runs, { count, sinceAt }).kind;
};

describe("failures in a row", () => {
  it.each([
    ["failing", ["failed", "timedOut"]],
    ["failing", ["succeeded", "failed", "failed"]],
    ["broken", ["failed", "failed", "succeeded"]],
    ["broken", ["failed", "succeeded", "failed"]],
    ["open", ["failed"]],
    ["open", []],
    ["failing", ["failed", "skipped", "cancelled", "refused", "expired", "failed"]],
    ["open", ["failed", "skipped", "running"]],
  ] as const)("of two are %s: %j", (kind, states) => {
    expect(kindOf(ended(...states), 2)).toBe(kind);
  });

  it("are counted in the order in which they ended, whatever their rows say", () => {
    const [newest, middle, oldest] = ended("failed", "succeeded", "failed");
    if (newest === undefined || middle === undefined || oldest === undefined) throw new Error();
    const late = { ...middle, finishedAt: plusMs(START_AT, 5_000) };
    const early = { ...middle, finishedAt: plusMs(START_AT, 500) };

    expect(kindOf([newest, late, oldest], 2)).toBe("broken");
    expect(kindOf([newest, early, oldest], 2)).toBe("failing");
  });

  it("count only after the instant that is given", () => {
    const runs = ended("failed", "failed", "failed");

    expect(kindOf(runs, 2, 1_000)).toBe("failing");
    expect(kindOf(runs, 2, 1_001)).toBe("open");
    expect(kindOf(ended("succeeded", "failed"), 2, 1_000)).toBe("open");
  });

  it("are named latest first", () => {
    const [newest, second] = ended("failed", "failed", "failed");

    expect(
      failuresInRow(ended("failed", "failed", "failed"), { count: 2, sinceAt: undefined }),
    ).toEqual({ kind: "failing", runs: [newest, second] });
  });
});
