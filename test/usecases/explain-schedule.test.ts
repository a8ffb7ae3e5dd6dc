import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { scheduleName } from "../../shared/core/ids.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { plusMs, type Instant } from "../../shared/core/time/instant.ts";
import {
  explainSchedule,
  type ScheduleExplanation,
} from "../../shared/usecases/explain-schedule.ts";
import { pauseSchedule } from "../../shared/usecases/pause-schedule.ts";
import { aConfiguration, aJob, aSchedule, START_AT } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { aTiming, at } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const hourly = (offsetMinutes: number, fields: Parameters<typeof aSchedule>[0] = {}) =>
  aSchedule({
    timing: aTiming({
      when: [{ kind: "every", everyMs: HOUR_MS, offsetMs: offsetMinutes * MINUTE_MS }],
    }),
    timeoutMs: 20 * MINUTE_MS,
    estimate: { durationMs: 15 * MINUTE_MS },
    ...fields,
  });

const apply = async (
  schedules: readonly ScheduleDefinition[],
  limits: UnitLimits = {},
): Promise<void> => {
  await world.apply(aConfiguration({ schedules: [...schedules], limits }));
};

async function explained(schedule: string, wanted?: Instant): Promise<ScheduleExplanation> {
  const services = { ...world.services, clock: world.clock, alarms: world.clock };
  return await explainSchedule(services, { schedule: scheduleName(schedule), at: wanted });
}

const failed = ({ checks }: ScheduleExplanation): readonly string[] =>
  checks.flatMap(({ rule, holds }) => (holds ? [] : [rule]));

describe("an occurrence that is to come", () => {
  it("is the first at or after the instant that was asked for", async () => {
    await apply([hourly(30)]);

    const { fire, startsAt, decision } = await explained("nightly", at("2027-01-20T09:00:00Z"));

    expect(fire?.nominalAt).toBe(at("2027-01-20T09:30:00Z"));
    expect(startsAt).toBe(fire?.nominalAt);
    expect(decision?.kind).toBe("admit");
  });

  it("has every rule checked, in the order in which they decide", async () => {
    await apply([hourly(30)]);

    const explanation = await explained("nightly");

    expect(explanation.checks.map(({ rule }) => rule)).toEqual([
      ...["configured", "named", "operator", "deadline", "supported", "dependency", "overlap"],
      ...["turn", "execution", "balance", "hour", "concurrency", "plan"],
    ]);
    expect(failed(explanation)).toEqual([]);
  });

  it("waits for the place that another schedule's run is expected to have", async () => {
    await apply([hourly(0, { name: "before" }), hourly(10)], { concurrentRuns: 1 });

    const explanation = await explained("nightly", at("2027-01-15T05:00:00Z"));

    expect(failed(explanation)).toEqual(["concurrency"]);
    expect(explanation.decision).toMatchObject({
      kind: "wait",
      reason: { code: "limit_concurrency" },
    });
    expect(explanation.blockers).toEqual(["before@2027-01-15T05:00:00Z"]);
    expect(explanation.startsAt).toBe(at("2027-01-15T05:15:00Z"));
  });

  it("shows the numbers of an account that has spent by then", async () => {
    await apply([hourly(0)], { balance: 100_000 });

    const { checks } = await explained("nightly", at("2027-01-15T04:00:00Z"));

    // Four runs of 15 minutes at 4 units a second; one holds 20 minutes and ten seconds.
    const balance = checks.find(({ rule }) => rule === "balance");
    expect(balance?.compared).toEqual({ held: 0, units: 4_840, balance: 100_000 - 4 * 3_600 });
  });

  it("does not start where the balance has ended by then", async () => {
    await apply([hourly(0)], { balance: 10_000 });

    const explanation = await explained("nightly", at("2027-01-15T06:00:00Z"));

    // The run of 02:00 waits for units for good, so that later ones are left out.
    expect(failed(explanation)).toEqual(["overlap", "balance", "plan"]);
    expect(explanation.blockers).toEqual(["nightly@2027-01-15T02:00:00Z"]);
    expect(explanation.startsAt).toBeUndefined();
  });

  it("names the run that is live now and is expected to be so still", async () => {
    await apply([hourly(0, { estimate: { durationMs: 3 * HOUR_MS }, timeoutMs: 4 * HOUR_MS })]);
    world.willRun("nightly", exits(3 * HOUR_MS));
    await world.tick();
    await world.advance(SECOND_MS);

    const explanation = await explained("nightly", at("2027-01-15T01:00:00Z"));

    expect(failed(explanation)).toEqual(["overlap", "plan"]);
    expect(explanation.blockers).toEqual([(await world.onlyRun("nightly")).id]);
    expect(explanation.decision).toMatchObject({ kind: "conclude", state: "skipped" });
  });

  it("waits for its upstream, and says which run of it", async () => {
    const upstream = hourly(0, { name: "upstream", estimate: { durationMs: 12 * MINUTE_MS } });
    await apply([upstream, hourly(0, { after: { upstream: "succeeded" } })]);

    const explanation = await explained("nightly", at("2027-01-15T03:00:00Z"));

    expect(failed(explanation)).toEqual(["dependency"]);
    expect(explanation.blockers).toEqual(["upstream@2027-01-15T03:00:00Z"]);
    expect(explanation.startsAt).toBe(at("2027-01-15T03:12:00Z"));
  });

  it("is left out while its schedule is paused", async () => {
    await apply([hourly(0)]);
    await world.clock.advance(1);
    await pauseSchedule(world.services, scheduleName("nightly"), { by: "u-1", note: "no data" });

    const explanation = await explained("nightly", at("2027-01-15T03:00:00Z"));

    expect(failed(explanation)).toEqual(["operator", "plan"]);
    expect(explanation.decision).toMatchObject({ reason: { code: "paused" } });
  });

  it("is refused where its executor cannot honour its job", async () => {
    world.executor.refuse("odd.py", "It needs a GPU");
    await apply([hourly(0, { work: aJob({ command: "odd.py" }) })]);

    const explanation = await explained("nightly", at("2027-01-15T03:00:00Z"));

    expect(failed(explanation)).toEqual(["supported", "plan"]);
  });

  it("expires where it is expected to wait for longer than it may", async () => {
    const before = hourly(0, { name: "before" });
    const late = hourly(5, { startDeadlineMs: 5 * MINUTE_MS });
    await apply([before, late], { concurrentRuns: 1 });

    const { checks, startsAt } = await explained("nightly", at("2027-01-15T02:00:00Z"));

    expect(startsAt).toBeUndefined();
    expect(checks.at(-1)?.sentence).toMatch(/^Plan: it ends expired at 2027-01-15T02:10:00.001Z/);
  });

  it("is the one that the tick has made already, where that is meant", async () => {
    await apply([hourly(30)]);
    await world.clock.advance(29 * MINUTE_MS + 30 * SECOND_MS);
    await world.tick();

    const { fire } = await explained("nightly");

    expect(fire?.nominalAt).toBe(at("2027-01-15T00:30:00Z"));
  });
});

describe("what cannot be explained", () => {
  it("is an occurrence of a schedule that no clock starts", async () => {
    await apply([
      hourly(0, { name: "upstream" }),
      aSchedule({ timing: null, after: { upstream: "finished" } }),
    ]);

    const { fire, checks } = await explained("nightly");

    expect(fire).toBeUndefined();
    expect(checks.map(({ sentence }) => sentence)).toEqual([
      "Named: no clock starts it; it comes after upstream.",
    ]);
  });

  it.each([
    ["past", -SECOND_MS, "is past"],
    ["too far ahead", 400 * DAY_MS, "too far ahead"],
  ])("is an instant that is %s", async (_, awayMs, text) => {
    await apply([hourly(0)]);

    await expect(explained("nightly", plusMs(START_AT, awayMs))).rejects.toThrow(text);
  });

  it("is a schedule that is not configured", async () => {
    await expect(explained("nightlyy")).rejects.toThrow("Schedule nightlyy is not configured");
  });
});
