import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { messageOf } from "../../../shared/core/errors.ts";
import {
  AccountLife,
  LIFE_VERBS,
  type LifeStep,
  type LifeVerb,
} from "../../support/account-life.ts";
import { seededRandom } from "../../support/seeded-random.ts";

/**
 * Ten thousand lives of an account, each followed line by line by somebody with sums of his own. A
 * life that fails is told with its seed, and as the fewest steps that still fail:
 *
 *     LIVES_SEED=4711 LIVES=1 npx vitest run test/core/units/account-lives.test.ts
 */
const LIVES = Number(process.env["LIVES"] ?? 10_000);
const FIRST_SEED = Number(process.env["LIVES_SEED"] ?? 1);

/** How often each happens. */
const WEIGHTS: Readonly<Record<LifeVerb, number>> = {
  wait: 14,
  admit: 22,
  finish: 12,
  "finish at its bound": 3,
  release: 4,
  "admit again": 2,
  "close again": 3,
  "lose a commit": 2,
  overrun: 0.4,
  configure: 3,
  "set limits": 3,
  "top up": 2,
  "set balance": 2,
  adjust: 1,
  "set budget": 1,
  "look at provider": 2,
  "forget provider": 0.5,
  "clock steps back": 0.4,
  "read again": 2,
};
const BAG = LIFE_VERBS.flatMap((verb) =>
  Array.from({ length: Math.ceil(WEIGHTS[verb] * 5) }, () => verb),
);

function live(steps: readonly LifeStep[]): AccountLife {
  const life = new AccountLife();
  for (const step of steps) life.do(step);
  life.expectLived();
  return life;
}

function stepsOf(seed: number): readonly LifeStep[] {
  const chance = seededRandom(seed);
  const fraction = (): number => chance.fraction();
  const number = (): number => Math.floor(fraction() * 1_000);
  // Some lives are long enough to end more than an account remembers one by one.
  const length = seed % 100 === 0 ? 400 : 10 + Math.floor(fraction() * 50);
  // Some have no trouble at all, so that what really ran can be held against the limits.
  const bag =
    seed % 2 === 0 ? BAG.filter((verb) => !["overrun", "clock steps back"].includes(verb)) : BAG;
  return Array.from({ length }, (): LifeStep => {
    const verb = bag[Math.floor(fraction() * bag.length)] ?? "wait";
    return [verb, number(), number(), number()];
  });
}

function failureOf(steps: readonly LifeStep[]): string | undefined {
  const lived = tryToLive(steps);
  return lived instanceof AccountLife ? undefined : lived;
}

/** The life, or what it failed with. */
function tryToLive(steps: readonly LifeStep[]): AccountLife | string {
  try {
    return live(steps);
  } catch (error) {
    return messageOf(error);
  }
}

/** Leaves steps out for as long as it still fails. */
function fewest(steps: readonly LifeStep[]): readonly LifeStep[] {
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < steps.length; from += size) {
      const fewer = steps.toSpliced(from, size);
      if (failureOf(fewer) !== undefined) return fewest(fewer);
    }
  }
  return steps;
}

function tell(seed: number, steps: readonly LifeStep[]): Error {
  const few = fewest(steps);
  const lines = few.map((step) => `  ${JSON.stringify(step)}`).join("\n");
  return new Error(`Seed ${seed}: ${failureOf(few) ?? "?"}, after\n${lines}`);
}

describe("ten thousand lives of an account", () => {
  it("keep every limit, add up after every step, and close each reservation once", () => {
    let [admissions, denials, clean] = [0, 0, 0];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + LIVES; seed += 1) {
      const steps = stepsOf(seed);
      const life = tryToLive(steps);
      if (typeof life === "string") throw tell(seed, steps);
      admissions += life.admissions;
      denials += life.denials;
      if (life.isClean) clean += 1;
    }

    // Else they went by without much happening in them.
    expect(admissions).toBeGreaterThan(3 * LIVES);
    expect(denials).toBeGreaterThan(LIVES);
    expect(clean).toBeGreaterThan(LIVES / 2);
  });
});

describe("any life at all", () => {
  it("does so too, however its steps are put together", () => {
    const number = fc.nat(999);
    const step = fc.tuple(fc.constantFrom(...LIFE_VERBS), number, number, number);
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        live(steps);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  });
});
