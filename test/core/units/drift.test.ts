import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import type { ConfiguredEstimate } from "../../../shared/core/schedule/schedule-definition.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";
import { driftOf, type Drift, type IsDrifting } from "../../../shared/core/units/drift.ts";

const RATE = 4;

const settled = (seconds: readonly number[]) =>
  seconds.map((each) => ({ units: each * RATE, durationMs: each * SECOND_MS }));

const times = (count: number, seconds: number): readonly number[] =>
  Array.from({ length: count }, () => seconds);

/** Of the latest runs and those before them, each in seconds. */
function drift(
  latest: readonly number[],
  before: readonly number[],
  state: IsDrifting = "steady",
  configured?: ConfiguredEstimate,
): Drift | undefined {
  return driftOf({ history: settled([...latest, ...before]), configured, rate: RATE }, state);
}

const inAWord = (found: Drift | undefined): string =>
  found === undefined ? "none" : `${found.measure} ${found.direction} ${found.against}`;

describe("a schedule whose runs came to a hundred seconds", () => {
  it.each([
    { latest: times(5, 100), is: "none" },
    { latest: times(5, 150), is: "none" },
    { latest: times(5, 151), is: "units over history" },
    // Half of the latest, and no less, is what counts.
    { latest: [900, 900, 151, 100, 100], is: "units over history" },
    { latest: [900, 900, 100, 100, 100], is: "none" },
    { latest: times(5, 50), is: "none" },
    { latest: times(5, 49), is: "units under history" },
    // Nearly all of the latest: one that is as before is enough to say that nothing is over yet.
    { latest: [100, 20, 20, 20, 20], is: "none" },
    { latest: [900, 900, 900, 900], is: "none" },
  ])("drifts with $latest: $is", ({ latest, is }) => {
    // Without five of them there is nothing before them either.
    const before = latest.length < limits.driftRuns ? [] : times(15, 100);

    expect(inAWord(drift(latest, before))).toBe(is);
  });

  it.each([
    { ratio: 1.5, steady: "none", drifting: "units over history" },
    { ratio: 1.26, steady: "none", drifting: "units over history" },
    { ratio: 1.25, steady: "none", drifting: "none" },
    { ratio: 0.67, steady: "none", drifting: "none" },
    { ratio: 0.66, steady: "none", drifting: "units under history" },
    { ratio: 0.5, steady: "none", drifting: "units under history" },
  ])(
    "that comes to $ratio of it does not begin to drift, and $drifting is left of drift that has begun",
    ({ ratio, steady, drifting }) => {
      const latest = times(5, 100 * ratio);

      expect(inAWord(drift(latest, times(15, 100)))).toBe(steady);
      expect(inAWord(drift(latest, times(15, 100), "drifting"))).toBe(drifting);
    },
  );

  it("says what was expected, what came, and of how many runs", () => {
    expect(drift(times(5, 200), times(7, 100))).toEqual({
      measure: "units",
      direction: "over",
      against: "history",
      expected: 400,
      actual: 800,
      runs: 5,
      expectedRuns: 7,
    });
  });

  it("is over it once the runs before are like the latest", () => {
    expect(drift(times(5, 200), [...times(2, 200), ...times(13, 100)], "drifting")).toBeUndefined();
    expect(drift(times(5, 20), [...times(8, 20), ...times(7, 100)], "drifting")).toBeUndefined();
  });

  it("needs three runs before the latest five to have left anything", () => {
    expect(drift(times(5, 500), times(2, 100))).toBeUndefined();
    expect(drift(times(5, 500), times(3, 100))).toBeDefined();
  });
});

describe("an author who expects a hundred seconds", () => {
  const said = { durationMs: 100 * SECOND_MS };

  it.each([
    { latest: times(3, 151), is: "duration over configured" },
    { latest: times(3, 49), is: "duration under configured" },
    { latest: times(3, 120), is: "none" },
    { latest: times(2, 500), is: "none" },
  ])("is contradicted by $latest: $is", ({ latest, is }) => {
    expect(inAWord(drift(latest, [], "steady", said))).toBe(is);
  });

  it("is held to what was said, and not to what follows from it", () => {
    const cheap = settled(times(5, 100)).map((run) => ({ ...run, units: 1 }));

    expect(driftOf({ history: cheap, configured: said, rate: RATE }, "steady")).toBeUndefined();
    expect(
      driftOf({ history: cheap, configured: { units: 400 }, rate: RATE }, "steady"),
    ).toMatchObject({ measure: "units", direction: "under", expected: 400, actual: 1 });
  });
});

describe("drift", () => {
  it("is no matter of seconds", () => {
    expect(drift(times(5, 5), times(15, 1))).toBeUndefined();
    expect(drift(times(5, 6), times(15, 1))).toBeDefined();
  });

  it("is never seen in runs that come and go alike", () => {
    const seconds = fc.nat({ max: 10_000 });
    fc.assert(
      fc.property(fc.tuple(seconds, seconds), fc.nat({ max: 20 }), ([a, b], count) => {
        // Now the one, now the other: neither is news after the other.
        const history = settled(Array.from({ length: count }, (_, n) => (n % 2 === 0 ? a : b)));

        expect(driftOf({ history, rate: RATE }, "steady")).toBeUndefined();
      }),
    );
  });

  it("that is seen in a steady schedule is seen in one that drifts already", () => {
    const history = fc.array(fc.integer({ min: 1, max: 1_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(history, (seconds) => {
        const found = driftOf({ history: settled(seconds), rate: RATE }, "steady");

        if (found === undefined) return;
        expect(driftOf({ history: settled(seconds), rate: RATE }, "drifting")).toBeDefined();
      }),
    );
  });
});
