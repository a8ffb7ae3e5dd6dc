import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import type { NextFire } from "../../../shared/core/schedule/next-fire.ts";
import {
  fireAfter,
  occurrencesOwed,
  type Owed,
  type OwedOccurrence,
} from "../../../shared/core/schedule/owed.ts";
import type {
  CatchupPolicy,
  ScheduleDefinition,
} from "../../../shared/core/schedule/schedule-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { aSchedule, START_AT } from "../../support/builders.ts";
import { aCron, aTiming, compiled } from "../../support/timing-builder.ts";

const hourly = aTiming({ when: [aCron("0 * * * *")] });

function owing(
  definition: ScheduleDefinition,
  next: NextFire | undefined,
  window: { now: Instant; throughAt?: Instant; limit?: number },
): Owed {
  if (next === undefined) return { occurrences: [] };
  const timing = compiled(definition.timing ?? {});
  const { now, throughAt = plusMs(now, limits.tickHorizonMs), limit = 100 } = window;
  return occurrencesOwed({ definition, timing }, next, { now, throughAt, limit });
}

const firstOf = (definition: ScheduleDefinition): NextFire | undefined =>
  fireAfter(definition, compiled(definition.timing ?? {}), plusMs(START_AT, -1));

const hours = (occurrences: readonly OwedOccurrence[]): readonly number[] =>
  occurrences.map(({ nominalAt }) => (nominalAt - START_AT) / HOUR_MS);

describe("a schedule that nothing ticked for five hours and a half", () => {
  const now = plusMs(START_AT, 5.5 * HOUR_MS);
  const madeUp = (
    catchup: CatchupPolicy,
  ): { ran: readonly number[]; missed: readonly number[] } => {
    const definition = aSchedule({ timing: hourly, catchup });
    const { occurrences } = owing(definition, firstOf(definition), { now });
    return {
      ran: hours(occurrences.filter(({ missed }) => missed === undefined)),
      missed: hours(occurrences.filter(({ missed }) => missed !== undefined)),
    };
  };

  it("makes up for everything inside the window", () => {
    expect(madeUp({ policy: "all", windowMs: 24 * HOUR_MS })).toEqual({
      ran: [0, 1, 2, 3, 4, 5],
      missed: [],
    });
  });

  it("leaves what is older than the window", () => {
    expect(madeUp({ policy: "all", windowMs: 2.5 * HOUR_MS })).toEqual({
      ran: [3, 4, 5],
      missed: [0, 1, 2],
    });
  });

  it("makes up for the last one alone", () => {
    expect(madeUp({ policy: "last", windowMs: 24 * HOUR_MS })).toEqual({
      ran: [5],
      missed: [0, 1, 2, 3, 4],
    });
  });

  it("makes up for none, and still says so of each", () => {
    expect(madeUp({ policy: "none", windowMs: 24 * HOUR_MS })).toEqual({
      ran: [],
      missed: [0, 1, 2, 3, 4, 5],
    });
  });
});

describe("an occurrence that is late, not missed", () => {
  it.each(["none", "last", "all"] as const)("runs with catchup: %s", (policy) => {
    const definition = aSchedule({ timing: hourly, catchup: { policy, windowMs: 0 } });
    const owed = (lateMs: number) =>
      owing(definition, firstOf(definition), { now: plusMs(START_AT, lateMs) }).occurrences[0];

    expect(owed(limits.missedAfterMs)).not.toHaveProperty("missed");
    expect(owed(limits.missedAfterMs + 1)).toHaveProperty("missed");
  });

  it("is preceded by the last missed one, which is made up for too", () => {
    const catchup: CatchupPolicy = { policy: "last", windowMs: HOUR_MS };
    const definition = aSchedule({ timing: aTiming({ when: [aCron("*/10 * * * *")] }), catchup });
    const now = plusMs(START_AT, 21 * MINUTE_MS);

    const { occurrences } = owing(definition, firstOf(definition), { now });

    expect(occurrences.map(({ missed }) => missed === undefined)).toEqual([false, true, true]);
  });
});

describe("a claim with room for fewer occurrences than are owed", () => {
  it("takes the oldest, and the rest is owed next", () => {
    const definition = aSchedule({ timing: hourly });
    const owed = owing(definition, firstOf(definition), {
      now: plusMs(START_AT, 5 * HOUR_MS),
      limit: 2,
    });

    expect(hours(owed.occurrences)).toEqual([0, 1]);
    expect(owed.next?.nominalAt).toBe(plusMs(START_AT, 2 * HOUR_MS));
  });
});

describe("a schedule that ends", () => {
  it("owes nothing after its last occurrence", () => {
    const timing = aTiming({ when: [{ kind: "at", at: "2027-01-15T00:00:00Z", timezone: "UTC" }] });
    const definition = aSchedule({ timing });
    const owed = owing(definition, firstOf(definition), { now: START_AT });

    expect(owed.occurrences).toHaveLength(1);
    expect(owed).not.toHaveProperty("next");
  });
});

describe("a schedule with jitter", () => {
  const definition = aSchedule({ timing: hourly, jitterMs: 20 * MINUTE_MS });
  const first = firstOf(definition);
  const putOffMs = (first?.effectiveAt ?? 0) - START_AT;

  it("is put off by the same time for every occurrence, inside its jitter", () => {
    const { occurrences } = owing(definition, first, { now: plusMs(START_AT, 5 * HOUR_MS) });

    expect(putOffMs).toBeGreaterThan(0);
    expect(putOffMs).toBeLessThanOrEqual(20 * MINUTE_MS);
    expect(new Set(occurrences.map((each) => each.effectiveAt - each.nominalAt))).toEqual(
      new Set([putOffMs]),
    );
  });

  it("owes nothing until the effective time comes", () => {
    const at = (throughAt: Instant) => owing(definition, first, { now: START_AT, throughAt });

    expect(at(plusMs(START_AT, putOffMs - 1)).occurrences).toEqual([]);
    expect(at(plusMs(START_AT, putOffMs)).occurrences).toHaveLength(1);
  });
});

describe("any sequence of ticks", () => {
  const definitions = fc
    .record({
      everyMs: fc.integer({ min: 1, max: 50 }).map((n) => n * 7 * SECOND_MS),
      jitterMs: fc.integer({ min: 0, max: 10 * MINUTE_MS }),
      policy: fc.constantFrom("none" as const, "last" as const, "all" as const),
      windowMs: fc.integer({ min: 0, max: HOUR_MS }),
    })
    .map(({ everyMs, jitterMs, policy, windowMs }) =>
      aSchedule({
        timing: aTiming({ when: [{ kind: "every", everyMs, offsetMs: 0, anchorAt: START_AT }] }),
        jitterMs,
        catchup: { policy, windowMs },
      }),
    );
  const gapsMs = fc.array(fc.integer({ min: 0, max: 15 * MINUTE_MS }), { maxLength: 20 });

  it("covers every occurrence exactly once, in order", () => {
    fc.assert(
      fc.property(
        definitions,
        gapsMs,
        fc.integer({ min: 1, max: 9 }),
        (definition, gaps, limit) => {
          const seen: OwedOccurrence[] = [];
          let now = START_AT;
          let next = firstOf(definition);
          for (const gapMs of gaps) {
            now = plusMs(now, gapMs);
            const owed = owing(definition, next, { now, limit });
            seen.push(...owed.occurrences);
            next = owed.next;
          }
          const everyMs =
            definition.timing?.when[0]?.kind === "every" ? definition.timing.when[0].everyMs : 1;
          const expected = seen.map((_, index) => formatInstant(plusMs(START_AT, index * everyMs)));
          expect(seen.map(({ nominalAt }) => formatInstant(nominalAt))).toEqual(expected);
          expect(next?.nominalAt).toBe(START_AT + seen.length * everyMs);
        },
      ),
    );
  });
});
