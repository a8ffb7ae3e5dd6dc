import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { attemptIdOf } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import { prepareFailed } from "../../shared/core/run/outcome.ts";
import type { FailureClass } from "../../shared/core/run/retry-policy.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { instant } from "../../shared/core/time/instant.ts";
import { endAttempt } from "../../shared/usecases/end-attempt.ts";
import { aRetry, aConfiguration, aJob, aSchedule, aSubscription } from "../support/builders.ts";
import { expectNothingOwed, ledgerOf } from "../support/invariants.ts";
import {
  exits,
  obeys,
  resists,
  unpreparable,
  vanishes,
  type Script,
} from "../support/scripted-executor.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const retryOn = (...on: readonly FailureClass[]) => aRetry({ attempts: 3, on });

async function runNightly(
  fields: Parameters<typeof aSchedule>[0],
  ...scripts: readonly Script[]
): Promise<void> {
  world.willRun("nightly", ...scripts);
  const schedules = [aSchedule({ timing: null, ...fields })];
  await world.apply(aConfiguration({ schedules, subscriptions: [aSubscription()] }));
  await world.ask("nightly", "p1");
  await world.live(2 * HOUR_MS);
}

const missing: Script = {
  runMs: SECOND_MS,
  outputErrors: [{ path: "report.json", type: "NOT_FOUND", description: "it was not written" }],
};

describe("an attempt that does not succeed", () => {
  it.each([
    ["failed", exits(SECOND_MS, 3), "failed (exit_code)"],
    ["failed", missing, "failed (output_missing)"],
    ["timedOut", obeys, "timedOut (timeout)"],
    ["timedOut", resists, "timedOut (timeout)"],
    ["system", vanishes(SECOND_MS), "failed (lost)"],
    ["system", unpreparable, "failed (prepare_failed)"],
  ] as const)("is tried again for %s, and only then: %o", async (failure, script, end) => {
    const others = (["failed", "timedOut", "system"] as const).filter((each) => each !== failure);
    await runNightly({ retry: retryOn(failure) }, script, exits(SECOND_MS));
    const retried = await world.states("nightly");
    await world.close();
    world = new World();
    await runNightly({ retry: retryOn(...others) }, script);

    expect(retried).toEqual(["succeeded"]);
    expect(await world.states("nightly")).toEqual([end]);
    await expectNothingOwed(world);
  });

  it("ends its run with the last reason when all tries are used", async () => {
    await runNightly(
      { retry: retryOn("failed", "system") },
      ...[exits(SECOND_MS, 1), vanishes(SECOND_MS), exits(SECOND_MS, 9)],
    );

    const run = await world.onlyRun("nightly");
    expect(run).toMatchObject({
      state: "failed",
      reason: { text: expect.stringContaining("9") as string },
    });
    expect(run.attempts.map((attempt) => attempt.end?.exitCode)).toEqual([1, undefined, 9]);
  });

  it("waits longer before each next try", async () => {
    await runNightly({ retry: retryOn("failed") }, ...Array<Script>(3).fill(exits(SECOND_MS, 1)));

    const { attempts } = await world.onlyRun("nightly");
    const waits = attempts
      .slice(1)
      .map((attempt, index) => attempt.admittedAt - (attempts[index]?.end?.endedAt ?? 0));
    expect(waits.map((waitMs) => Math.round(waitMs / MINUTE_MS))).toEqual([1, 2]);
  });

  it("is told as retried, and each start is told", async () => {
    await runNightly({ retry: retryOn("failed") }, exits(SECOND_MS, 1), exits(SECOND_MS));

    expect(world.webhook.types.toSorted()).toEqual([
      ...["run.retried", "run.started", "run.started", "run.succeeded"],
    ]);
  });

  it("pays for each try, and for none that never ran", async () => {
    await runNightly(
      { retry: retryOn("failed", "system") },
      unpreparable,
      exits(2_500, 1),
      exits(900),
    );

    const { attempts } = await world.onlyRun("nightly");
    expect(attempts.map((attempt) => attempt.end?.unitsSettled)).toEqual([0, 12, 4]);
    const { entries } = await ledgerOf(world);
    expect(entries.map((entry) => entry.kind)).toEqual([
      ...["hold", "release", "hold", "settle", "hold", "settle"],
    ]);
  });
});

describe("the end of an attempt that is told twice", () => {
  it("changes nothing of the attempt that came after it", async () => {
    world.willRun("nightly", exits(SECOND_MS, 1), exits(HOUR_MS));
    const schedules = [
      aSchedule({ timing: null, retry: retryOn("failed"), timeoutMs: 2 * HOUR_MS }),
    ];
    await world.apply(aConfiguration({ schedules }));
    const run = await world.askRun("nightly", "p1");
    await world.live(5 * MINUTE_MS);
    const before = await world.run(run);

    const outcome = prepareFailed("A message that took its time");
    await endAttempt(world.services, { run, number: 1, outcome });

    expect(before).toMatchObject({ state: "running", attempts: [{ number: 1 }, { number: 2 }] });
    expect(await world.run(run)).toEqual(before);
    expect((await ledgerOf(world)).account.open).toHaveLength(1);
  });
});

describe("an execution that its executor forgot", () => {
  it("fails the system's way and gives its units back", async () => {
    world.willRun("nightly", resists);
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);

    world.executor.forget(attemptIdOf(run, 1));
    await world.live(2 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["failed (prepare_failed)"]);
    await expectNothingOwed(world);
  });
});

describe("an attempt that runs out of time", () => {
  it("is asked to end at its timeout, and may end with its own code", async () => {
    await runNightly({ timeoutMs: 10 * MINUTE_MS }, obeys);

    const run = await world.onlyRun("nightly");
    const [attempt] = run.attempts;
    expect(run).toMatchObject({ state: "timedOut", reason: { code: "timeout" } });
    expect(attempt?.end).toMatchObject({ exitCode: 143 });
    expect((attempt?.end?.endedAt ?? 0) - (attempt?.startedAt ?? 0)).toBe(10 * MINUTE_MS);
  });

  it("is killed after its own grace when it resists", async () => {
    const gracefulShutdown = { signal: "SIGINT", timeoutMs: MINUTE_MS } as const;
    await runNightly({ timeoutMs: 10 * MINUTE_MS, work: aJob({ gracefulShutdown }) }, resists);

    const [attempt] = (await world.onlyRun("nightly")).attempts;
    const ranMs = (attempt?.end?.endedAt ?? 0) - (attempt?.startedAt ?? 0);
    expect(attempt?.end?.exitCode).toBe(137);
    expect(ranMs).toBe(11 * MINUTE_MS - limits.killLagMs);
  });
});

describe("a run that starts", () => {
  it("has its inputs filled in, those of its cause over those of its schedule", async () => {
    world.willRun("nightly", exits(SECOND_MS));
    const inputs = { DATE: "{{ nominalAt | date('yyyy-MM-dd') }}", REGION: "eu" };
    const schedules = [aSchedule({ timing: null, inputs })];
    await world.apply(aConfiguration({ schedules }));
    const body = { schedule: "nightly", id: "m1", inputs: { REGION: "us" } };
    await world.message("intake", JSON.stringify(body));
    await world.live(MINUTE_MS);

    const { id } = await world.onlyRun("nightly");
    expect(world.executor.requestOf(attemptIdOf(id, 1)).variables).toEqual({
      DATE: "2027-01-15",
      REGION: "us",
    });
  });

  it("is shown as started when it began, where its end was seen in the same look", async () => {
    world.willRun("nightly", { runMs: 0, prepareMs: 0 });
    await world.apply(
      aConfiguration({
        schedules: [aSchedule({ timing: null })],
        subscriptions: [aSubscription()],
      }),
    );
    await world.ask("nightly", "p1");
    await world.live(MINUTE_MS);

    const run = await world.onlyRun("nightly");
    expect(run.attempts[0]?.startedAt).toBe(instant(run.effectiveAt));
    expect(world.webhook.types).toEqual(["run.started", "run.succeeded"]);
  });
});
