import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { inTurn, tiesIn, type Place } from "../../../shared/core/run/turn-order.ts";
import { RANKS } from "../../../shared/core/run/priority.ts";
import { MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { START_AT } from "../../support/builders.ts";

const NOW = plusMs(START_AT, 60 * MINUTE_MS);

interface Sized extends Place {
  readonly units: number | undefined;
}

const place = (run: string, fields: Partial<Omit<Sized, "run">> = {}): Sized => ({
  run,
  rank: 2,
  since: NOW,
  units: undefined,
  ...fields,
});

const order = (places: readonly Sized[]): readonly string[] => {
  const unitsOf = new Map(places.map(({ run, units }) => [run, units]));
  return inTurn(places, (run) => unitsOf.get(run), NOW).map(({ run }) => run);
};

/** Ranks, ages on both sides of the line behind which nobody is overtaken, and few sizes. */
const anyPlaces = fc.uniqueArray(
  fc.record({
    run: fc.string({ minLength: 1, maxLength: 3 }),
    rank: fc.nat({ max: RANKS - 1 }),
    since: fc.integer({ min: -2 * limits.overtakeMs, max: 0 }).map((agoMs) => plusMs(NOW, agoMs)),
    units: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
  }),
  { selector: ({ run }) => run, maxLength: 30 },
);

const withShuffled = anyPlaces.chain((places) =>
  fc.tuple(fc.constant(places), fc.shuffledSubarray(places, { minLength: places.length })),
);

describe("runs that are decided on together", () => {
  it.each([
    {
      why: "priority goes before age and size",
      places: [
        place("old-small", { rank: 2, since: plusMs(NOW, -MINUTE_MS), units: 1 }),
        place("urgent", { rank: 0, units: 900 }),
      ],
      is: ["urgent", "old-small"],
    },
    {
      why: "age goes before size",
      places: [place("small", { units: 1 }), place("old", { since: plusMs(NOW, -MINUTE_MS) })],
      is: ["old", "small"],
    },
    {
      why: "of one age the smaller goes first, and the unknown last",
      places: [place("a"), place("b", { units: 9 }), place("c", { units: 2 })],
      is: ["c", "b", "a"],
    },
    {
      why: "of one age and size the id decides",
      places: [place("b", { units: 9 }), place("a", { units: 9 }), place("d"), place("c")],
      is: ["a", "b", "c", "d"],
    },
    {
      why: "of one age and size whoever was first goes first",
      places: [
        place("a", { since: plusMs(NOW, 1), units: 9 }),
        place("b", { units: 9 }),
        place("c", { since: plusMs(NOW, 1) }),
        place("d"),
      ],
      is: ["b", "a", "d", "c"],
    },
    {
      why: "a batch a second later is of the same age",
      places: [
        place("first", { units: 9 }),
        place("next", { since: plusMs(NOW, 1_000), units: 2 }),
      ],
      is: ["next", "first"],
    },
    {
      why: "nobody is overtaken who has waited long, however large",
      places: [
        place("small", { since: plusMs(NOW, -limits.overtakeMs + 1), units: 1 }),
        place("large", { since: plusMs(NOW, -limits.overtakeMs), units: 900 }),
        place("larger", { since: plusMs(NOW, -limits.overtakeMs - 1), units: 901 }),
      ],
      is: ["larger", "large", "small"],
    },
  ])("have an order: $why", ({ places, is }) => {
    expect(order(places)).toEqual(is);
    expect(order(places.toReversed())).toEqual(is);
  });

  it("have the same order however they were asked for, and each is there once", () => {
    fc.assert(
      fc.property(withShuffled, ([places, shuffled]) => {
        const expected = order(places);

        expect(order(shuffled)).toEqual(expected);
        expect([...expected].sort()).toEqual(places.map(({ run }) => run).sort());
      }),
    );
  });

  it("are never put before one that has waited long and is not behind them", () => {
    fc.assert(
      fc.property(anyPlaces, (places) => {
        const ordered = inTurn(places, () => undefined, NOW);

        for (const [index, later] of ordered.entries()) {
          if (NOW - later.since < limits.overtakeMs) continue;
          for (const first of ordered.slice(0, index)) {
            if (first.rank === later.rank) expect(first.since).toBeLessThanOrEqual(later.since);
            else expect(first.rank).toBeLessThan(later.rank);
          }
        }
      }),
    );
  });

  it("put nobody off by more than the age that counts as one", () => {
    fc.assert(
      fc.property(anyPlaces, (places) => {
        const ordered = inTurn(places, () => undefined, NOW);

        for (const [index, later] of ordered.entries()) {
          for (const first of ordered.slice(0, index)) {
            if (first.rank !== later.rank) continue;
            expect(first.since - later.since).toBeLessThan(limits.sameAgeMs);
          }
        }
      }),
    );
  });
});

describe("ties", () => {
  it("are runs of one rank and age, more than one of them", () => {
    const places = [
      place("a"),
      place("b", { since: plusMs(NOW, 1_000) }),
      place("other-rank", { rank: 1 }),
      place("older", { since: plusMs(NOW, -MINUTE_MS) }),
    ];

    expect(tiesIn(places, NOW).map((tie) => tie.map(({ run }) => run))).toEqual([["a", "b"]]);
  });

  it("are none among those that nobody overtakes any more", () => {
    const since = plusMs(NOW, -limits.overtakeMs);

    expect(tiesIn([place("a", { since }), place("b", { since })], NOW)).toEqual([]);
  });

  it("are all that estimates decide", () => {
    fc.assert(
      fc.property(anyPlaces, (places) => {
        fc.pre(tiesIn(places, NOW).length === 0);

        const unknown = inTurn(places, () => undefined, NOW);
        expect(order(places)).toEqual(unknown.map(({ run }) => run));
      }),
    );
  });
});
