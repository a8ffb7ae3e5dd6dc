import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { rememberSpend, spentWithin, type Spend } from "../../../shared/core/units/spend.ts";
import { at } from "../../support/account-builder.ts";
import { worstWithin } from "../../support/spending-by-hand.ts";

const minute: Spend = { startAt: at("12:00"), endAt: at("12:01"), rate: 4, units: 240 };

describe("a spend in a trailing hour", () => {
  it.each([
    ["12:00", 0],
    ["12:00:30", 120],
    ["12:01", 240],
    ["12:59", 240],
    ["13:00", 240],
    ["13:00:30", 120],
    ["13:01", 0],
    ["20:00", 0],
  ])("counts at %s for %i units", (time, units) => {
    expect(spentWithin(minute, at(time), HOUR_MS)).toBe(units * 1_000);
  });

  it("counts for the worst of all starts while the start is open", () => {
    const works = fc.record({
      earliestAt: fc.integer({ min: 0, max: 30 }),
      slackMs: fc.integer({ min: 0, max: 40 }),
      ms: fc.integer({ min: 1, max: 40 }),
      atMs: fc.integer({ min: 0, max: 120 }),
    });
    fc.assert(
      fc.property(works, ({ earliestAt, slackMs, ms, atMs }) => {
        const latestAt = earliestAt + slackMs;
        const work = { earliestAt, latestAt, ms, rate: 3_000 };
        const [startAt, endAt] = [instant(earliestAt), instant(latestAt + ms)];
        const spend = { startAt, endAt, rate: 3_000, units: 3 * ms };

        expect(spentWithin(spend, atMs, 20)).toBe(worstWithin(work, atMs, 20));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe("the memory of the trailing hour", () => {
  it("lets a spend go when no later window can see it, and not before", () => {
    const fresh = { ...minute, startAt: at("13:00"), endAt: at("13:01") };

    expect(rememberSpend([minute], fresh, instant(at("13:01") - 1))).toEqual([minute, fresh]);
    expect(rememberSpend([minute], fresh, at("13:01"))).toEqual([fresh]);
  });

  it("keeps nothing of work that spent nothing", () => {
    expect(rememberSpend([], { ...minute, endAt: minute.startAt, units: 0 }, at("12:00"))).toEqual(
      [],
    );
  });

  it("stays short, keeps every unit and is never below the truth, however much work ended", () => {
    const spends = fc
      .record({
        startMs: fc.integer({ min: 0, max: HOUR_MS }),
        seconds: fc.integer({ min: 1, max: 1_200 }),
        rate: fc.constantFrom(4, 8, 72, 144),
      })
      .map(({ startMs, seconds, rate }): Spend => {
        const startAt = instant(startMs);
        return { startAt, endAt: instant(startMs + seconds * 1_000), rate, units: seconds * rate };
      });
    fc.assert(
      fc.property(
        fc.array(spends, { minLength: limits.accountSpends - 2, maxLength: 150 }),
        fc.array(fc.integer({ min: 0, max: 3 * HOUR_MS }), { minLength: 20, maxLength: 20 }),
        (all, instants) => {
          const kept = all.reduce<readonly Spend[]>(
            (memory, spend) => rememberSpend(memory, spend, instant(0)),
            [],
          );

          expect(kept).toHaveLength(Math.min(all.length, limits.accountSpends));
          expect(unitsOf(kept)).toBe(unitsOf(all));
          for (const t of instants) expect(within(kept, t)).toBeGreaterThanOrEqual(within(all, t));
        },
      ),
      { numRuns: 100 },
    );
  });

  it("blurs an hour of back-to-back seconds by no more than two minutes", () => {
    let memory: readonly Spend[] = [];
    for (let second = 0; second < 7_200; second += 1) {
      const startAt = instant(second * 1_000);
      const endAt = instant(startAt + 1_000);
      memory = rememberSpend(memory, { startAt, endAt, rate: 4, units: 4 }, endAt);
    }

    expect(memory).toHaveLength(limits.accountSpends);
    expect(Math.max(...memory.map(({ startAt, endAt }) => endAt - startAt))).toBeLessThanOrEqual(
      120_000,
    );
  });
});

const unitsOf = (spends: readonly Spend[]): number =>
  spends.reduce((sum, { units }) => sum + units, 0);

const within = (spends: readonly Spend[], t: number): number =>
  spends.reduce((sum, spend) => sum + spentWithin(spend, t, HOUR_MS), 0);
