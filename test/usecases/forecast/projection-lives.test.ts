import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { CourseRun } from "../../../shared/core/forecast/course.ts";
import type { Plan, Projection } from "../../../shared/core/forecast/plan.ts";
import { beginProjection, goOn, outcomeOf } from "../../../shared/core/forecast/project.ts";
import { attemptKeyOf, runKeyOf, scheduleName } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Configuration } from "../../../shared/core/project/configuration.ts";
import { isFinal, type Run } from "../../../shared/core/run/run.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { formatInstant, plusMs, type Instant } from "../../../shared/core/time/instant.ts";
import { readAccount } from "../../../shared/records/account-record.ts";
import { readPlan } from "../../../shared/usecases/forecast/read-plan.ts";
import { anHourlyPlan, aRandomPlan } from "../../support/a-plan.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";
import { exits } from "../../support/scripted-executor.ts";
import { World } from "../../support/world.ts";

/** A projection and the platform live through the same hours. */
const LIVED_MS = 5 * HOUR_MS;

interface Lived {
  /** What became of each run, such as `s1@2027-01-15T00:02:16Z started 2027-01-15T00:05:38Z`. */
  readonly runs: readonly string[];
  readonly balance: number | undefined;
}

/** The plan of an installation that has run for a while, and what really becomes of it. */
async function onThePlatform(configuration: Configuration, forMs: number): Promise<[Plan, Lived]> {
  const world = new World();
  const { store } = world;
  try {
    for (const { name, estimate } of configuration.schedules) {
      world.alwaysRuns(name, exits(estimate?.durationMs ?? 0));
    }
    endsAreToldAtOnce(world, configuration);
    await world.apply(configuration);
    await world.tick();
    await world.live(forMs);
    const now = world.clock.now();
    const start = await store.snapshot(async (reader) => await readPlan(reader, PROJECT, now));
    const until = plusMs(START_AT, LIVED_MS);
    await world.live(until - now);
    expect(world.failures).toEqual([]);

    const due = (await world.runs()).filter((run) => run.effectiveAt <= until);
    // What was over before is no part of the plan.
    const lived = due.filter(({ finishedAt }) => finishedAt === undefined || finishedAt > now);
    const account = await store.snapshot(async (reader) => await readAccount(reader, PROJECT));
    const runs = lived.map((run) => told(run, run.attempts[0]?.admittedAt)).toSorted();
    const plan = { ...start, until, stepsMax: limits.projectionSteps };
    return [plan, { runs, balance: account.balance }];
  } finally {
    await world.close();
  }
}

/** As an engine that tells when something ends: the polls of one that does not may be a minute late. */
function endsAreToldAtOnce(world: World, { schedules }: Configuration): void {
  const runMs = new Map(schedules.map(({ name, estimate }) => [name, estimate?.durationMs ?? 0]));
  const start = world.executor.start.bind(world.executor);
  world.executor.start = async (request) => {
    await start(request);
    const { run, number: attempt } = attemptKeyOf(request.attempt) ?? {};
    const schedule = runKeyOf(run ?? "")?.schedule ?? scheduleName("");
    const body = JSON.stringify({ run, attempt, project: PROJECT });
    await world.services.queue.send("watch", [{ body, delayMs: runMs.get(schedule) ?? 0 }]);
  };
}

function inTheForecast(plan: Plan): [Projection, Lived] {
  const course = beginProjection(plan);
  const seen = new Set<CourseRun>();
  do {
    for (const { live } of course.schedules.values()) for (const each of live) seen.add(each);
  } while (goOn(course, 1));
  const runs = [...seen].map(({ run, execution }) =>
    told(run, run.attempts[0]?.admittedAt ?? execution?.usage.startedAt),
  );
  return [outcomeOf(course), { runs: runs.toSorted(), balance: course.account.balance }];
}

function told(run: Run, startedAt: Instant | undefined): string {
  const name = `${run.schedule}@${formatInstant(run.nominalAt)}`;
  if (startedAt !== undefined) return `${name} started ${formatInstant(startedAt)}`;
  return `${name} ${isFinal(run.state) ? run.state : "open"}`;
}

/** Runs that are skipped as they are made were never live: of them only the number is compared. */
function withoutStillborn({ runs }: Lived, configuration: Configuration): readonly string[] {
  const clockless = configuration.schedules.filter(({ timing }) => timing === undefined);
  const names = clockless.map(({ name }) => `${name}@`);
  return runs.filter((text) => !text.endsWith("skipped") || !names.some((n) => text.startsWith(n)));
}

const ended = (texts: readonly string[]): number =>
  texts.filter((text) => /(skipped|refused|expired)$/.test(text)).length;

const startsOf = ({ runs }: Lived, schedule: string): number =>
  runs.filter((text) => text.startsWith(`${schedule}@`) && text.includes("started")).length;

const someTime = fc.constantFrom(0, 61 * MINUTE_MS);

describe("a projection", () => {
  it("says of every run what becomes of it on the platform, to the second", async () => {
    await fc.assert(
      fc.asyncProperty(aRandomPlan, someTime, async (configuration, forMs) => {
        const [plan, lived] = await onThePlatform(configuration, forMs);
        const [projection, foreseen] = inTheForecast(plan);

        expect(withoutStillborn(foreseen, configuration)).toEqual(
          withoutStillborn(lived, configuration),
        );
        expect(foreseen.balance).toBe(lived.balance);
        const unstarted = projection.schedules.map(({ skips, refusals }) => skips + refusals);
        expect(unstarted.reduce((sum, each) => sum + each, 0)).toBe(ended(lived.runs));
      }),
      { numRuns: 12, seed: 1, endOnFailure: true },
    );
  }, 240_000);

  it("starts as many runs as the platform where they wait for the hour, give or take two", async () => {
    await fc.assert(
      fc.asyncProperty(anHourlyPlan, someTime, async (configuration, forMs) => {
        const [plan, lived] = await onThePlatform(configuration, forMs);
        const [, foreseen] = inTheForecast(plan);

        // Whoever waits for the hour is looked at within a minute of its time: a tick may find it first.
        for (const { name } of configuration.schedules) {
          expect(Math.abs(startsOf(foreseen, name) - startsOf(lived, name))).toBeLessThanOrEqual(2);
        }
      }),
      { numRuns: 8, seed: 1, endOnFailure: true },
    );
  }, 240_000);
});
