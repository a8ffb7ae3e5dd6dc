// One file for one verb: started, started again, refused, run twice, and killed anywhere.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { projectId } from "../../../shared/core/ids.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import { JobStatus } from "../../../shared/gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import {
  ExecuteProjectJobMetadataSchema,
  ExecuteProjectJobResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { readProject, writeProject } from "../../../shared/records/project-record.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";
import { expectNothingOwed, expectNoStrayExecution, ledgerOf } from "../../support/invariants.ts";
import { aFile, jobs, JobWorld, metadataOf, responseOf } from "../../support/job-world.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { anOutput, exits, obeys, vanishes } from "../../support/scripted-executor.ts";
import { failureOf } from "../an-api.ts";

let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.make();
});
afterEach(async () => {
  await world.close();
});

/** The code of `google.rpc.Code` and the text that a call fails with. */
async function refusalOf(job: string): Promise<string> {
  const { code, message } = await failureOf(world.rpc(jobs.execute, { jobId: job }));
  return `${code} ${message}`;
}

describe("a job that is executed", () => {
  it("walks through every status, and its operation tells each", async () => {
    world.jobsRun({ prepareMs: 5 * SECOND_MS, runMs: 30 * SECOND_MS, collects: true });
    const { job, operation } = await world.executed();
    const seen: string[] = [];
    const look = async (): Promise<void> => {
      const status = (await world.status(job)) as keyof typeof JobStatus;
      const now = metadataOf(await world.operation(operation), ExecuteProjectJobMetadataSchema);
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- the CLI still reads it
      expect([now.job?.status, now.metadata?.status]).toEqual([
        JobStatus[status],
        JobStatus[status],
      ]);
      if (seen.at(-1) !== status) seen.push(status);
    };
    const created = await world.newJob();
    seen.push(await world.status(created));

    // Queues hand over at whole instants, so each step is looked at as it is taken.
    const poll = world.executor.poll.bind(world.executor);
    world.executor.poll = async (attempt) => {
      await look();
      return await poll(attempt);
    };
    await look();
    await world.live(2 * MINUTE_MS);
    world.executor.poll = poll;
    await look();

    expect(seen).toEqual(["CREATING", "PREPARING", "EXECUTING", "UPLOADING_OUTPUT", "SUCCESS"]);
  });

  it("ends with its outputs, its logs and its times", async () => {
    const log = { path: "stdout.txt", kind: "log", sha256: "a".repeat(64), bytes: 5 } as const;
    const system = {
      path: ".system.log",
      kind: "diagnostic",
      sha256: "b".repeat(64),
      bytes: 7,
    } as const;
    world.jobsRun({
      runMs: 10 * SECOND_MS,
      outputs: [{ ...anOutput("model.bin", "weights"), variable: "MODEL" }],
      logs: [log, system],
    });
    const outputFiles = [{ path: "model.bin", var: "MODEL" }];
    const { job: id, operation } = await world.executed({ outputFiles });
    await world.live(MINUTE_MS);

    const job = await world.job(id);
    const done = await world.operation(operation);
    const response = responseOf(done, ExecuteProjectJobResponseSchema);

    expect(job).toMatchObject({
      status: 4,
      statusDetails: "",
      actualCloudInstanceType: { name: "c1.4" },
      outputFiles: [{ desc: { path: "model.bin", var: "MODEL" }, sizeBytes: 7n }],
      logFiles: [{ desc: { path: "stdout.txt" }, sizeBytes: 5n }],
      diagnosticFiles: [{ desc: { path: ".system.log" } }],
      dataSizeBytes: 19n,
      fileErrors: [],
    });
    expect(Number(job.startedAt?.seconds) * 1_000).toBe(START_AT);
    expect(Number(job.finishedAt?.seconds) * 1_000).toBe(START_AT + 10 * SECOND_MS);
    expect(done.done).toBe(true);
    expect(response.result?.returnCode).toBe(0n);
    expect(response.outputFiles[0]?.url).toBe(
      `memory://download/${id}/output/model.bin?expires=2027-01-15T01:01:00Z`,
    );
    await expectNoStrayExecution(world);
    expect((await ledgerOf(world)).account.held).toBe(0);
  });

  it("answers with the return code of a program that failed, not with an error", async () => {
    world.jobsRun(exits(SECOND_MS, 3));
    const { job, operation } = await world.executed();
    await world.live(MINUTE_MS);

    const { result } = responseOf(
      await world.operation(operation),
      ExecuteProjectJobResponseSchema,
    );

    expect(result?.returnCode).toBe(3n);
    expect(await world.job(job)).toMatchObject({
      status: 5,
      statusDetails: "Its program ended with exit code 3",
    });
  });

  it("names the outputs that were not there", async () => {
    const missing = { path: "o.csv", type: "NOT_FOUND", description: "is not there" } as const;
    world.jobsRun({ runMs: SECOND_MS, outputErrors: [missing] });
    const { job, operation } = await world.executed({ outputFiles: [{ path: "o.csv", var: "O" }] });
    await world.live(MINUTE_MS);

    const response = responseOf(await world.operation(operation), ExecuteProjectJobResponseSchema);

    const error = {
      fileType: { case: "outputFileDesc", value: { path: "o.csv", var: "O" } },
      description: "is not there",
      type: 2,
    };
    expect(response.outputFilesErrors).toMatchObject([error]);
    expect(await world.job(job)).toMatchObject({ status: 5, fileErrors: [error] });
  });

  it("has an operation that fails where the platform failed it", async () => {
    world.jobsRun(vanishes(SECOND_MS));
    const { job, operation } = await world.executed();
    await world.live(MINUTE_MS);

    expect((await world.operation(operation)).result).toMatchObject({
      case: "error",
      value: { code: 13 },
    });
    expect(await world.status(job)).toBe("ERROR");
  });

  it("tells how far its program says it is", async () => {
    const progress = { message: "epoch 3", percent: 40, at: instant(START_AT + 1) };
    world.jobsRun({ ...obeys, progress });
    const { operation } = await world.executed();
    await world.live(MINUTE_MS);

    const metadata = metadataOf(await world.operation(operation), ExecuteProjectJobMetadataSchema);

    expect(metadata.progress).toMatchObject({ message: "epoch 3", progress: 40n });
  });

  it("is bounded by the project's limit per execution, as any run is", async () => {
    await world.close();
    world = await JobWorld.make({ unitsPerExecution: 400 });
    world.jobsRun(obeys);
    const { job, operation } = await world.executed();
    await world.live(5 * MINUTE_MS);

    expect((await world.operation(operation)).result).toMatchObject({ value: { code: 1 } });
    expect(await world.job(job)).toMatchObject({ status: 5 });
  });
});

describe("a job that is executed again", () => {
  it("answers with the operation there is, while it runs and when it is done", async () => {
    world.jobsRun(exits(30 * SECOND_MS));
    const { job, operation } = await world.executed();

    const running = await world.rpc(jobs.execute, { jobId: job });
    await world.live(2 * MINUTE_MS);
    const done = await world.rpc(jobs.execute, { jobId: job });

    expect([running.id, done.id]).toEqual([operation, operation]);
    expect([running.done, done.done]).toEqual([false, true]);
    expect(world.executor.started).toHaveLength(1);
  });

  it("starts once, however many ask at the same time", async () => {
    world.jobsRun(exits(SECOND_MS));
    const job = await world.newJob();

    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => await world.rpc(jobs.execute, { jobId: job })),
    );
    await world.live(MINUTE_MS);

    expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
    expect(world.executor.started).toHaveLength(1);
    await expectNoStrayExecution(world);
  });

  it("starts once where another call came in between", async () => {
    world.jobsRun(exits(SECOND_MS));
    const job = await world.newJob();
    const check = world.executor.check.bind(world.executor);
    let between = "";
    world.executor.check = async (project, work) => {
      world.executor.check = check;
      await world.clock.advance(1);
      between = (await world.rpc(jobs.execute, { jobId: job })).id;
      return await check(project, work);
    };

    const { id } = await world.rpc(jobs.execute, { jobId: job });
    await world.live(MINUTE_MS);

    expect(id).toBe(between);
    expect(world.executor.started).toHaveLength(1);
  });

  it("knows a repeat by its key, and the same key for another job as a conflict", async () => {
    world.jobsRun(exits(SECOND_MS));
    const [job, other] = [await world.newJob(), await world.newJob()];
    const once = { "idempotency-key": "k" };
    const first = await world.rpc(jobs.execute, { jobId: job }, once);

    const again = await world.rpc(jobs.execute, { jobId: job }, once);
    const conflict = await failureOf(world.rpc(jobs.execute, { jobId: other }, once));

    expect(again.id).toBe(first.id);
    expect(conflict.code).toBe(6);
    expect(await world.status(other)).toBe("CREATING");
  });

  it("remembers a key also where the job was executed before it came", async () => {
    world.jobsRun(exits(SECOND_MS));
    const [job, other] = [await world.newJob(), await world.newJob()];
    const once = { "idempotency-key": "k" };
    const first = await world.rpc(jobs.execute, { jobId: job });

    const again = await world.rpc(jobs.execute, { jobId: job }, once);
    const conflict = await failureOf(world.rpc(jobs.execute, { jobId: other }, once));

    expect(again.id).toBe(first.id);
    expect(conflict.code).toBe(6);
    expect(await world.status(other)).toBe("CREATING");
  });
});

describe("a job that cannot be executed", () => {
  it("names the files that were not uploaded, and goes once they are", async () => {
    world.jobsRun(exits(SECOND_MS));
    const inputFiles = ["1", "2", "3", "4", "5", "6", "7"].map((name) =>
      aFile(`${name}.csv`, name),
    );
    const job = await world.newJob({ inputFiles });
    world.files.put(PROJECT, "1");

    const refused = await refusalOf(job);
    for (const { desc } of inputFiles) {
      world.files.put(PROJECT, desc?.path?.replace(".csv", "") ?? "");
    }
    const { done } = await world.rpc(jobs.execute, { jobId: job });

    expect(refused).toBe(
      `9 Job ${job} lacks "2.csv", "3.csv", "4.csv", "5.csv", "6.csv" and 1 more: upload each to its URL of upload_files`,
    );
    expect(done).toBe(false);
  });

  it("says what the executor has not", async () => {
    world.executor.refuse("python main.py", "There is no container engine here.");
    const job = await world.newJob();

    expect(await refusalOf(job)).toBe("9 There is no container engine here.");
    expect(await world.status(job)).toBe("CREATING");
  });

  it("is refused where its data was cleared", async () => {
    const job = await world.newJob();
    await world.rpc(jobs.deleteData, { jobId: job });

    expect(await refusalOf(job)).toMatch(/^9 The data of job .* was cleared/);
  });

  it("is refused where it was cancelled before", async () => {
    const job = await world.newJob();
    await world.rpc(jobs.cancel, { jobId: job });

    expect(await refusalOf(job)).toMatch(/^9 Job .* was cancelled before it was executed/);
  });

  it("is refused on an instance type that the project's restrictions leave out", async () => {
    const restriction = {
      ...{ name: "ALLOWED_INSTANCE_TYPES", bools: [], longs: [] },
      strings: ["g1.1"],
    };
    await world.store.transact("restrict", async (tx) => {
      const project = await readProject(tx, PROJECT);
      if (project !== undefined) {
        writeProject(tx, project, { ...project, restrictions: [restriction] });
      }
    });
    const job = await world.newJob();

    expect(await refusalOf(job)).toMatch(
      /^9 Restriction ALLOWED_INSTANCE_TYPES .* g1\.1, not c1\.4/,
    );
    expect(await world.status(job)).toBe("CREATING");
  });

  it("leaves nothing behind where the limits deny it, and goes when they allow it", async () => {
    await world.close();
    world = await JobWorld.make({ concurrentRuns: 1 });
    world.jobsRun(exits(10 * MINUTE_MS));
    const first = await world.executed();
    const job = await world.newJob();
    const before = { runs: await world.runs(), ledger: await ledgerOf(world) };

    const denied = await refusalOf(job);

    expect(denied).toMatch(/^8 /);
    expect({ runs: await world.runs(), ledger: await ledgerOf(world) }).toEqual(before);
    expect(await world.status(job)).toBe("CREATING");
    await world.live(11 * MINUTE_MS);
    const { id } = await world.rpc(jobs.execute, { jobId: job });
    expect(id).not.toBe(first.operation);
  });

  it("is unknown where there is none", async () => {
    expect(await refusalOf("bt1aaaaaaaaaaaaaaaaa")).toMatch(/^5 Unknown job/);
  });

  it("is unknown once its project is being deleted", async () => {
    const job = await world.newJob();
    await world.store.transact("delete", async (tx) => {
      const project = await readProject(tx, projectId("demo"));
      if (project !== undefined) writeProject(tx, project, { ...project, deletedAt: START_AT });
    });

    expect(await refusalOf(job)).toMatch(/^5 /);
  });
});

describe("a job of a store that runs every transaction body twice", () => {
  it("lives as it does elsewhere", async () => {
    const own = await JobWorld.make({ balance: 10_000 }, { seenStore: rerunningStore });
    own.jobsRun(exits(10 * SECOND_MS));
    const { job, operation } = await own.executed({ inputFiles: [] });
    await own.live(2 * MINUTE_MS);

    expect((await own.operation(operation)).done).toBe(true);
    expect(await own.status(job)).toBe("SUCCESS");
    expect((await ledgerOf(own)).account).toMatchObject({ balance: 9_960, held: 0 });
    await own.rpc(jobs.delete, { jobId: job });
    await own.live(MINUTE_MS);
    expect((await failureOf(own.job(job))).code).toBe(5);
    await expectNothingOwed(own);
    await own.close();
  });
});

describe("an execution that is killed between any two awaits", () => {
  it("is executed once all the same, by whoever asks again", async () => {
    for (let number = 1; ; number += 1) {
      const own = await JobWorld.make();
      own.jobsRun(exits(5 * SECOND_MS));
      const job = await own.newJob({ inputFiles: [aFile("a", "a")] });
      own.files.put(PROJECT, "a");
      own.crashPoints.arm((call) => (call.number === number ? "after" : undefined));
      const isAnswered = await own.rpc(jobs.execute, { jobId: job }).then(
        () => true,
        () => false,
      );
      const label = `killed ${own.crashPoints.killedAt}`;
      own.crashPoints.arm(() => undefined);
      await own.restart();
      const again = await own.rpc(jobs.execute, { jobId: job });
      await own.live(HOUR_MS);

      expect(await own.status(job), label).toBe("SUCCESS");
      expect((await own.operation(again.id)).done, label).toBe(true);
      expect(own.executor.started, label).toHaveLength(1);
      await own.rpc(jobs.setDataTtl, { jobId: job });
      await expectNothingOwed(own, label);
      await own.close();
      if (isAnswered) {
        // Else the sweep did not reach what it is about: look, files, check, start, nudge.
        expect(number).toBeGreaterThan(5);
        return;
      }
    }
  });
});
