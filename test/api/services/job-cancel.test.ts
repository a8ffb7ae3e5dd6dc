import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { expectNoStrayExecution, ledgerOf } from "../../support/invariants.ts";
import { jobs, JobWorld } from "../../support/job-world.ts";
import { exits, obeys, resists } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

const shutdown = {
  gracefulShutdownParameters: { timeout: { seconds: 30n }, signal: 2n },
};

let world: JobWorld;
let stops: string[];
beforeEach(async () => {
  world = await JobWorld.make();
  stops = [];
  const stop = world.executor.stop.bind(world.executor);
  world.executor.stop = async (attempt, how, because) => {
    stops.push(how);
    await stop(attempt, how, because);
  };
});
afterEach(async () => {
  await world.close();
});

async function running(parameters: object = {}): Promise<{ job: string; operation: string }> {
  const executed = await world.executed(parameters);
  await world.live(MINUTE_MS);
  return executed;
}

describe("a job that is cancelled", () => {
  it("ends at once where it was not executed, with the reason", async () => {
    const job = await world.newJob();

    await world.rpc(jobs.cancel, { jobId: job, reason: "changed my mind" });

    expect(await world.job(job)).toMatchObject({ status: 6, statusDetails: "changed my mind" });
    expect((await world.job(job)).finishedAt).toBeDefined();
    expect((await world.job(job)).actualCloudInstanceType).toBeUndefined();
  });

  it("is killed where it runs, and its operation ends as cancelled", async () => {
    world.jobsRun(resists);
    const { job, operation } = await running();

    await world.rpc(jobs.cancel, { jobId: job, reason: "too slow" });
    const meanwhile = await world.job(job);
    await world.live(5 * SECOND_MS);

    expect(meanwhile).toMatchObject({ status: 7, statusDetails: "too slow" });
    expect(await world.job(job)).toMatchObject({ status: 6, statusDetails: "too slow" });
    expect((await world.operation(operation)).result).toMatchObject({
      value: { code: 1, message: "too slow" },
    });
    expect(stops).toEqual(["kill"]);
    expect((await ledgerOf(world)).account.held).toBe(0);
    await expectNoStrayExecution(world);
  });

  it("is asked first where it says how, and killed only after its grace", async () => {
    world.jobsRun(resists);
    const { job } = await running(shutdown);

    await world.rpc(jobs.cancel, { jobId: job, graceful: true });
    await world.live(20 * SECOND_MS);
    const within = await world.status(job);
    await world.live(30 * SECOND_MS);

    expect(within).toBe("CANCELLING");
    expect(await world.status(job)).toBe("CANCELLED");
    expect(new Set(stops)).toEqual(new Set(["graceful"]));
  });

  it("is killed where it does not say how, however gracefully it is cancelled", async () => {
    world.jobsRun(resists);
    const { job } = await running();

    await world.rpc(jobs.cancel, { jobId: job, graceful: true });
    await world.live(5 * SECOND_MS);

    expect(stops).toEqual(["kill"]);
    expect(await world.status(job)).toBe("CANCELLED");
  });

  it("is killed by a second cancel that does not wait, and keeps the first reason", async () => {
    world.jobsRun(resists);
    const { job } = await running(shutdown);
    await world.rpc(jobs.cancel, { jobId: job, graceful: true, reason: "first" });
    await world.live(SECOND_MS);

    await world.rpc(jobs.cancel, { jobId: job, reason: "second" });
    await world.live(5 * SECOND_MS);

    expect(stops.at(-1)).toBe("kill");
    expect(await world.job(job)).toMatchObject({ status: 6, statusDetails: "first" });
  });

  it("is not asked any more once it is to be killed", async () => {
    world.jobsRun(resists);
    const { job } = await running(shutdown);

    await world.rpc(jobs.cancel, { jobId: job });
    await world.rpc(jobs.cancel, { jobId: job, graceful: true });
    await world.live(SECOND_MS);

    expect(new Set(stops)).toEqual(new Set(["kill"]));
  });

  it("keeps the outputs and the code of a program that obeyed", async () => {
    world.jobsRun(obeys);
    const { job } = await running(shutdown);

    await world.rpc(jobs.cancel, { jobId: job, graceful: true });
    await world.live(MINUTE_MS);

    expect((await world.stored(job)).end).toMatchObject({ returnCode: 143, status: "CANCELLED" });
  });

  it("stays as it is where it has ended, and the answer is the same", async () => {
    world.jobsRun(exits(SECOND_MS));
    const { job } = await running();

    await world.rpc(jobs.cancel, { jobId: job, reason: "late" });
    await world.live(HOUR_MS);

    expect(await world.job(job)).toMatchObject({ status: 4, statusDetails: "" });
    expect(stops).toEqual([]);
  });

  it("is unknown where there is none", async () => {
    const { code } = await failureOf(world.rpc(jobs.cancel, { jobId: "bt1aaaaaaaaaaaaaaaaa" }));

    expect(code).toBe(5);
  });
});
