import { join } from "node:path";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { status as grpc } from "@grpc/grpc-js";
import { ExecutionStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { beforeEach, describe, expect, it } from "vitest";
import { createDatasphereExecutor } from "../../../shared/adapters/datasphere/datasphere-executor.ts";
import { folderJobFiles } from "../../../shared/adapters/local-files/folder-job-files.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { NotebookDefinition } from "../../../shared/core/notebook/notebook-definition.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { ExecutionClaims } from "../../../shared/ports/execution-claims.ts";
import type { Executor, StartRequest } from "../../../shared/ports/executor.ts";
import { storeClaims } from "../../../shared/usecases/store-claims.ts";
import { freshAttempt } from "../../contract/executor.ts";
import type { Fault } from "../../support/grpc-faults.ts";
import { Opened } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { openTestStore } from "../../support/test-store.ts";
import { SmallCloud } from "./small-cloud.ts";

interface World extends AsyncDisposable {
  readonly cloud: SmallCloud;
  readonly claims: ExecutionClaims;
  readonly executor: Executor;
  /** An executor whose clock is ahead by so much. */
  later(ms: number): Executor;
}

async function aWorld(): Promise<World> {
  const test = new Opened();
  const cloud = await SmallCloud.open(test);
  const folder = mkdtempSync(join(tmpdir(), "orrery-claims-"));
  test.onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const store = openTestStore(join(folder, "claims.db"));
  test.onTestFinished(async () => await store.close());
  const claims = storeClaims({ store, clock: realClock });
  const later = (ms: number): Executor =>
    createDatasphereExecutor({
      session: cloud.session(test),
      claims,
      jobFiles: folderJobFiles,
      files: {
        readContent: () => {
          throw new Error("nothing was uploaded");
        },
      },
      clock: { ...realClock, now: () => plusMs(realClock.now(), ms) },
    });
  return {
    cloud,
    claims,
    executor: later(0),
    later,
    [Symbol.asyncDispose]: async () => await test[Symbol.asyncDispose](),
  };
}

let request: StartRequest & { readonly work: NotebookDefinition };
beforeEach(() => {
  request = {
    project: projectId("bt1notebooks"),
    attempt: freshAttempt(),
    work: {
      kind: "notebook",
      target: { kind: "notebook", path: "report.ipynb" },
      variables: { REGION: "eu", SIZE: 3 },
      outputVariables: ["total"],
      instanceTypes: ["g1.1", "c1.8"],
    },
    variables: { REGION: "us" },
    softLimitMs: 60_000,
    hardLimitMs: 120_000,
  };
});

describe("a notebook that is executed in DataSphere", () => {
  it("is asked for with its variables, and ends as it says", async () => {
    await using world = await aWorld();
    const { cloud, executor } = world;

    await executor.start(request);
    const during = await executor.poll(request.attempt);
    cloud.finish(0, ExecutionStatus.OK);
    const ended = await executor.poll(request.attempt);

    expect(cloud.executed[0]?.request).toMatchObject({
      notebookId: "/home/jupyter/datasphere/project/report.ipynb",
      inputVariables: { REGION: "us", SIZE: 3 },
      outputVariableNames: ["total"],
      spec: "g1.1",
    });
    expect(during.state).toBe("running");
    expect(ended).toMatchObject({
      state: "ended",
      result: { ending: "exited", exitCode: 0, notebook: { status: "OK", path: "report.ipynb" } },
    });
  });

  it.each<[string, Fault]>([
    ["is lost", { kind: "loseAnswer", code: grpc.UNAVAILABLE, details: "reset" }],
    ["breaks off", { kind: "cut", effect: true }],
    ["is an internal error", { kind: "loseAnswer", code: grpc.INTERNAL, details: "oops" }],
  ])("is found again where the answer %s, and paid for once", async (_what, fault) => {
    await using world = await aWorld();
    const { cloud, executor } = world;
    cloud.faults.plan(({ path, number }) =>
      path.endsWith("/Execute") && number === 1 ? fault : undefined,
    );

    await executor.start(request);
    await world.later(0).start(request);

    expect(cloud.executed).toHaveLength(1);
    expect((await world.later(0).poll(request.attempt)).state).toBe("running");
  });

  it("is executed once by starters at the same time", async () => {
    await using world = await aWorld();

    await Promise.all(
      [world.executor, world.later(0), world.later(0)].map(
        async (each) => await each.start(request),
      ),
    );

    expect(world.cloud.executed).toHaveLength(1);
  });

  it("is lost, and not executed again, where nobody can know any more whether it was", async () => {
    await using world = await aWorld();
    const { cloud, executor } = world;
    cloud.faults.plan(({ path }) =>
      path.endsWith("/Execute")
        ? { kind: "loseAnswer", code: grpc.UNAVAILABLE, details: "reset" }
        : undefined,
    );
    await expect(executor.start(request)).rejects.toMatchObject({ code: "EXECUTOR_UNAVAILABLE" });
    cloud.faults.plan(() => undefined);

    const late = world.later(limits.datasphereKeyMs + 1_000);
    await late.start(request);
    const report = await late.poll(request.attempt);

    expect(cloud.executed).toHaveLength(1);
    expect(report).toMatchObject({ state: "ended", result: { ending: "lost" } });
  });

  it("takes the next instance type where one is not free, and has no capacity without any", async () => {
    await using world = await aWorld();
    const { cloud, executor } = world;
    cloud.taken.add("g1.1").add("c1.8");

    await expect(executor.start(request)).rejects.toMatchObject({ code: "EXECUTION_NO_CAPACITY" });
    cloud.taken.delete("c1.8");
    await executor.start(request);

    expect(cloud.executed.map((each) => each.request.spec)).toEqual(["c1.8"]);
  });

  it.each(["cancelled", "timedOut"] as const)(
    "ends as %s where it is stopped so",
    async (because) => {
      await using world = await aWorld();
      await world.executor.start(request);

      await world.later(0).stop(request.attempt, "graceful", because);

      const report = await world.executor.poll(request.attempt);
      expect(report).toMatchObject({ state: "ended", result: { ending: because } });
    },
  );

  it.each<[string, Parameters<SmallCloud["finish"]>[1], object]>([
    ["an error of a cell", ExecutionStatus.ERROR, { ending: "exited", exitCode: 1 }],
    ["its end by a limit", ExecutionStatus.ABORTED, { ending: "cancelled" }],
    ["no result at all", {}, { ending: "lost" }],
    [
      "another message",
      { response: { typeUrl: "type.googleapis.com/a.B", value: Buffer.of(1) } },
      { ending: "lost" },
    ],
    ["a failure inside", { error: { code: 13, message: "oops", details: [] } }, { ending: "lost" }],
    [
      "a lack of machines",
      { error: { code: 8, message: "not enough resources", details: [] } },
      { ending: "noCapacity" },
    ],
  ])("tells %s", async (_what, end, result) => {
    await using world = await aWorld();
    await world.executor.start(request);

    world.cloud.finish(0, end);

    expect(await world.executor.poll(request.attempt)).toMatchObject({ state: "ended", result });
  });
});
