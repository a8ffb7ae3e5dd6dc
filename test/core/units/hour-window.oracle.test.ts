import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits as ceilings } from "../../../shared/core/limits.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { fitWindow, type WindowAnswer } from "../../../shared/core/units/hour-window.ts";
import { rememberSpend, type Spend } from "../../../shared/core/units/spend.ts";
import {
  firstFitByEvents,
  fitsFrom,
  mostOfAll,
  SecondBySecond,
  turnsOf,
  worstWindow,
  type FitQuestion,
} from "../../support/hour-by-events.ts";
import { worstSum, type WorkByHand } from "../../support/spending-by-hand.ts";

/**
 * The hour window against its definition, in real hours: instance types of 1 to 928 units a second,
 * starts within a second, windows that touch exactly, ends that fall together, work that may start
 * late, work longer than the hour, and limits down to nothing.
 */

const RATES = [1, 4, 8, 18, 32, 36, 50, 72, 80, 116, 144, 232, 288, 464, 928];
const SLACKS = [0, 0, 1, 999, 30 * SECOND_MS, ceilings.startWithinMs];

function spendOf({ earliestAt, latestAt, ms, rate }: WorkByHand): Spend {
  const endAt = instant(latestAt + ms);
  return { startAt: instant(earliestAt), endAt, rate, units: (ms * rate) / SECOND_MS };
}

/** A spend that was merged, as work that may lie anywhere in its span. */
function workOf({ startAt, endAt, rate, units }: Spend): WorkByHand {
  const ms = Math.ceil((units * SECOND_MS) / rate);
  return { earliestAt: startAt, latestAt: endAt - ms, ms, rate };
}

function ask({ works, candidate, limitUnits, windowMs }: FitQuestion): WindowAnswer {
  const spends = works.map(spendOf);
  return fitWindow({ spends, candidate: spendOf(candidate), limitUnits, windowMs });
}

/** A failure is shrunk for this long at most; a passing run takes a tenth of it. */
const PATIENCE = { interruptAfterTimeLimit: 15_000, markInterruptAsFailure: true };

/** The candidate asks at this instant; works began up to two hours and a half before. */
const NOW = 3 * HOUR_MS;

const seconds = (max: number) => fc.integer({ min: 1, max }).map((count) => count * SECOND_MS);
/** Instants that meet others exactly more often than chance would have it. */
const startAt = fc.oneof(
  fc.integer({ min: HOUR_MS / 2, max: NOW }),
  fc.integer({ min: 0, max: 15 }).map((tens) => HOUR_MS / 2 + tens * 10 * MINUTE_MS),
  fc.constantFrom(NOW, NOW - HOUR_MS, NOW - 1, NOW - HOUR_MS - 1, NOW - HOUR_MS + 1),
);
const work = fc
  .record({
    earliestAt: startAt,
    slackMs: fc.constantFrom(...SLACKS),
    ms: fc.oneof(seconds(7_200), fc.constantFrom(SECOND_MS, 10 * MINUTE_MS, HOUR_MS)),
    rate: fc.constantFrom(...RATES),
  })
  .map(({ slackMs, ...rest }): WorkByHand => ({
    ...rest,
    latestAt: rest.earliestAt + slackMs,
  }));
const candidate = work.map(({ earliestAt, latestAt, ...rest }): WorkByHand => ({
  ...rest,
  earliestAt: NOW,
  latestAt: NOW + latestAt - earliestAt,
}));

/** Limits near what matters: nothing, the candidate alone, what is there already, and both. */
const question = fc
  .record({
    works: fc.array(work, { maxLength: 5 }),
    candidate,
    near: fc.constantFrom("nothing", "alone", "known", "both", "between"),
    off: fc.oneof(fc.constantFrom(-1, 0, 1), fc.integer({ min: -5_000, max: 5_000 })),
  })
  .map(({ works, candidate: asked, near, off }): FitQuestion => {
    const alone = Math.ceil(worstWindow([asked], NOW, HOUR_MS).units);
    const known = Math.ceil(worstWindow(works, NOW, HOUR_MS).units);
    const bases = { nothing: 0, alone, known, both: alone + known, between: alone + known / 2 };
    const limitUnits = Math.max(0, Math.floor(bases[near]) + off);
    return { works, candidate: asked, limitUnits, windowMs: HOUR_MS };
  });

describe("the way of counting that stands in for the definition", () => {
  it("is the most over every start, tried one by one", () => {
    const tiny = fc
      .record({
        earliestAt: fc.nat(40),
        slackMs: fc.nat(30),
        ms: fc.integer({ min: 1, max: 40 }),
        rate: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ slackMs, ...rest }) => ({ ...rest, latestAt: rest.earliestAt + slackMs }));
    fc.assert(
      fc.property(fc.array(tiny, { maxLength: 4 }), fc.nat(150), (works, at) => {
        expect(mostOfAll(works, at, 20)).toBe(worstSum(works, at, 20));
      }),
      { ...PATIENCE, numRuns: 1_000 },
    );
  });
});

describe("an hour with anything in it", () => {
  it("lets a candidate start at the first millisecond at which it fits by definition", () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(ask(asked).fitsAt).toBe(firstFitByEvents(asked));
      }),
      { ...PATIENCE, numRuns: 400 },
    );
  });

  it("fits now exactly where no window to come is above the limit", () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(ask(asked).fitsAt === NOW).toBe(fitsFrom(asked, NOW));
      }),
      { ...PATIENCE, numRuns: 3_000 },
    );
  });

  it("has its peak where the definition has it, in whole units rounded up", () => {
    fc.assert(
      fc.property(question, (asked) => {
        const worst = worstWindow([...asked.works, asked.candidate], NOW, HOUR_MS);

        expect(ask(asked)).toMatchObject({ peakUnits: Math.ceil(worst.units), peakAt: worst.at });
      }),
      { ...PATIENCE, numRuns: 3_000 },
    );
  });

  it("never fits a limit of nothing, and is told so at once", () => {
    fc.assert(
      fc.property(question, (asked) => {
        expect(ask({ ...asked, limitUnits: 0 }).fitsAt).toBe("never");
      }),
      { ...PATIENCE, numRuns: 200 },
    );
  });
});

describe("an hour added up second by second", () => {
  it("is within the limit from the answer on, and above it for every second before", () => {
    const wholeSeconds = fc.record({
      earliestAt: fc.integer({ min: 1_800, max: 10_800 }).map((second) => second * SECOND_MS),
      ms: seconds(5_400),
      rate: fc.constantFrom(...RATES),
    });
    const whole = wholeSeconds.map((fields): WorkByHand => ({
      ...fields,
      latestAt: fields.earliestAt,
    }));
    const shares = fc.integer({ min: 100, max: 180 });
    fc.assert(
      fc.property(fc.array(whole, { maxLength: 25 }), whole, shares, (works, shape, share) => {
        const asked = { ...shape, earliestAt: NOW, latestAt: NOW };
        const alone = worstWindow([asked], NOW, HOUR_MS).units;
        const limitUnits = Math.floor((alone * share) / 100);
        const { fitsAt } = ask({ works, candidate: asked, limitUnits, windowMs: HOUR_MS });
        const more = { seconds: asked.ms / SECOND_MS, rate: asked.rate };
        const bySecond = new SecondBySecond(works, 8 * 3_600);

        expect(fitsAt).not.toBe("never");
        const from = Math.ceil(Number(fitsAt) / SECOND_MS);
        expect(bySecond.fits(from, more, limitUnits)).toBe(true);
        for (let second = NOW / SECOND_MS; second < from; second += 1) {
          expect(bySecond.fits(second, more, limitUnits)).toBe(false);
        }
      }),
      { ...PATIENCE, numRuns: 10 },
    );
  });
});

describe("an hour of more work than an account remembers one by one", () => {
  const ended = fc
    .record({
      earliestAt: fc.integer({ min: 2 * HOUR_MS + 1, max: NOW - SECOND_MS }),
      ms: seconds(1_500),
      rate: fc.constantFrom(...RATES),
    })
    .map(({ earliestAt, ms, rate }): WorkByHand => {
      const longest = Math.max(1, Math.floor((NOW - earliestAt) / SECOND_MS)) * SECOND_MS;
      return { earliestAt, latestAt: earliestAt, ms: Math.min(ms, longest), rate };
    });
  const history = fc.array(ended, { minLength: ceilings.accountSpends + 1, maxLength: 110 });

  it("is answered exactly for what is remembered, and never too early for what was spent", () => {
    fc.assert(
      fc.property(
        history,
        candidate,
        fc.integer({ min: 100, max: 300 }),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        (works, asked, share, chance) => {
          const memory = works.reduce<readonly Spend[]>(
            (kept, each) => rememberSpend(kept, spendOf(each), instant(each.latestAt + each.ms)),
            [],
          );
          const alone = worstWindow([asked], NOW, HOUR_MS).units;
          const limitUnits = Math.floor((alone * share) / 100);
          const windowMs = HOUR_MS;
          const { fitsAt } = fitWindow({
            ...{ spends: memory, candidate: spendOf(asked), limitUnits, windowMs },
          });
          const remembered = { works: memory.map(workOf), candidate: asked, limitUnits, windowMs };
          const at = Number(fitsAt);

          expect(memory.length).toBeLessThanOrEqual(ceilings.accountSpends);
          expect(fitsFrom({ ...remembered, works }, at)).toBe(true);
          expect(fitsFrom(remembered, at)).toBe(true);
          const turns = remembered.works.flatMap((each) => turnsOf(each, windowMs));
          const before = [at - 1, NOW, ...turns].filter((start) => start >= NOW && start < at);
          for (let n = 0; n < 10; n += 1) {
            const [drawn] = chance.take(1);
            before.push(NOW + Math.floor((drawn ?? 0) * (at - NOW)));
          }
          for (const start of before.filter((each) => each < at).slice(0, 60)) {
            expect(fitsFrom(remembered, start)).toBe(false);
          }
        },
      ),
      { ...PATIENCE, numRuns: 30 },
    );
  });

  it("forgets nothing of it: the memory is never below the truth, at any window to come", () => {
    fc.assert(
      fc.property(history, (works) => {
        const memory = works.reduce<readonly Spend[]>(
          (kept, each) => rememberSpend(kept, spendOf(each), instant(NOW)),
          [],
        );
        const remembered = memory.map(workOf);
        for (const at of works.flatMap((each) => turnsOf(each, HOUR_MS))) {
          if (at < NOW) continue;
          const known = mostOfAll(remembered, at, HOUR_MS);
          expect(known).toBeGreaterThanOrEqual(mostOfAll(works, at, HOUR_MS));
        }
      }),
      { ...PATIENCE, numRuns: 60 },
    );
  });
});
