import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Plan, PlannedSchedule } from "../../../shared/core/forecast/plan.ts";
import { project } from "../../../shared/core/forecast/project.ts";
import { scheduleName } from "../../../shared/core/ids.ts";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { fireAfter } from "../../../shared/core/schedule/owed.ts";
import type { ScheduleDefinition } from "../../../shared/core/schedule/schedule-definition.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { applyLimits, openAccount } from "../../../shared/core/units/account.ts";
import { compiledTiming } from "../../../shared/usecases/timing-cache.ts";
import { aSchedule, PROJECT, START_AT } from "../../support/builders.ts";
import { aTiming } from "../../support/timing-builder.ts";

function planned(definition: ScheduleDefinition, durationMs = 5 * MINUTE_MS): PlannedSchedule {
  const { timing } = definition;
  const clock = timing && compiledTiming(timing);
  const next = clock && fireAfter(definition, clock, START_AT);
  return {
    definition,
    ...(clock === undefined ? {} : { timing: clock }),
    ...(next === undefined ? {} : { next }),
    rates: {},
    downstream: [],
    estimate: { units: (durationMs / 1_000) * 4, durationMs, source: "history", runs: 20 },
  };
}

const every = (minutes: number, fields: Parameters<typeof aSchedule>[0] = {}) =>
  aSchedule({
    timing: aTiming({ when: [{ kind: "every", everyMs: minutes * MINUTE_MS, offsetMs: 0 }] }),
    timeoutMs: 10 * MINUTE_MS,
    ...fields,
  });

function plan(schedules: readonly PlannedSchedule[], limits: UnitLimits, more = {}): Plan {
  return {
    now: START_AT,
    until: plusMs(START_AT, 5 * DAY_MS),
    account: applyLimits(openAccount(PROJECT), limits, START_AT).account,
    schedules,
    runs: [],
    stepsMax: 1_000_000,
    ...more,
  };
}

describe("a projection", () => {
  it("is cut after so many steps, and says how far it came", () => {
    const cut = project(plan([planned(every(10))], {}, { stepsMax: 300 }));

    // An occurrence, its decision and its end: a hundred runs, and so as many times ten minutes.
    expect(cut).toMatchObject({ truncated: true, until: plusMs(START_AT, 1_005 * MINUTE_MS) });
    expect(cut.schedules[0]?.starts).toBe(100);
  });

  it("counts each occurrence once: it starts, waits in the end, or ends unstarted", () => {
    const schedule = fc.record({
      minutes: fc.constantFrom(7, 20, 60),
      runsMinutes: fc.integer({ min: 1, max: 40 }),
      overlap: fc.constantFrom("skip", "queue-one", "queue-all", "cancel-running", "allow"),
      onLimit: fc.constantFrom("wait", "skip", "fail"),
    });
    const limits = fc.record(
      {
        unitsPerHour: fc.integer({ min: 5_000, max: 30_000 }),
        balance: fc.integer({ min: 0, max: 300_000 }),
        concurrentRuns: fc.integer({ min: 0, max: 3 }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(schedule, { minLength: 1, maxLength: 4 }), limits, (drawn, given) => {
        const schedules = drawn.map(({ minutes, runsMinutes, overlap, onLimit }, index) => {
          const fields = { name: `s${index}`, overlap, onLimit, timeoutMs: HOUR_MS } as const;
          return planned(every(minutes, fields), runsMinutes * MINUTE_MS);
        });
        const projection = project(plan(schedules, given, { until: plusMs(START_AT, DAY_MS) }));

        for (const each of projection.schedules) {
          const { fires, starts, refusals, skips, waiting } = each;
          expect(starts + refusals + skips + waiting).toBe(fires);
        }
        const { balance = Infinity } = given;
        expect(projection.plannedUnits).toBeLessThanOrEqual(balance);
      }),
      { numRuns: 60 },
    );
  });

  it("never has the balance end sooner for a schedule that is paused, where one runs at a time", () => {
    const runs = fc.array(
      fc.record({ hours: fc.constantFrom(1, 2, 3, 4, 6), runs: fc.integer({ min: 1, max: 5 }) }),
      { minLength: 2, maxLength: 5 },
    );
    fc.assert(
      fc.property(runs, fc.integer({ min: 3_000, max: 400_000 }), (drawn, balance) => {
        // Ten minutes of the hour are each one's own, so no run waits for what another one holds: one
        // that does may let later ones of its schedule be skipped, and spends less then.
        const schedules = drawn.map(({ hours, runs: took }, index) => {
          const offsetMs = index * 10 * MINUTE_MS;
          const when = [{ kind: "every", everyMs: hours * HOUR_MS, offsetMs }] as const;
          return planned(
            every(60, { name: `s${index}`, timing: aTiming({ when }) }),
            took * MINUTE_MS,
          );
        });
        const all = project(plan(schedules, { balance }));
        const paused = new Set([scheduleName("s0")]);
        const without = project(plan(schedules, { balance }, { paused }));

        const never = Number.MAX_SAFE_INTEGER;
        expect(without.balanceEndsAt ?? never).toBeGreaterThanOrEqual(all.balanceEndsAt ?? never);
      }),
      { numRuns: 60 },
    );
  });

  it("goes on to the occurrence that is watched, and stops when it is known", () => {
    const at = plusMs(START_AT, 3 * HOUR_MS);
    const watched = { schedule: scheduleName("nightly"), nominalAt: at };

    const projection = project(plan([planned(every(60))], {}, { watched }));

    expect(projection.watched).toMatchObject({ nominalAt: at, decidedAt: at, startsAt: at });
    expect(projection.until).toBe(at);
  });

  it("ends what takes longer than its limits let it as timed out", () => {
    const long = planned(every(60, { name: "long" }), 30 * MINUTE_MS);
    const after = aSchedule({ name: "after", timing: null, after: { long: "failed" } });
    const schedules = [{ ...long, downstream: [after.name] }, planned(after)];

    const { schedules: told } = project(plan(schedules, {}, { until: plusMs(START_AT, DAY_MS) }));

    expect(told.find(({ schedule }) => schedule === "after")).toMatchObject({ starts: 23 });
  });

  it("cancels the run that a new one replaces, and spends what it has by then", () => {
    const replaced = planned(every(5, { overlap: "cancel-running" }), 8 * MINUTE_MS);
    const { schedules } = project(
      plan([replaced], {}, { until: plusMs(START_AT, 61 * MINUTE_MS) }),
    );

    // Eleven runs were cut to five minutes; the twelfth is expected to take its eight.
    expect(schedules[0]).toMatchObject({ starts: 12, plannedUnits: 11 * 1_200 + 1_920 });
  });

  it("waits for running work to give back what it holds, and does not take that for the end", () => {
    // Both are due at once and hold 2,440 each; either spends 1,200.
    const both = ["one", "two"].map((name) => planned(every(60, { name })));
    const { balanceEndsAt, schedules } = project(plan(both, { balance: 6_100 }));

    // At three there are 1,300 left, of which no run can hold enough.
    expect(schedules.map(({ waits, starts }) => [starts, waits])).toEqual([
      [2, 0],
      [2, 1],
    ]);
    expect(balanceEndsAt).toBe(plusMs(START_AT, 3 * HOUR_MS));
  });

  it("counts what running work holds against the hour", () => {
    const often = planned(every(1, { overlap: "allow", onLimit: "skip" }));
    const { schedules } = project(
      plan([often], { unitsPerHour: 5_000 }, { until: plusMs(START_AT, 4.5 * MINUTE_MS) }),
    );

    expect(schedules[0]).toMatchObject({ fires: 4, starts: 2, refusals: 2 });
  });

  it("waits for an upstream that jitter puts off", () => {
    const upstream = planned(every(60, { name: "upstream", jitterMs: 50 * MINUTE_MS }));
    const after = planned(every(60, { name: "after", after: { upstream: "succeeded" } }));
    const putOffMs = (upstream.next?.effectiveAt ?? 0) - (upstream.next?.nominalAt ?? 0);

    const { schedules } = project(
      plan([{ ...upstream, downstream: [after.definition.name] }, after], {}),
    );

    const told = schedules.find(({ schedule }) => schedule === "after");
    expect(putOffMs).toBeGreaterThan(0);
    expect(told?.longestWaitMs).toBe(putOffMs + 5 * MINUTE_MS);
    expect(told?.skips).toBe(0);
  });
});
