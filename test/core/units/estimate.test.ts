import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import {
  learntFrom,
  nearestRank,
  unlearntEstimate,
  type SettledRun,
} from "../../../shared/core/units/estimate.ts";

const aSettledRun = (seconds: number, units = seconds * 4): SettledRun => ({
  units,
  durationMs: seconds * SECOND_MS,
});

/** c1.4 for half an hour and ten seconds of grace. */
const TERMS = { rate: 4, timeoutMs: 30 * MINUTE_MS, graceMs: 10 * SECOND_MS };

const numbers = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 40 });

describe("the nearest rank", () => {
  it("is the smallest value that so many of a hundred values do not exceed", () => {
    fc.assert(
      fc.property(numbers, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const covers = (candidate: number) =>
          values.filter((each) => each <= candidate).length * 100 >= percent * values.length;
        const expected = Math.min(...values.filter(covers));

        expect(nearestRank(values, percent)).toBe(expected);
      }),
    );
  });

  it.each([
    { of: 20, is: 18 },
    { of: 11, is: 10 },
    { of: 10, is: 9 },
    { of: 9, is: 9 },
    { of: 3, is: 3 },
    { of: 1, is: 1 },
  ])("of the first $of numbers is $is at the ninetieth percentile", ({ of, is }) => {
    const values = Array.from({ length: of }, (_, index) => of - index);

    expect(nearestRank(values, 90)).toBe(is);
  });

  it("of nothing is nothing", () => {
    expect(nearestRank([], 90)).toBeUndefined();
  });
});

describe("an estimate", () => {
  it("is what nine of ten settled runs do not exceed, in units and in time each on its own", () => {
    const history = [
      ...Array.from({ length: 8 }, (_, index) => aSettledRun(10 + index)),
      aSettledRun(500, 1),
      aSettledRun(1, 9_000),
    ];

    const estimate = learntFrom(history);

    // The ninth of ten by each: 17 s is the largest but the odd ones.
    expect(estimate).toEqual({
      units: 17 * 4,
      durationMs: 17 * SECOND_MS,
      source: "history",
      runs: 10,
    });
  });

  it("goes by the latest runs alone, however many came before", () => {
    const latest = Array.from({ length: limits.estimateRuns }, () => aSettledRun(60));
    const older = Array.from({ length: 100 }, () => aSettledRun(6_000));

    expect(learntFrom([...latest, ...older])).toEqual(learntFrom(latest));
  });

  it("is never less than what most of its runs came to, and never more than the most of one", () => {
    const runs = fc.array(
      fc.nat({ max: 5_000 }).map((seconds) => aSettledRun(seconds)),
      {
        minLength: limits.estimateRunsMin,
        maxLength: limits.estimateRuns,
      },
    );
    fc.assert(
      fc.property(runs, (history) => {
        const { units = -1, durationMs = -1, runs: counted } = learntFrom(history) ?? {};

        expect(counted).toBe(history.length);
        expect(history.filter((run) => run.units > units).length * 10).toBeLessThanOrEqual(
          history.length,
        );
        expect(history.some((run) => run.units === units)).toBe(true);
        expect(history.some((run) => run.durationMs === durationMs)).toBe(true);
      }),
    );
  });

  it.each([
    {
      says: { durationMs: 40 * MINUTE_MS },
      is: { units: 40 * 60 * 4, durationMs: 40 * MINUTE_MS },
    },
    { says: { units: 5_000 }, is: { units: 5_000, durationMs: 1_250 * SECOND_MS } },
    { says: { units: 5_001 }, is: { units: 5_001, durationMs: 1_251 * SECOND_MS } },
    { says: { units: 7, durationMs: 3_000 }, is: { units: 7, durationMs: 3_000 } },
  ])("is what the author says where nothing was learnt: $says", ({ says, is }) => {
    const estimate = unlearntEstimate({ ...TERMS, configured: says });

    expect(estimate).toEqual({ ...is, source: "configured", runs: 0 });
  });

  it("is learnt from three runs on", () => {
    const runs = Array.from({ length: limits.estimateRunsMin }, () => aSettledRun(7));

    expect(learntFrom(runs.slice(1))).toBeUndefined();
    expect(learntFrom(runs)).toMatchObject({ units: 28, source: "history", runs: 3 });
  });

  it("is the most that an attempt can come to where nobody said anything", () => {
    expect(unlearntEstimate(TERMS)).toEqual({
      units: (30 * 60 + 10) * 4,
      durationMs: 30 * MINUTE_MS + 10 * SECOND_MS - limits.killLagMs,
      source: "bound",
      runs: 0,
    });
  });

  it("is cut by the limit per execution, and nothing where not even a second fits", () => {
    const cut = unlearntEstimate({ ...TERMS, unitsPerExecution: 100 });
    const none = unlearntEstimate({ ...TERMS, unitsPerExecution: 3 });

    expect(cut).toMatchObject({ units: 100, source: "bound" });
    expect(none).toEqual({ units: 0, durationMs: 0, source: "bound", runs: 0 });
  });
});
