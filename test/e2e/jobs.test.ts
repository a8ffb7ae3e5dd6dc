import { describe, expect, it, type TestContext } from "vitest";
import type { Run } from "../../shared/core/run/run.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { unitsFor } from "../../shared/core/units/rates.ts";
import { cancelRun } from "../../shared/usecases/cancel-run.ts";
import { realClock } from "../support/real-clock.ts";
import { Home, until } from "./home.ts";

/** Units per second of c1.4, where these jobs run. */
const RATE = 4;
const GRACE_MS = 1_000;

/** A home in which one run of a command is owed. */
async function aHomeToRun(
  test: TestContext,
  command: (home: Home) => string,
  timeout = "60s",
): Promise<Home> {
  const home = await Home.of(test);
  const schedules = `
version: 1
defaults: { project: demo }
projects:
  demo: { limits: { unitsPerHour: 20000, unitsPerExecution: 400 } }
schedules:
  once:
    timeout: ${timeout}
    job:
      cmd: ${JSON.stringify(command(home))}
      cloud-instance-type: c1.4
      graceful-shutdown: { signal: SIGTERM, timeout: 1s }
`;
  await home.write("orrery.yaml", schedules);
  await home.send("m1", { schedule: "once" });
  return home;
}

/** Runs until a file called `release` is there. */
const held = (home: Home): string =>
  `echo began; until [ -e ${home.path("release")} ]; do sleep 0.1; done`;

/** A program that answers no signal but the one that nobody can ignore. */
const stubborn = (): string => `trap '' TERM; echo began; while :; do sleep 0.1; done`;

async function theRun(home: Home): Promise<Run> {
  const runs = await home.runs();
  expect(runs).toHaveLength(1);
  return runs[0] as Run;
}

/** How long the last attempt ran, and what it cost. */
function lengthOf(run: Run): { readonly ranMs: number; readonly units: number } {
  const attempt = run.attempts.at(-1);
  const ranMs = (attempt?.end?.endedAt ?? Number.NaN) - (attempt?.startedAt ?? Number.NaN);
  return { ranMs, units: attempt?.end?.unitsSettled ?? Number.NaN };
}

describe.concurrent("a job that outlives its platform", () => {
  it("is settled by the next one with the time it really took", async (test) => {
    const home = await aHomeToRun(test, () => "echo began; sleep 2");
    const first = home.up();
    await first.line(/│ began/);
    await first.crash();
    await until("the job ends alone", async () => (await home.liveGroups()).length === 0);
    const restartedAt = realClock.now();

    const second = home.up("--until-idle");
    expect((await second.ended).code).toBe(0);

    const run = await theRun(home);
    const { ranMs, units } = lengthOf(run);
    expect(run).toMatchObject({ state: "succeeded", attempts: [{ number: 1 }] });
    // Both ends are times of files, which tick a few milliseconds at a time.
    expect(ranMs).toBeGreaterThan(1.98 * SECOND_MS);
    expect(run.finishedAt).toBeLessThanOrEqual(restartedAt);
    expect(units).toBe(unitsFor(ranMs, RATE));
    expect(second.output).toMatch(/settled: \d+ units spent/);
  });

  it("is found again while it still runs, and followed to its end", async (test) => {
    const home = await aHomeToRun(test, held);
    const first = home.up();
    await first.line(/│ began/);
    await first.crash();

    const second = home.up("--until-idle");
    await second.address();
    await home.write("release", "");
    expect((await second.ended).code).toBe(0);

    const run = await theRun(home);
    expect(run).toMatchObject({ state: "succeeded", attempts: [{ number: 1 }] });
    expect(await home.liveGroups()).toEqual([]);
  });

  it("is left running by a platform that is asked to stop, which says so", async (test) => {
    const home = await aHomeToRun(test, held);
    const first = home.up();
    await first.line(/│ began/);

    first.signal("SIGTERM");
    expect(await first.ended).toEqual({ code: 0, signal: null });
    expect(first.output).toContain("1 job goes on running; the next `orrery up` finds it again.");
    expect(await home.liveGroups()).toHaveLength(1);
    await home.write("release", "");

    const second = home.up("--until-idle");
    expect((await second.ended).code).toBe(0);
    expect(await theRun(home)).toMatchObject({ state: "succeeded" });
  });
});

describe.concurrent("a job that ignores its signal", () => {
  it("is killed after its grace when another process cancels its run", async (test) => {
    const home = await aHomeToRun(test, stubborn);
    const platform = home.up();
    await platform.line(/│ began/);
    const [run] = await home.runs();

    const askedAt = realClock.now();
    await home.beside(async ({ services }) => run && (await cancelRun(services, run.id)));
    await platform.line(/cancelled in/);
    const cancelledAt = realClock.now();
    platform.signal("SIGINT");
    expect((await platform.ended).code).toBe(0);

    const ended = await theRun(home);
    const { units } = lengthOf(ended);
    expect(ended).toMatchObject({ state: "cancelled", reason: { code: "cancelled" } });
    expect((ended.finishedAt ?? 0) - askedAt).toBeGreaterThanOrEqual(GRACE_MS);
    // The grace, and then what a busy machine needs to notice, to kill and to look.
    expect(cancelledAt - askedAt).toBeLessThan(GRACE_MS + 4 * SECOND_MS);
    expect(units).toBeLessThanOrEqual(ended.attempts[0]?.unitsHeld ?? 0);
    expect(await home.liveGroups()).toEqual([]);
  });

  it("is killed at its timeout and its grace, and costs no more than was held", async (test) => {
    const home = await aHomeToRun(test, stubborn, "1s");

    const platform = home.up("--until-idle");
    expect((await platform.ended).code).toBe(0);

    const run = await theRun(home);
    const { ranMs, units } = lengthOf(run);
    expect(run).toMatchObject({ state: "timedOut", reason: { code: "timeout" } });
    expect(ranMs).toBeGreaterThanOrEqual(SECOND_MS);
    expect(units).toBe(unitsFor(ranMs, RATE));
    expect(units).toBeLessThanOrEqual(run.attempts[0]?.unitsHeld ?? 0);
  });

  it("is killed at its timeout though no platform watches", async (test) => {
    const home = await aHomeToRun(test, stubborn, "1s");
    const first = home.up();
    await first.line(/│ began/);
    await first.crash();

    await until("the job is killed", async () => (await home.liveGroups()).length === 0);
    const second = home.up("--until-idle");
    expect((await second.ended).code).toBe(0);

    const run = await theRun(home);
    expect(run.state).toBe("timedOut");
    expect(lengthOf(run).units).toBeLessThanOrEqual(run.attempts[0]?.unitsHeld ?? 0);
  });
});
