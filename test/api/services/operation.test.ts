// One file for whatever is polled: attempts, calls, their listing, and work that goes on.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { assert } from "../../../shared/core/assert.ts";
import {
  callOperationId,
  jobId,
  operationAttemptOf,
  projectId,
  type OperationId,
} from "../../../shared/core/ids.ts";
import type { AnyJson } from "../../../shared/core/json.ts";
import { limits } from "../../../shared/core/limits.ts";
import { attemptOperationId } from "../../../shared/core/operation/attempt-operation.ts";
import type { CallOperation } from "../../../shared/core/operation/operation.ts";
import { MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { ProjectOperationService } from "../../../shared/gen/orrery/v1/platform_service_pb.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { OperationService } from "../../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { readJob, writeJob } from "../../../shared/records/job-record.ts";
import { readCallOperation, writeOperation } from "../../../shared/records/operation-record.ts";
import { operationTimesTable, runsTable } from "../../../shared/records/tables.ts";
import {
  aConfiguration,
  aJob,
  aRetry,
  aSchedule,
  PROJECT,
  START_AT,
} from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { metadataOf, ProjectWorld, responseOf } from "./project-world.ts";

const { get, cancel } = OperationService.method;
const { list } = ProjectOperationService.method;

let world: ProjectWorld;
beforeEach(() => {
  world = new ProjectWorld();
});
afterEach(async () => await world.close());

async function write(fields: Partial<CallOperation> & { readonly id: OperationId }): Promise<void> {
  await world.store.transact("test", async (tx) => {
    writeOperation(tx, await readCallOperation(tx, fields.id), {
      ...{ owner: PROJECT, description: "A test", createdBy: "anna" },
      ...{ createdAt: START_AT, modifiedAt: START_AT, subject: { kind: "call" } },
      ...fields,
    });
  });
}

/** A store on a disk that has lost its jobs. */
function withoutJobs(store: Store): Store {
  return {
    transact: async (label, body) => await store.transact(label, body),
    snapshot: async (body) =>
      await store.snapshot(
        async (reader) =>
          await body({
            get: async (table, key) =>
              table.name === "jobs"
                ? await Promise.reject(new Error("The disk is away"))
                : await reader.get(table, key),
            getMany: async (table, keys) => await reader.getMany(table, keys),
            scan: async (table, scan) => await reader.scan(table, scan),
          }),
      ),
    close: async () => await store.close(),
  };
}

/** Starts a run of `nightly`, and answers with its operation. */
async function startNightly(): Promise<string> {
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
  const run = await world.askRun("nightly", "p1");
  await world.deliverAll();
  return attemptOperationId(await world.run(run), 1);
}

describe("the operation of a schedule's attempt", () => {
  it("follows it to its end", async () => {
    world.willRun("nightly", exits(10 * SECOND_MS, 3));

    const id = await startNightly();
    const running = await world.operation(id);
    await world.live(MINUTE_MS);
    const done = await world.operation(id);

    expect(running).toMatchObject({ done: false, createdBy: "orrery" });
    expect(metadataOf(running)).toMatchObject({ attempt: 1, status: "running" });
    expect(responseOf(done)).toMatchObject({
      $typeName: "orrery.v1.AttemptResponse",
      returnCode: 3n,
    });
    expect(metadataOf(done)).toMatchObject({ attempt: 1, status: "failed" });
  });

  it("was modified when it was made, when it started, and when somebody saw that it had ended", async () => {
    world.willRun("nightly", { prepareMs: 2 * SECOND_MS, runMs: 10_500 });

    const id = await startNightly();
    const made = await world.operation(id);
    await world.live(5 * SECOND_MS);
    const running = await world.operation(id);
    await world.live(MINUTE_MS);
    const done = await world.operation(id);

    const [madeMs, runningMs, doneMs] = [made, running, done].map(
      ({ modifiedAt }) => (modifiedAt === undefined ? 0 : timestampMs(modifiedAt)) - START_AT,
    );
    expect([madeMs, runningMs]).toEqual([0, 2 * SECOND_MS]);
    expect(doneMs).toBeGreaterThan(12_500);
    expect(running.createdAt).toEqual(made.modifiedAt);
    expect(metadataOf(running)).toMatchObject({ startedAt: running.modifiedAt });
  });

  it("is nobody's else: under another project's name there is no such operation", async () => {
    world.willRun("nightly", exits(SECOND_MS));
    const id = await startNightly();
    const project = await world.newProject();
    const eve = await world.userOf("eve", { role: "admin", project });

    const stolen = id.replace("demo.", `${project}.`);

    expect((await world.refusal(get, { operationId: stolen }, eve)).code).toBe(5);
    expect((await world.refusal(cancel, { operationId: stolen }, eve)).code).toBe(5);
    expect((await world.refusal(get, { operationId: id }, eve)).code).toBe(5);
    for (const wrong of [id.replace(/1$/, "2"), id.replace(/1$/, "01"), `${id}.1`]) {
      expect((await world.refusal(get, { operationId: wrong })).code).toBe(5);
    }
  });

  it("ends with code 1 once somebody cancelled it, and not before", async () => {
    world.willRun("nightly", obeys);
    const id = await startNightly();

    const asked = await world.invoke(cancel, { operationId: id });
    const again = await world.invoke(cancel, { operationId: id });
    await world.live(MINUTE_MS);

    expect([asked.done, again.done]).toEqual([false, false]);
    const ended = await world.invoke(cancel, { operationId: id });
    const error = { code: 1, message: "Canceled by user" };
    expect(ended).toMatchObject({ done: true, result: { case: "error", value: error } });
    expect(await world.operation(id)).toEqual(ended);
  });

  it("of an earlier attempt cancels nothing of a later one", async () => {
    world.willRun("nightly", exits(SECOND_MS, 1), obeys);
    const retry = aRetry({ attempts: 2, initialMs: SECOND_MS });
    await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null, retry })] }));
    const run = await world.askRun("nightly", "p1");
    await world.live(MINUTE_MS);
    const first = attemptOperationId(await world.run(run), 1);

    const answer = await world.invoke(cancel, { operationId: first });

    expect(responseOf(answer)).toMatchObject({ returnCode: 1n });
    expect(await world.run(run)).toMatchObject({ state: "running" });
    expect(await world.run(run)).not.toHaveProperty("cancelRequestedAt");
  });
});

describe("the operation of a call", () => {
  it("is answered as it is when it is cancelled: done, or with work that goes on", async () => {
    const project = await world.newProject();
    const done = await world.invoke(ProjectService.method.setUnitBalance, { projectId: project });
    const opening = await world.invoke(ProjectService.method.open, { projectId: project });

    expect(await world.invoke(cancel, { operationId: done.id })).toEqual(done);
    expect(await world.invoke(cancel, { operationId: opening.id })).toEqual(opening);
    expect((await world.finish(opening.id)).result.case).toBe("response");
  });
});

describe("an operation that is polled", () => {
  const type = "type.googleapis.com/yandex.cloud.datasphere.v9.Novelty";
  const novel: AnyJson = { "@type": type, field: 1 };

  it("is told without what this program cannot read, and never refused for it", async () => {
    const id = callOperationId(PROJECT, "0".repeat(20));
    await write({ id, metadata: novel, result: { response: novel } });

    const seen = await world.operation(id);

    expect(seen).toMatchObject({ id, done: true, description: "A test" });
    expect(seen.metadata).toBeUndefined();
    expect(responseOf(seen)).toMatchObject({ $typeName: "google.protobuf.Empty" });
  });

  it("is told without a field that this program does not know", async () => {
    const id = callOperationId(PROJECT, "0".repeat(20));
    const response: AnyJson = {
      "@type": "type.googleapis.com/yandex.cloud.datasphere.v2.Project",
      ...{ id: "bt1", novelty: { deep: true } },
    };
    await write({ id, result: { response } });

    expect(responseOf(await world.operation(id))).toMatchObject({ id: "bt1" });
  });

  it("is told as going on while what it follows cannot be read", async () => {
    await world.apply(aConfiguration());
    const id = callOperationId(PROJECT, "0".repeat(20));
    const response: AnyJson = {
      "@type": "type.googleapis.com/yandex.cloud.datasphere.v2.jobs.CreateProjectJobResponse",
      jobId: "bt1job00000000000000",
    };
    await write({ id, result: { response } });
    await world.store.transact("job", async (tx) => {
      writeJob(tx, undefined, {
        ...{ id: jobId("bt1job00000000000000"), createdAt: START_AT, project: PROJECT },
        ...{ name: "", description: "", config: "", createdBy: "anna", parameters: {} },
        ...{ definition: aJob(), dataCleared: false },
        files: [{ sha256: "0".repeat(64), bytes: 1, isArchive: false }],
      });
      await Promise.resolve();
    });
    const present = world.files.present.bind(world.files);
    world.files.present = async () => await Promise.reject(new Error("The disk is away"));

    const meanwhile = await world.operation(id);
    world.files.present = present;

    expect(meanwhile).toMatchObject({ id, done: false, result: { case: undefined } });
    expect(world.log.filter(({ name }) => name === "operation.unreadable")).toHaveLength(1);
    expect((await world.operation(id)).done).toBe(true);
  });

  it("is told as going on while the job that it made cannot be read", async () => {
    await world.close();
    world = new ProjectWorld({ seenStore: withoutJobs });
    await world.apply(aConfiguration());
    const id = callOperationId(PROJECT, "0".repeat(20));
    const response: AnyJson = {
      "@type": "type.googleapis.com/yandex.cloud.datasphere.v2.jobs.CreateProjectJobResponse",
      jobId: "bt1job00000000000000",
    };
    await write({ id, result: { response } });

    expect(await world.operation(id)).toMatchObject({ id, done: false });
    expect(world.log.filter(({ name }) => name === "operation.unreadable")).toHaveLength(1);
  });

  it.each(["unknown", "demo.00000000000000000000", "demo.x", "../x", "x".repeat(10_000)])(
    "is not found by %.40s",
    async (id) => {
      const { code, message } = await world.refusal(get, { operationId: id });

      expect(code).toBe(5);
      expect(message.length).toBeLessThan(200);
    },
  );

  it("is told after its project, while it is kept", async () => {
    const project = await world.newProject();
    const { id } = await world.invoke(ProjectService.method.delete, { projectId: project });
    await world.finish(id);

    expect((await world.operation(id)).done).toBe(true);
  });
});

describe("the operations of a project", () => {
  it("are listed latest first, in pages that stay right when others come", async () => {
    const idOf = (number: number) => callOperationId(PROJECT, String(number).padStart(20, "0"));
    await world.apply(aConfiguration());
    for (let number = 0; number < 7; number += 1) {
      await write({ id: idOf(number), createdAt: plusMs(START_AT, Math.floor(number / 2)) });
    }

    const first = await world.invoke(list, { projectId: PROJECT, pageSize: 3n });
    await write({ id: idOf(9), createdAt: plusMs(START_AT, 9) });
    const rest = await world.invoke(list, {
      projectId: PROJECT,
      pageToken: first.nextPageToken,
    });

    expect(first.operations.map(({ id }) => id)).toEqual([6, 5, 4].map(idOf));
    expect(rest.operations.map(({ id }) => id)).toEqual([3, 2, 1, 0].map(idOf));
    expect(first.nextPageToken.length).toBeLessThanOrEqual(100);
    expect(rest.nextPageToken).toBe("");
  });

  it("are those of calls and of what a caller executed, not the attempts of schedules", async () => {
    world.willRun("nightly", exits(SECOND_MS));
    await startNightly();
    await world.writeFile(PROJECT, "report.ipynb", 10);
    world.willRun("_demo", exits(10 * SECOND_MS));
    const target = { case: "notebookId", value: "report.ipynb" } as const;
    const executed = await world.invoke(ProjectService.method.execute, {
      projectId: PROJECT,
      target,
    });
    const places = async () =>
      await world.store.snapshot(
        async (reader) => await reader.scan(operationTimesTable, { limit: 10 }),
      );
    const [open] = await places();
    await world.live(MINUTE_MS);
    await world.invoke(ProjectService.method.setUnitBalance, { projectId: PROJECT });

    const first = await world.invoke(list, { projectId: PROJECT, pageSize: 1n });
    const rest = await world.invoke(list, { projectId: PROJECT, pageToken: first.nextPageToken });

    expect(first.operations).toMatchObject([{ description: "Set unit balance" }]);
    expect(rest.operations).toEqual([await world.operation(executed.id)]);
    expect(rest.operations).toMatchObject([{ description: "Execute notebook", done: true }]);
    const attempt = operationAttemptOf(executed.id);
    assert(attempt !== undefined, "what a caller executed is an attempt");
    const { finishedAt = START_AT } = await world.run(attempt.run);
    expect(open).toMatchObject({ operation: executed.id, expire_at: null });
    expect((await places()).find(({ operation }) => operation === executed.id)).toMatchObject({
      expire_at: plusMs(finishedAt, limits.runRetentionMs),
    });
  });

  it("leave out one whose run is no longer kept, and go on behind it", async () => {
    await world.apply(aConfiguration());
    await world.writeFile(PROJECT, "report.ipynb", 10);
    await world.invoke(ProjectService.method.setUnitBalance, { projectId: PROJECT });
    await world.live(SECOND_MS);
    world.willRun("_demo", exits(SECOND_MS));
    const target = { case: "notebookId", value: "report.ipynb" } as const;
    const { id } = await world.invoke(ProjectService.method.execute, {
      projectId: PROJECT,
      target,
    });
    await world.live(MINUTE_MS);
    await world.store.transact("expire", async (tx) => {
      const [row] = await tx.scan(runsTable, { prefix: { schedule: "_demo" }, limit: 1 });
      if (row !== undefined) tx.delete(runsTable, row);
    });

    const { operations } = await world.invoke(list, { projectId: PROJECT });

    expect(operations).toMatchObject([{ description: "Set unit balance" }]);
    expect((await world.refusal(get, { operationId: id })).code).toBe(5);
  });

  it("are a viewer's to see, and a stranger's not", async () => {
    const project = await world.newProject();
    const vic = await world.userOf("vic", { role: "viewer", project });
    const nobody = await world.userOf("nobody");

    const { operations } = await world.invoke(list, { projectId: project }, vic);

    expect(operations.map(({ description }) => description)).toEqual(["Create project"]);
    expect((await world.refusal(list, { projectId: project }, nobody)).code).toBe(7);
    const id = operations[0]?.id ?? "";
    expect((await world.refusal(get, { operationId: id }, nobody)).code).toBe(5);
    expect((await world.refusal(cancel, { operationId: id }, vic)).code).toBe(7);
  });

  it.each(["x", "WyJvcGUiLCJ4IiwieCJd", "WyJvcGUiLC0xLCJ4Il0"])(
    "are not listed behind %s, which is no place of theirs",
    async (pageToken) => {
      await world.apply(aConfiguration());

      expect((await world.refusal(list, { projectId: PROJECT, pageToken })).code).toBe(3);
    },
  );
});

describe("the clearing of all data of a project", () => {
  it("clears every job that does not run, a page at a time", async () => {
    await world.apply(aConfiguration());
    const jobs = Array.from({ length: 2 * limits.clearedJobs + 5 }, (_, number) => ({
      id: jobId(`bt1job${String(number).padStart(14, "0")}`),
      sha256: world.files.put(PROJECT, `${number}`),
      createdAt: plusMs(START_AT, Math.floor(number / 3)),
    }));
    const running = jobs[7]?.id;
    await world.store.transact("jobs", async (tx) => {
      for (const { id, sha256, createdAt } of jobs) {
        writeJob(tx, undefined, {
          ...{ id, createdAt, project: PROJECT, name: "", description: "", config: "" },
          ...{ createdBy: "anna", parameters: {}, definition: aJob(), dataCleared: false },
          files: [{ sha256, bytes: 1, isArchive: false }],
          ...(id === running ? { run: "_demo.20270115T000000Z.00000000" as never } : {}),
        });
      }
      await Promise.resolve();
    });
    const id = callOperationId(PROJECT, "0".repeat(20));
    const metadata: AnyJson = {
      "@type":
        "type.googleapis.com/yandex.cloud.datasphere.v2.jobs.DeleteAllProjectJobDataMetadata",
      projectId: PROJECT,
    };
    await write({ id, metadata, subject: { kind: "call", work: { kind: "clearProject" } } });

    const done = await world.finish(id);

    expect(responseOf(done)).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v2.jobs.DeleteAllProjectJobDataResponse",
    });
    expect(metadataOf(done)).toMatchObject({ projectId: PROJECT });
    const kept = await world.store.snapshot(async (reader) => {
      const records = await Promise.all(jobs.map(async (job) => await readJob(reader, job.id)));
      return records.filter((record) => record?.job.dataCleared === false);
    });
    expect(kept.map((record) => record?.job.id)).toEqual([running]);
    expect(world.files.uploadsOf(PROJECT)).toEqual([jobs[7]?.sha256]);
  });

  it.each([
    [true, "google.protobuf.Empty", 0],
    [false, "yandex.cloud.datasphere.v2.jobs.DeleteProjectJobDataResponse", 1],
  ])("of one job ends with its own response (and deletes it: %s)", async (thenDelete, type, n) => {
    const id = jobId("bt1job00000000000000");
    await world.apply(aConfiguration());
    await world.store.transact("job", async (tx) => {
      writeJob(tx, undefined, {
        ...{ id, createdAt: START_AT, project: PROJECT, name: "", description: "", config: "" },
        ...{ createdBy: "anna", parameters: {}, definition: aJob(), dataCleared: false },
        files: [],
      });
      await Promise.resolve();
    });
    const operation = callOperationId(PROJECT, "0".repeat(20));
    const work = { kind: "clearJob", job: id, thenDelete } as const;
    await write({ id: operation, subject: { kind: "call", work } });

    const done = await world.finish(operation);

    expect(responseOf(done)).toMatchObject({ $typeName: type });
    const left = await world.store.snapshot(async (reader) => await readJob(reader, id));
    expect(left === undefined ? 0 : 1).toBe(n);
  });
});

describe("work that is left", () => {
  it("is taken up by the tick where every message was lost", async () => {
    const project = projectId(await world.newProject());
    const { id } = await world.invoke(ProjectService.method.delete, { projectId: project });
    world.dropAllMessages();

    await world.live(2 * MINUTE_MS);

    expect((await world.operation(id)).done).toBe(true);
    expect(await world.timers()).toEqual([]);
  });
});
