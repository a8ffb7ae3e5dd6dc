import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { fitWindow, type WindowAnswer } from "../../../shared/core/units/hour-window.ts";
import type { Spend } from "../../../shared/core/units/spend.ts";
import { at } from "../../support/account-builder.ts";
import { fitsByHand, worstSum } from "../../support/spending-by-hand.ts";
import type { FitByHand, WorkByHand } from "../../support/spending-by-hand.ts";

/** Work from one time of day to another, at 100 units a second. */
function work(from: string, to: string, rate = 100): Spend {
  const [startAt, endAt] = [at(from), at(to)];
  return { startAt, endAt, rate, units: ((endAt - startAt) / 1_000) * rate };
}

function fitHour(spends: readonly Spend[], candidate: Spend, limitUnits: number): WindowAnswer {
  return fitWindow({ spends, candidate, limitUnits, windowMs: HOUR_MS });
}

describe("half an hour of work at 100 units a second", () => {
  const halfHour = work("12:00", "12:30");

  it("fits an idle project at once, up to its last unit", () => {
    const answer = fitHour([], halfHour, 180_000);

    expect(answer).toEqual({
      fitsAt: at("12:00"),
      peakUnits: 180_000,
      peakAt: at("12:30"),
      aloneUnits: 180_000,
    });
  });

  it("never fits a limit one unit below it", () => {
    expect(fitHour([], halfHour, 179_999).fitsAt).toBe("never");
  });

  it("starts as equal earlier work leaves the hour, unit for unit", () => {
    const earlier = work("11:10", "11:40");

    const answer = fitHour([earlier], halfHour, 180_000);

    expect(answer.fitsAt).toBe(at("12:10"));
    expect(answer).toMatchObject({ peakUnits: 240_000, peakAt: at("12:10") });
  });

  it("starts at once when earlier work leaves the hour just in time", () => {
    expect(fitHour([work("11:00", "11:30")], halfHour, 180_000).fitsAt).toBe(at("12:00"));
  });

  it("waits for running work as if that ran to its bound", () => {
    expect(fitHour([work("11:50", "12:20")], halfHour, 180_000).fitsAt).toBe(at("12:50"));
  });

  it("waits longer when running work may have started later", () => {
    const running = { ...work("11:50", "12:20"), endAt: at("12:25") };

    expect(fitHour([running], halfHour, 180_000).fitsAt).toBe(at("12:55"));
  });

  it("is kept from starting by work that ran before a lowered limit, until that has left", () => {
    const before = work("11:00", "11:50", 1_000);

    // 1,000 units a second leave from 12:00 on; at 12:47 180,000 of 3,000,000 are left.
    expect(fitHour([before], work("12:00", "12:01"), 180_000).fitsAt).toBe(at("12:47"));
  });
});

describe("work longer than an hour", () => {
  it("counts an hour of itself alone", () => {
    const answer = fitHour([], work("12:00", "22:00"), 360_000);

    expect(answer).toMatchObject({ fitsAt: at("12:00"), aloneUnits: 360_000 });
  });

  it("never fits when that hour is above the limit", () => {
    expect(fitHour([], work("12:00", "22:00"), 359_999).fitsAt).toBe("never");
  });
});

/** A world of 20 ms hours, small enough to try every start at every instant. */
const TINY = { windowMs: 20, stepMs: 1, endAt: 145 };

const tinyWork = fc
  .record({
    earliestAt: fc.integer({ min: 0, max: 50 }),
    slackMs: fc.constantFrom(0, 0, 0, 1, 5, 30),
    ms: fc.integer({ min: 1, max: 40 }),
    rate: fc.integer({ min: 1, max: 7 }).map((perMs) => perMs * 1_000),
  })
  .map(({ slackMs, ...rest }): WorkByHand => ({
    ...rest,
    latestAt: rest.earliestAt + slackMs,
  }));

function spendOf({ earliestAt, latestAt, ms, rate }: WorkByHand): Spend {
  const endAt = instant(latestAt + ms);
  return { startAt: instant(earliestAt), endAt, rate, units: (ms * rate) / 1_000 };
}

const tinyQuestion = fc.record({
  works: fc.array(tinyWork, { maxLength: 7 }),
  candidate: tinyWork,
  limitUnits: fc.integer({ min: 0, max: 300 }),
});

function firstFitByHand(fit: FitByHand): number | "never" {
  for (let startAt = fit.candidate.earliestAt; startAt <= fit.endAt; startAt += 1) {
    if (fitsByHand(fit, startAt)) return startAt;
  }
  return "never";
}

function ask(fit: FitByHand): WindowAnswer {
  const { works, candidate, limitUnits, windowMs } = fit;
  const spends = works.map(spendOf);
  return fitWindow({ spends, candidate: spendOf(candidate), limitUnits, windowMs });
}

describe("any history, with every start and every instant tried by hand", () => {
  it("gives the same first start, to the millisecond", () => {
    fc.assert(
      fc.property(tinyQuestion, (question) => {
        const fit = { ...question, ...TINY };
        expect(ask(fit).fitsAt).toBe(firstFitByHand(fit));
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives the same peak, and where it first is", () => {
    fc.assert(
      fc.property(tinyQuestion, (question) => {
        const fit = { ...question, ...TINY };
        const { works, candidate, windowMs } = fit;
        const from = candidate.earliestAt;
        const instants = Array.from({ length: 200 - from }, (_, index) => from + index);
        const sums = instants.map((t) => worstSum([...works, candidate], t, windowMs) / 1_000);
        const peakUnits = Math.max(...sums);

        expect(ask(fit)).toMatchObject({ peakUnits, peakAt: from + sums.indexOf(peakUnits) });
      }),
      { numRuns: 200 },
    );
  });

  it("fits at once exactly when the peak is within the limit", () => {
    fc.assert(
      fc.property(tinyQuestion, (question) => {
        const { fitsAt, peakUnits } = ask({ ...question, ...TINY });
        expect(fitsAt === question.candidate.earliestAt).toBe(peakUnits <= question.limitUnits);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("an hour of real instance types, on a grid of ten seconds", () => {
  const STEP_MS = 10_000;
  const steps = (max: number) => fc.integer({ min: 0, max }).map((count) => count * STEP_MS);
  const realWork = fc
    .record({
      earliestAt: steps(3 * 360),
      ms: steps(2 * 360).map((ms) => ms + STEP_MS),
      rate: fc.constantFrom(4, 8, 32, 80, 72, 144, 36, 50),
    })
    .map((fields): WorkByHand => ({ ...fields, latestAt: fields.earliestAt }));

  it("is within the limit from the first start on, and above it one step before", () => {
    fc.assert(
      fc.property(
        fc.array(realWork, { maxLength: 30 }),
        realWork,
        fc.integer({ min: 0, max: 600_000 }),
        (works, shape, limitUnits) => {
          const candidate = { ...shape, earliestAt: 2 * HOUR_MS, latestAt: 2 * HOUR_MS };
          const fit = { works, candidate, limitUnits, windowMs: HOUR_MS, stepMs: STEP_MS };
          const bounded = { ...fit, endAt: 7 * HOUR_MS };
          const { fitsAt } = ask(bounded);
          if (fitsAt === "never") {
            expect(candidate.rate * Math.min(candidate.ms, HOUR_MS)).toBeGreaterThan(
              limitUnits * 1_000,
            );
            return;
          }
          const gridAt = Math.ceil(fitsAt / STEP_MS) * STEP_MS;
          expect(fitsByHand(bounded, gridAt)).toBe(true);
          for (let x = gridAt - STEP_MS; x >= candidate.earliestAt; x -= 30 * MINUTE_MS) {
            expect(fitsByHand(bounded, x)).toBe(false);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});
