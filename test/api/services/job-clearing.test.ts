import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import {
  DeleteAllProjectJobDataResponseSchema,
  DeleteProjectJobDataMetadataSchema,
  DeleteProjectJobDataResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { fileUsesTable, jobLogsTable, projectJobsTable } from "../../../shared/records/tables.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";
import { expectNothingOwed } from "../../support/invariants.ts";
import { aFile, jobs, JobWorld, metadataOf, responseOf } from "../../support/job-world.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

let world: JobWorld;
let cleared: string[];
beforeEach(async () => {
  world = await JobWorld.make();
  watchClearing(world);
});
afterEach(async () => {
  await world.close();
});

function watchClearing(own: JobWorld): void {
  cleared = [];
  const clear = own.executor.clear.bind(own.executor);
  own.executor.clear = async (attempt) => {
    cleared.push(attempt);
    await clear(attempt);
  };
}

/** A job that has ended, with an input, logs that somebody read, and an hour to live unless told. */
async function ended(own: JobWorld = world, ttl = 3_600n): Promise<string> {
  own.jobsRun({ ...exits(SECOND_MS), prints: "hello\n" });
  const job = await own.newJob({ inputFiles: [aFile("a", "a")] }, { dataTtl: { seconds: ttl } });
  own.files.put(PROJECT, "a");
  await own.rpc(jobs.execute, { jobId: job });
  await own.live(MINUTE_MS);
  const lines = own.stream(jobs.readLogs, { jobId: job })[Symbol.asyncIterator]();
  expect((await lines.next()).done).toBe(false);
  return job;
}

async function leftovers(own: JobWorld = world): Promise<object> {
  const rows = await own.store.snapshot(async (reader) => [
    (await reader.scan(fileUsesTable, { limit: 9 })).length,
    (await reader.scan(jobLogsTable, { limit: 9 })).length,
    (await reader.scan(projectJobsTable, { limit: 9 })).length,
  ]);
  const [uses, logs, listed] = rows;
  return { uses, logs, listed, uploads: own.files.uploadsOf(PROJECT).length };
}

describe("a job whose data is deleted", () => {
  it("stays, without its data, and its operation is done once that is gone", async () => {
    const job = await ended();
    expect(await leftovers()).toEqual({ uses: 1, logs: 1, listed: 1, uploads: 1 });

    const operation = await world.rpc(jobs.deleteData, { jobId: job });
    await world.live(MINUTE_MS);

    const done = await world.operation(operation.id);
    expect(metadataOf(done, DeleteProjectJobDataMetadataSchema).jobId).toBe(job);
    responseOf(done, DeleteProjectJobDataResponseSchema);
    const { dataExpiresAt, ...after } = await world.job(job);
    expect(after).toMatchObject({ status: 4, dataCleared: true, dataSizeBytes: 0n });
    expect(dataExpiresAt).toBeUndefined();
    expect(cleared).toHaveLength(1);
    expect(await leftovers()).toEqual({ uses: 0, logs: 0, listed: 1, uploads: 0 });
    await expectNothingOwed(world);
  });

  it("is shown without it from the moment of the call", async () => {
    const job = await ended();

    await world.rpc(jobs.deleteData, { jobId: job });

    expect((await world.job(job)).dataCleared).toBe(true);
  });

  it("keeps what another job of the project needs", async () => {
    const job = await ended();
    await world.newJob({ inputFiles: [aFile("b", "a")] });

    await world.rpc(jobs.deleteData, { jobId: job });
    await world.live(MINUTE_MS);

    expect(await leftovers()).toEqual({ uses: 1, logs: 0, listed: 2, uploads: 1 });
  });

  it("may be deleted again", async () => {
    const job = await ended();
    await world.rpc(jobs.deleteData, { jobId: job });
    await world.live(MINUTE_MS);

    const { id } = await world.rpc(jobs.deleteData, { jobId: job });
    await world.live(MINUTE_MS);

    expect((await world.operation(id)).done).toBe(true);
  });

  it("is refused while it runs", async () => {
    world.jobsRun(obeys);
    const { job } = await world.executed();

    const failures = [
      await failureOf(world.rpc(jobs.deleteData, { jobId: job })),
      await failureOf(world.rpc(jobs.delete, { jobId: job })),
    ];

    expect(failures.map(({ code }) => code)).toEqual([9, 9]);
    expect((await world.job(job)).dataCleared).toBe(false);
  });

  it("is unknown where there is none", async () => {
    const { code } = await failureOf(world.rpc(jobs.deleteData, { jobId: "bt1aaaaaaaaaaaaaaaaa" }));

    expect(code).toBe(5);
  });
});

describe("a job that is deleted", () => {
  it("is gone with everything it had", async () => {
    const job = await ended();

    const operation = await world.rpc(jobs.delete, { jobId: job });
    await world.live(MINUTE_MS);

    expect((await world.operation(operation.id)).done).toBe(true);
    expect((await failureOf(world.job(job))).code).toBe(5);
    expect(await leftovers()).toEqual({ uses: 0, logs: 0, listed: 0, uploads: 0 });
    await expectNothingOwed(world);
  });
});

describe("the data of all jobs of a project", () => {
  it("is cleared but for that of jobs that run", async () => {
    const one = await ended();
    const two = await world.newJob();
    world.jobsRun(obeys);
    const { job: running } = await world.executed();

    const { id } = await world.rpc(jobs.deleteAllData, { projectId: PROJECT });
    await world.live(5 * MINUTE_MS);

    responseOf(await world.operation(id), DeleteAllProjectJobDataResponseSchema);
    const flags = await Promise.all(
      [one, two, running].map(async (job) => (await world.job(job)).dataCleared),
    );
    expect(flags).toEqual([true, true, false]);
  });
});

describe("a job's data that has its time", () => {
  it("is cleared when that has passed since its end, without anybody asking", async () => {
    const job = await ended();
    await world.live(58 * MINUTE_MS);
    const before = await world.job(job);

    await world.live(3 * MINUTE_MS);

    expect(before.dataCleared).toBe(false);
    expect(Number(before.dataExpiresAt?.seconds) * 1_000).toBe(START_AT + SECOND_MS + HOUR_MS);
    expect((await world.job(job)).dataCleared).toBe(true);
    expect(await leftovers()).toEqual({ uses: 0, logs: 0, listed: 1, uploads: 0 });
    await expectNothingOwed(world);
  });

  it("stays while the job runs, however long that takes", async () => {
    world.jobsRun(exits(3 * HOUR_MS));
    const job = await world.newJob({}, { dataTtl: { seconds: 60n } });
    await world.rpc(jobs.execute, { jobId: job });

    await world.live(2 * HOUR_MS);
    const running = await world.job(job);
    expect((await world.timers()).map(({ kind }) => kind)).toEqual(["watch"]);
    await world.live(2 * HOUR_MS);

    expect(running).toMatchObject({ status: 2, dataCleared: false });
    expect((await world.job(job)).dataCleared).toBe(true);
  });

  it("is counted from the creation of a job that nobody executes", async () => {
    const job = await world.newJob({}, { dataTtl: { seconds: 3_600n } });

    await world.live(59 * MINUTE_MS);
    const before = await world.job(job);
    await world.live(2 * MINUTE_MS);

    expect([before.dataCleared, (await world.job(job)).dataCleared]).toEqual([false, true]);
  });

  it("may be kept for good", async () => {
    const job = await ended();

    await world.rpc(jobs.setDataTtl, { jobId: job });
    await world.live(2 * HOUR_MS);

    expect((await world.job(job)).dataCleared).toBe(false);
    expect((await world.job(job)).dataExpiresAt).toBeUndefined();
  });

  it("goes at once where its new time has passed already", async () => {
    const job = await ended();

    await world.rpc(jobs.setDataTtl, { jobId: job, ttl: { seconds: 1n } });
    await world.advance(SECOND_MS);

    expect((await world.job(job)).dataCleared).toBe(true);
  });

  it("goes at its new time, with no tick in between", async () => {
    const job = await ended();
    // It ended within its first minute, so this comes within the next.
    await world.rpc(jobs.setDataTtl, { jobId: job, ttl: { seconds: 60n } });
    const before = await world.job(job);
    await world.advance(MINUTE_MS - 1);

    expect(before.dataCleared).toBe(false);
    expect((await world.job(job)).dataCleared).toBe(true);
  });

  it.each([
    ["nothing", { seconds: 0n }],
    ["less", { seconds: -5n }],
    ["more than ten years", { seconds: BigInt((3_650 * DAY_MS) / SECOND_MS) + 1n }],
  ])("is not set to %s", async (_, ttl) => {
    const job = await world.newJob();

    expect((await failureOf(world.rpc(jobs.setDataTtl, { jobId: job, ttl }))).code).toBe(3);
  });

  it("is not set where it is gone", async () => {
    const job = await world.newJob();
    await world.rpc(jobs.deleteData, { jobId: job });

    expect((await failureOf(world.rpc(jobs.setDataTtl, { jobId: job }))).code).toBe(9);
  });
});

describe("a clearing that is killed after any call of a port", () => {
  it.each(["expiry", "deleteData", "delete"] as const)(
    "is taken up again: %s",
    async (how) => {
      for (let number = 1, isKilled = true; isKilled; number += 1) {
        const own = await JobWorld.make();
        watchClearing(own);
        const job = await ended(own, 120n);
        if (how === "deleteData") await own.rpc(jobs.deleteData, { jobId: job });
        if (how === "delete") await own.rpc(jobs.delete, { jobId: job });
        own.crashPoints.arm((call) => (call.number === number ? "after" : undefined));
        await own.live(3 * MINUTE_MS);
        isKilled = own.crashPoints.isDown;
        const label = `killed ${own.crashPoints.killedAt}`;
        own.crashPoints.arm(() => undefined);
        await own.restart();
        await own.live(3 * MINUTE_MS);

        const listed = how === "delete" ? 0 : 1;
        expect(await leftovers(own), label).toEqual({ uses: 0, logs: 0, listed, uploads: 0 });
        expect(cleared.length, label).toBeGreaterThan(0);
        await expectNothingOwed(own, label);
        await own.close();
        if (!isKilled) expect(number).toBeGreaterThan(8);
      }
    },
    120_000,
  );
});
