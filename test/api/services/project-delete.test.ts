import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  adHocSchedule,
  attemptIdOf,
  executionId,
  jobId,
  projectId,
  type ProjectId,
} from "../../../shared/core/ids.ts";
import type { Job } from "../../../shared/core/job/job.ts";
import { SECOND_MS } from "../../../shared/core/time/duration.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { setBalance } from "../../../shared/core/units/account.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { ProjectOperationService } from "../../../shared/gen/orrery/v1/platform_service_pb.ts";
import { readAccount, writeAccount } from "../../../shared/records/account-record.ts";
import { scanBindings } from "../../../shared/records/binding-record.ts";
import { scanExecutions, writeExecution } from "../../../shared/records/execution-record.ts";
import { scanJobs, writeJob } from "../../../shared/records/job-record.ts";
import { readProject } from "../../../shared/records/project-record.ts";
import { writeRun } from "../../../shared/records/run-record.ts";
import { scanResources, writeResource } from "../../../shared/records/resource-record.ts";
import { scanSessions } from "../../../shared/records/session-record.ts";
import {
  aConfiguration,
  aJob,
  anAttempt,
  aRun,
  aSchedule,
  START_AT,
} from "../../support/builders.ts";
import { obeys } from "../../support/scripted-executor.ts";
import { metadataOf, ProjectWorld, responseOf } from "./project-world.ts";

const v2 = ProjectService.method;

let world: ProjectWorld;
beforeEach(() => {
  world = new ProjectWorld();
});
afterEach(async () => await world.close());

const remove = async (project: string, headers?: Readonly<Record<string, string>>) =>
  await world.invoke(v2.delete, { projectId: project }, headers);

function aStoredJob(project: ProjectId, number: number, sha256: string): Job {
  return {
    ...{ id: jobId(`bt1job${String(number).padStart(14, "0")}`), project },
    ...{ name: "", description: "", config: "", createdBy: "anna", parameters: {} },
    createdAt: plusMs(START_AT, number),
    definition: aJob(),
    files: [{ sha256, bytes: 1, isArchive: false }],
    dataCleared: false,
  };
}

/** Jobs with a file each, a notebook's execution, a session, a resource: everything but money. */
async function furnish(project: ProjectId, jobs: number): Promise<void> {
  const shas = Array.from({ length: jobs }, (_, number) => world.files.put(project, `${number}`));
  await world.writeFile(project, "notebook.ipynb", 10);
  await world.store.transact("furnish", async (tx) => {
    for (const [number, sha256] of shas.entries()) {
      writeJob(tx, undefined, aStoredJob(project, number, sha256));
    }
    const holder = { kind: "project", id: project } as const;
    const added = { addedAt: START_AT, addedBy: "anna", active: true };
    writeResource(tx, holder, { kind: "dataset", id: "bt1dataset", ...added });
    const account = await readAccount(tx, project);
    const posting = setBalance(account, { units: 700, reason: "by anna" }, START_AT);
    await writeAccount(tx, posting.account, posting.entries);
  });
  const { id } = await world.invoke(v2.open, { projectId: project });
  await world.finish(id);
}

/** How many rows of each kind a project has left. */
async function left(project: ProjectId): Promise<Readonly<Record<string, number>>> {
  const holder = { kind: "project", id: project } as const;
  return await world.store.snapshot(async (reader) => ({
    project: (await readProject(reader, project)) === undefined ? 0 : 1,
    jobs: (await scanJobs(reader, project, { limit: 900 })).length,
    executions: (await scanExecutions(reader, project, { limit: 900 })).length,
    sessions: (await scanSessions(reader, project, 900)).length,
    bindings: (await scanBindings(reader, holder, { limit: 900 })).length,
    resources: (await scanResources(reader, holder, { limit: 900 })).length,
    uploads: world.files.uploadsOf(project).length,
    storedFiles: (await world.files.stat(project, "notebook.ipynb")) === undefined ? 0 : 1,
  }));
}

const NOTHING = {
  ...{ project: 0, jobs: 0, executions: 0, sessions: 0, bindings: 0, resources: 0 },
  ...{ uploads: 0, storedFiles: 0 },
};

describe("a project that is deleted", () => {
  it("is gone at once for everybody, and its name is free", async () => {
    const id = await world.newProject({ name: "forecast" });
    const anna = await world.userOf("anna", { role: "admin", project: id });

    const deletion = await remove(id, anna);

    expect(metadataOf(deletion)).toMatchObject({ projectId: id });
    expect(deletion.done).toBe(false);
    expect((await world.refusal(v2.get, { projectId: id })).code).toBe(5);
    expect((await world.refusal(v2.get, { projectId: id }, anna)).code).toBe(7);
    expect((await world.refusal(v2.delete, { projectId: id })).code).toBe(5);
    expect((await world.invoke(v2.list, { communityId: "lab" })).projects).toEqual([]);
    await world.newProject({ name: "forecast" });
  });

  it("leaves nothing behind but its ledger, whatever it had", async () => {
    const anna = await world.userOf("anna", { role: "developer" });
    await world.makeCommunity("lab");
    const id = projectId(await world.newProject({}, anna));
    await furnish(id, 45);
    expect(await left(id)).toMatchObject({ jobs: 45, sessions: 1, bindings: 1, resources: 1 });

    const { id: deletion } = await remove(id, anna);
    const done = await world.finish(deletion);

    expect(responseOf(done)).toMatchObject({ $typeName: "google.protobuf.Empty" });
    expect(await left(id)).toEqual(NOTHING);
    expect(await world.timers()).toEqual([]);
    const account = await world.store.snapshot(async (reader) => await readAccount(reader, id));
    expect(account.balance).toBe(700);
  });

  it("is deleted once under an Idempotency-Key, also for a repeat after it is gone", async () => {
    const id = await world.newProject();
    const anna = await world.userOf("anna", { role: "admin", project: id });
    const once = { ...anna, "idempotency-key": "0f5d2c8e" };

    const deletion = await remove(id, once);
    await world.finish(deletion.id);

    expect(await remove(id, once)).toMatchObject({ id: deletion.id, done: true });
    expect((await world.refusal(v2.delete, { projectId: id }, anna)).code).toBe(7);
  });

  it("can be watched to its end by whoever deleted it", async () => {
    const id = await world.newProject();
    const anna = await world.userOf("anna", { role: "admin", project: id });

    const deletion = await remove(id, anna);
    expect((await world.operation(deletion.id, anna)).done).toBe(false);
    await world.finish(deletion.id);

    expect((await world.operation(deletion.id, anna)).done).toBe(true);
    expect(
      (await world.refusal(ProjectOperationService.method.list, { projectId: id }, anna)).code,
    ).toBe(7);
  });

  it("is busy while something runs in it", async () => {
    const id = await world.newProject();
    await world.apply(aConfiguration({ schedules: [aSchedule({ project: id, timing: null })] }));
    world.willRun("nightly", obeys);
    const run = await world.askRun("nightly", "p1");
    await world.deliverAll();
    await world.apply(aConfiguration({ schedules: [] }));

    const refused = await world.refusal(v2.delete, { projectId: id });
    await world.cancel(run);
    await world.live(90 * SECOND_MS);

    expect([refused.code, refused.message]).toEqual([9, expect.stringContaining(run)]);
    expect((await remove(id)).metadata).toBeDefined();
  });

  it("is busy while the configuration runs something in it", async () => {
    const id = await world.newProject();
    const names = ["a", "b", "c", "d"];
    await world.apply(
      aConfiguration({ schedules: names.map((name) => aSchedule({ name, project: id })) }),
    );

    const refused = await world.refusal(v2.delete, { projectId: id });
    await world.apply(aConfiguration({ schedules: [] }));

    expect(refused.code).toBe(9);
    expect(refused.message).toContain("4 configured schedules (a, b, c, …)");
    expect((await remove(id)).metadata).toBeDefined();
  });

  it("comes back where the configuration names it meanwhile, and its deletion says so", async () => {
    const id = projectId(await world.newProject());
    const sha256 = world.files.put(id, "kept");
    const { id: deletion } = await remove(id);
    await world.apply(aConfiguration({ schedules: [aSchedule({ project: id })] }));

    const done = await world.finish(deletion);

    expect(world.files.uploadsOf(id)).toEqual([sha256]);
    expect(done.result).toMatchObject({ case: "error", value: { code: 10 } });
    expect(await world.invoke(v2.get, { projectId: id })).toMatchObject({ communityId: "default" });
  });

  it("clears what a call that was let in before wrote until then", async () => {
    const id = projectId(await world.newProject());
    const { id: deletion } = await remove(id);
    const seen = world.files.removeProject.bind(world.files);
    world.files.removeProject = async (project) => {
      world.files.removeProject = seen;
      await world.store.transact("late", async (tx) => {
        writeJob(tx, undefined, aStoredJob(id, 1, "0".repeat(64)));
        await Promise.resolve();
      });
      await seen(project);
    };

    await world.finish(deletion);

    expect(await left(id)).toEqual(NOTHING);
  });

  it("takes its notebooks' executions along", async () => {
    const id = projectId(await world.newProject());
    const execution = executionId("bt1execution00000000");
    const cause = { kind: "notebook", execution } as const;
    const ended = plusMs(START_AT, SECOND_MS);
    const run = aRun({ project: id, cause, schedule: adHocSchedule(id), state: "succeeded" });
    const attempt = anAttempt(run);
    await world.store.transact("execution", async (tx) => {
      writeRun(tx, undefined, { run: { ...run, attempts: [attempt], finishedAt: ended } });
      writeExecution(tx, {
        ...{ id: execution, project: id, createdBy: "anna", apiVersion: "v2", run: run.id },
        ...{ notebookId: "daily.ipynb", createdAt: START_AT, finishedAt: ended },
        definition: {
          ...{ kind: "notebook", target: { kind: "notebook", path: "daily.ipynb" } },
          ...{ variables: {}, outputVariables: [], instanceTypes: ["c1.4"] },
        },
      });
      await Promise.resolve();
    });
    const cleared: string[] = [];
    world.executor.clear = async (which) => {
      cleared.push(which);
      await Promise.resolve();
    };

    await world.finish((await remove(id)).id);

    expect(await left(id)).toEqual(NOTHING);
    expect(cleared).toEqual([attemptIdOf(run.id, 1)]);
  });
});

describe("a deletion that is killed", () => {
  it("goes on from wherever it was killed", async () => {
    for (let number = 1, killed = true; killed; number += 1) {
      const life = new ProjectWorld();
      const id = projectId(await life.newProject());
      const sha = life.files.put(id, "x");
      await life.store.transact("job", async (tx) => {
        writeJob(tx, undefined, aStoredJob(id, 1, sha));
        await Promise.resolve();
      });
      const { id: deletion } = await life.invoke(v2.delete, { projectId: id });
      life.crashPoints.arm((call) => (call.number === number ? "after" : undefined));

      killed = false;
      for (let steps = 0; steps < 10; steps += 1) {
        await life.step(deletion).catch(() => undefined);
        if (life.crashPoints.isDown) {
          killed = true;
          await life.restart();
        }
      }

      life.crashPoints.arm(() => undefined);
      const label = `killed ${life.crashPoints.killedAt} (n = ${number})`;
      expect((await life.operation(deletion)).done, label).toBe(true);
      expect(life.files.uploadsOf(id), label).toEqual([]);
      expect(await life.timers(), label).toEqual([]);
      await life.close();
      if (!killed) expect(number).toBeGreaterThan(8);
    }
  });
});
