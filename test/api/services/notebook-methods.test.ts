// One file: executions and what is read of them afterwards share the scripted results below.

import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import { projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import type {
  NotebookDefinition,
  NotebookResult,
} from "../../../shared/core/notebook/notebook-definition.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { ProjectService as ProjectServiceV1 } from "../../../shared/gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import { Project_Settings_StaleExecutionTimeoutMode as StaleMode } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import {
  ExecutionStatus,
  ProjectService,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { Operation } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { OperationService } from "../../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import { scanExecutions } from "../../../shared/records/execution-record.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { vanishes, type Script } from "../../support/scripted-executor.ts";
import { PLATFORM } from "../an-api.ts";
import { metadataOf, ProjectWorld, responseOf } from "./project-world.ts";

const v1 = ProjectServiceV1.method;
const v2 = ProjectService.method;
const cancel = OperationService.method.cancel;

let world: ProjectWorld;
beforeEach(() => {
  world = new ProjectWorld({ seenStore: rerunningStore });
});
afterEach(async () => await world.close());

const NOTEBOOK = { case: "notebookId", value: "a.ipynb" } as const;
const MOUNTED = {
  case: "notebookId",
  value: "/home/jupyter/datasphere/project/./a.ipynb",
} as const;
const CELL = { case: "cellId", value: "c2" } as const;

/** A project with `a.ipynb` in its storage. */
async function aProject(request: Parameters<ProjectWorld["newProject"]>[0] = {}): Promise<string> {
  const project = await world.newProject({ name: "notebooks", ...request });
  await world.writeFile(project, "a.ipynb", 10);
  return project;
}

function aResult(fields: Partial<NotebookResult> = {}): NotebookResult {
  return { path: "a.ipynb", status: "OK", cells: [], variables: {}, ...fields };
}

/** Runs for a second and leaves this. */
function leaves(fields: Partial<NotebookResult> = {}): Script {
  const notebook = aResult(fields);
  return { runMs: SECOND_MS, code: notebook.status === "OK" ? 0 : 1, notebook };
}

/** Executes to the end. */
async function executed(
  project: string,
  script: Script,
  target: typeof NOTEBOOK | typeof CELL = NOTEBOOK,
): Promise<Operation> {
  world.willRun(`_${project}`, script);
  const { id } = await world.invoke(v2.execute, { projectId: project, target });
  await world.advance(MINUTE_MS);
  return await world.operation(id);
}

const definitions = async (project: string): Promise<readonly NotebookDefinition[]> =>
  (await executionsOf(project)).map(({ definition }) => definition);

const executionsOf = async (project: string) =>
  await world.store.snapshot(
    async (reader) => await scanExecutions(reader, projectId(project), { limit: 10 }),
  );

describe("a notebook that is executed", () => {
  it("is an operation that goes on with the target as its metadata, and ends with its status", async () => {
    const project = await aProject();
    world.willRun(`_${project}`, leaves());

    const begun = await world.invoke(v2.execute, { projectId: project, target: NOTEBOOK });
    await world.advance(MINUTE_MS);
    const ended = await world.operation(begun.id);

    expect(begun).toMatchObject({
      done: false,
      description: "Execute notebook",
      createdBy: "orrery",
    });
    expect(metadataOf(begun)).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v2.ProjectExecutionMetadata",
      projectId: project,
      target: NOTEBOOK,
    });
    expect(metadataOf(ended)).toEqual(metadataOf(begun));
    expect(responseOf(ended)).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v2.ProjectExecutionResponse",
      executionStatus: ExecutionStatus.OK,
    });
  });

  it("asks the executor for what its caller said", async () => {
    const project = await aProject();
    world.willRun(`_${project}`, leaves());

    await world.invoke(v2.execute, {
      projectId: project,
      target: MOUNTED,
      inputVariables: { REGION: "eu", LIMITS: { a: [1, null] } },
      outputVariableNames: ["total"],
      spec: "g1.1",
    });
    await world.advance(SECOND_MS);

    const [attempt] = world.executor.started;
    expect(world.executor.requestOf(attempt as never).work).toEqual({
      kind: "notebook",
      target: { kind: "notebook", path: "a.ipynb" },
      variables: { REGION: "eu", LIMITS: { a: [1, null] } },
      outputVariables: ["total"],
      instanceTypes: ["g1.1"],
    });
  });

  it("answers ERROR where a cell raised: that is no error of the operation", async () => {
    const project = await aProject();
    const error = { name: "ValueError", message: "no\nmore" };

    const ended = await executed(project, leaves({ status: "ERROR", error }));

    expect(responseOf(ended)).toMatchObject({ executionStatus: ExecutionStatus.ERROR });
    const run = await world.onlyRun(`_${project}`);
    expect(run.reason?.text).toBe("Its notebook ended with ValueError: no");
  });

  it("answers ABORTED where it was stale, and where a limit stopped it", async () => {
    const project = await aProject();
    const stale = { name: "Stale", message: "It used next to no CPU." };
    const first = await executed(project, leaves({ status: "ABORTED", error: stale }));
    await world.invoke(v2.setUnitBalance, { projectId: project, unitBalance: 40n });
    const second = await executed(project, {
      runMs: Infinity,
      codeWhenAsked: 130,
      notebook: aResult({ status: "ABORTED" }),
    });

    expect(responseOf(first)).toMatchObject({ executionStatus: ExecutionStatus.ABORTED });
    expect(responseOf(second)).toMatchObject({ executionStatus: ExecutionStatus.ABORTED });
    const [limited] = (await world.runs(`_${project}`)).slice(-1);
    expect(limited?.state).toBe("timedOut");
  });

  it("ends with an error where it was cancelled, or vanished", async () => {
    const project = await aProject();
    const notebook = aResult({ status: "ABORTED" });
    world.willRun(`_${project}`, { runMs: Infinity, codeWhenAsked: 130, notebook });
    const { id } = await world.invoke(v2.execute, { projectId: project, target: NOTEBOOK });
    await world.advance(5 * SECOND_MS);
    await world.invoke(cancel, { operationId: id });
    await world.advance(MINUTE_MS);
    const vanished = await executed(project, { ...vanishes(SECOND_MS), notebook });

    expect(await world.operation(id)).toMatchObject({
      done: true,
      result: { case: "error", value: { code: Code.CANCELLED } },
    });
    expect(vanished.result).toMatchObject({ case: "error", value: { code: Code.INTERNAL } });
  });

  it("starts once for an Idempotency-Key, whose repeat gets its operation as it is by now", async () => {
    const project = await aProject();
    world.willRun(`_${project}`, leaves());
    const headers = { ...PLATFORM, "idempotency-key": "0f5d2c8e" };
    const request = { projectId: project, target: NOTEBOOK };

    const first = await world.invoke(v2.execute, request, headers);
    await world.advance(MINUTE_MS);
    const again = await world.invoke(v2.execute, request, headers);

    expect(again).toEqual(await world.operation(first.id));
    expect(again.done).toBe(true);
    expect(await world.runs(`_${project}`)).toHaveLength(1);
    expect(await executionsOf(project)).toHaveLength(1);
    const other = { ...request, outputVariableNames: ["x"] };
    expect((await world.refusal(v2.execute, other, headers)).code).toBe(Code.ALREADY_EXISTS);
  });

  it("starts once for two requests at the same time under one Idempotency-Key", async () => {
    const project = await aProject();
    world.willRun(`_${project}`, leaves());
    const headers = { ...PLATFORM, "idempotency-key": "0f5d2c8e" };
    const request = { projectId: project, target: NOTEBOOK };

    const [one, other] = await Promise.all([
      world.invoke(v2.execute, request, headers),
      world.invoke(v2.execute, request, headers),
    ]);

    expect(one.id).toBe(other.id);
    expect(await executionsOf(project)).toHaveLength(1);
  });

  it("takes its instance type from the request, else from the project, else c1.4", async () => {
    const plain = await aProject({ name: "plain" });
    const own = await aProject({ name: "own", settings: { defaultDedicatedSpec: "c1.8" } });
    for (const project of [plain, own]) world.alwaysRuns(`_${project}`, leaves());

    await world.invoke(v2.execute, { projectId: plain, target: NOTEBOOK });
    await world.invoke(v2.execute, { projectId: own, target: NOTEBOOK });
    await world.clock.advance(1);
    await world.invoke(v2.execute, { projectId: own, target: NOTEBOOK, spec: "c1.32" });

    const types = async (project: string): Promise<unknown> =>
      (await definitions(project)).map(({ instanceTypes }) => instanceTypes);
    expect(await types(plain)).toEqual([["c1.4"]]);
    expect(await types(own)).toEqual([["c1.32"], ["c1.8"]]);
  });

  it("is stopped when stale as the project's settings say", async () => {
    const modes = [StaleMode.ONE_HOUR, StaleMode.THREE_HOURS, StaleMode.NO_TIMEOUT, undefined];
    const found: unknown[] = [];
    for (const [index, staleExecTimeoutMode] of modes.entries()) {
      const settings = staleExecTimeoutMode === undefined ? {} : { staleExecTimeoutMode };
      const project = await aProject({ name: `p${index}`, settings });
      world.alwaysRuns(`_${project}`, leaves());
      await world.invoke(v2.execute, { projectId: project, target: NOTEBOOK });
      found.push((await definitions(project))[0]?.staleAfterMs);
    }

    expect(found).toEqual([HOUR_MS, 3 * HOUR_MS, undefined, undefined]);
  });

  it("does not start where its project's limits do not allow it, and leaves no trace", async () => {
    const project = await aProject({ limits: { maxUnitsPerExecution: 3n } });

    const refused = await world.refusal(v2.execute, { projectId: project, target: NOTEBOOK });

    expect(refused.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(await executionsOf(project)).toEqual([]);
  });
});

describe("a notebook that cannot be executed", () => {
  const cases: readonly [string, object, Code, RegExp][] = [
    [
      "that is not there",
      { target: { case: "notebookId", value: "b.ipynb" } },
      Code.NOT_FOUND,
      /no notebook "b.ipynb"/,
    ],
    [
      "outside the storage",
      { target: { case: "notebookId", value: "../a.ipynb" } },
      Code.INVALID_ARGUMENT,
      /^notebook_id: A path inside/,
    ],
    [
      "elsewhere",
      { target: { case: "notebookId", value: "/etc/passwd" } },
      Code.INVALID_ARGUMENT,
      /^notebook_id/,
    ],
    [
      "on an unknown instance type",
      { target: NOTEBOOK, spec: "c9.9" },
      Code.INVALID_ARGUMENT,
      /^spec: There is no instance type "c9.9"/,
    ],
    [
      "with Spark",
      { target: NOTEBOOK, sparkConnectorId: "sc1" },
      Code.FAILED_PRECONDITION,
      /spark_connector_id/,
    ],
    [
      "with a variable of no name",
      { target: NOTEBOOK, inputVariables: { "": 1 } },
      Code.INVALID_ARGUMENT,
      /^input_variables/,
    ],
    [
      "with too much input",
      { target: NOTEBOOK, inputVariables: { A: "x".repeat(limits.notebookInputBytes) } },
      Code.INVALID_ARGUMENT,
      /at most 65536 bytes/,
    ],
    [
      "with too many outputs",
      { target: NOTEBOOK, outputVariableNames: Array<string>(101).fill("a") },
      Code.INVALID_ARGUMENT,
      /At most 100 names, got 101/,
    ],
  ];
  it.each(cases)("is refused %s", async (_, request, code, message) => {
    const project = await aProject();

    const refused = await world.refusal(v2.execute, { projectId: project, ...request });

    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
    expect(await executionsOf(project)).toEqual([]);
  });

  it("is refused as its executor refuses it", async () => {
    const project = await aProject();
    world.executor.refuse("a.ipynb", "Notebooks need a Python with nbclient and ipykernel");
    world.executor.refuse("b.ipynb", 'There is no notebook "b.ipynb" in /data: put it there.');
    const missing = { case: "notebookId", value: "b.ipynb" } as const;

    expect(await world.refusal(v2.execute, { projectId: project, target: NOTEBOOK })).toEqual({
      code: Code.FAILED_PRECONDITION,
      message: "Notebooks need a Python with nbclient and ipykernel",
    });
    expect(await world.refusal(v2.execute, { projectId: project, target: missing })).toEqual({
      code: Code.NOT_FOUND,
      message: 'There is no notebook "b.ipynb" in /data: put it there.',
    });
  });

  it("is refused on an instance type that the restrictions do not allow", async () => {
    const project = await aProject();
    const restrictions = [{ name: "ALLOWED_INSTANCE_TYPES", stringValue: ["c1.8"] }];
    await world.invoke(v2.setRestrictions, { projectId: project, restrictions });

    const refused = await world.refusal(v2.execute, { projectId: project, target: NOTEBOOK });

    expect(refused).toMatchObject({ code: Code.FAILED_PRECONDITION });
    expect(refused.message).toMatch(
      /^Restriction ALLOWED_INSTANCE_TYPES .*allowed are c1\.8, not c1\.4/,
    );
    expect(await definitions(project)).toEqual([]);
  });
});

describe("checkpoints", () => {
  it("have variables, by name or all, of the latest execution or of a given one", async () => {
    const project = await aProject();
    const first = await executed(project, leaves({ variables: { total: 1, rest: [null, "x"] } }));
    await executed(project, leaves({ variables: { total: 2 } }));
    await executed(project, leaves({ path: "b.ipynb", variables: { total: 3 } }), CELL);
    const asked = { projectId: project, notebookId: "./a.ipynb" };

    const latest = await world.invoke(v2.getStateVariables, { ...asked, variableNames: ["total"] });
    const older = await world.invoke(v2.getStateVariables, { ...asked, checkpointId: first.id });

    expect(latest.variables).toEqual({ total: 2 });
    expect(older.variables).toEqual({ total: 1, rest: [null, "x"] });
    const unknown = { ...asked, variableNames: ["total", "mean"] };
    const refused = await world.refusal(v2.getStateVariables, unknown);
    expect(refused.code).toBe(Code.NOT_FOUND);
    expect(refused.message).toMatch(/has no variable mean: /);
  });

  it("have the outputs of cells, from the latest execution of the cell", async () => {
    const project = await aProject();
    const cells = [
      { id: "c1", outputs: ["one"] },
      { id: "c2", outputs: ["two", "<image/png>"] },
    ];
    await executed(project, leaves({ cells }));
    const alone = [{ id: "c2", outputs: ["again"] }];
    const second = await executed(project, leaves({ cells: alone }), CELL);

    const outputs = async (cellId: string, more = {}): Promise<readonly string[]> =>
      (await world.invoke(v2.getCellOutputs, { projectId: project, cellId, ...more })).outputs;

    expect(await outputs("c1")).toEqual(["one"]);
    expect(await outputs("c2")).toEqual(["again"]);
    expect(await outputs("c2", { checkpointId: second.id })).toEqual(["again"]);
    const missing = { projectId: project, cellId: "c1", checkpointId: second.id };
    expect((await world.refusal(v2.getCellOutputs, missing)).code).toBe(Code.NOT_FOUND);
  });

  it("count from `start_at` on, by the end of their execution", async () => {
    const project = await aProject();
    await executed(project, leaves({ cells: [{ id: "c1", outputs: ["one"] }] }));
    const [execution] = await executionsOf(project);
    const finishedAt = execution?.finishedAt ?? 0;
    const asked = { projectId: project, cellId: "c1" };

    const since = { ...asked, startAt: timestampFromMs(finishedAt) };
    expect((await world.invoke(v2.getCellOutputs, since)).outputs).toEqual(["one"]);
    const justAfter = { ...timestampFromMs(finishedAt) };
    const later = { ...asked, startAt: { ...justAfter, nanos: justAfter.nanos + 1 } };
    expect(await world.refusal(v2.getCellOutputs, later)).toMatchObject({ code: Code.NOT_FOUND });
  });

  it("do not come of executions that go on, or that were killed without a trace", async () => {
    const project = await aProject();
    const asked = { projectId: project, notebookId: "a.ipynb" };
    await executed(project, leaves({ status: "ABORTED" }));
    world.willRun(`_${project}`, { runMs: Infinity });
    const running = await world.invoke(v2.execute, { projectId: project, target: NOTEBOOK });
    await world.advance(MINUTE_MS);

    const refused = await world.refusal(v2.getStateVariables, asked);
    const byId = await world.refusal(v2.getStateVariables, { ...asked, checkpointId: running.id });

    expect(refused.code).toBe(Code.NOT_FOUND);
    expect(refused.message).toMatch(/has no checkpoint with an execution of notebook a.ipynb/);
    expect(byId.message).toContain(`no checkpoint ${running.id}`);
  });

  it("are not told to another project", async () => {
    const mine = await aProject();
    const theirs = await aProject({ name: "theirs" });
    const { id } = await executed(theirs, leaves({ variables: { secret: 1 } }));
    const asked = { projectId: mine, notebookId: "a.ipynb", checkpointId: id };

    expect((await world.refusal(v2.getStateVariables, asked)).code).toBe(Code.NOT_FOUND);
  });

  it("are found behind as many others as are looked through", async () => {
    const project = await aProject();
    world.alwaysRuns(`_${project}`, leaves({ path: "b.ipynb" }));
    await executed(project, leaves({ variables: { total: 1 } }));
    for (let others = 0; others < 2 * limits.checkpointPageRows; others += 1) {
      await world.invoke(v2.execute, { projectId: project, target: NOTEBOOK });
      await world.advance(MINUTE_MS);
    }

    const { variables } = await world.invoke(v2.getStateVariables, {
      projectId: project,
      notebookId: "a.ipynb",
    });

    expect(variables).toEqual({ total: 1 });
  });
});

describe("v1", () => {
  it("executes with messages of its own", async () => {
    const project = await aProject();
    world.willRun(`_${project}`, leaves({ status: "ERROR" }));

    const { id } = await world.invoke(v1.execute, { projectId: project, target: CELL });
    await world.advance(MINUTE_MS);
    const ended = await world.operation(id);

    expect(metadataOf(ended)).toMatchObject({
      $typeName: "yandex.cloud.datasphere.v1.ProjectExecutionMetadata",
      target: CELL,
    });
    expect(responseOf(ended)).toEqual({
      $typeName: "yandex.cloud.datasphere.v1.ProjectExecutionResponse",
    });
  });

  it("reads checkpoints as v2 does", async () => {
    const project = await aProject();
    await executed(project, leaves({ variables: { a: 1 }, cells: [{ id: "c1", outputs: ["x"] }] }));

    const { variables } = await world.invoke(v1.getStateVariables, {
      projectId: project,
      notebookId: "a.ipynb",
    });
    const { outputs } = await world.invoke(v1.getCellOutputs, { projectId: project, cellId: "c1" });

    expect(variables).toEqual({ a: 1 });
    expect(outputs).toEqual(["x"]);
  });

  it("tells of a notebook file its times, its size and its cells", async () => {
    const project = await aProject();
    const cells = [{ id: "c1", cell_type: "code" }, { cell_type: "markdown" }];
    const text = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells });
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (const byte of new TextEncoder().encode(text))
        yield await Promise.resolve(new Uint8Array([byte]));
    }
    await world.files.write(projectId(project), { path: "d/b.ipynb", bytes: 1_000 }, chunks());
    const asked = {
      projectId: project,
      notebookPath: "/home/jupyter/datasphere/project/d/b.ipynb",
    };

    const metadata = await world.invoke(v1.getNotebookMetadata, asked);

    expect(metadata).toMatchObject({
      notebookId: "d/b.ipynb",
      createdAt: timestampFromMs(world.clock.now()),
      modifiedAt: timestampFromMs(world.clock.now()),
      contentLength: BigInt(text.length),
      cellIds: ["c1", "#2"],
    });
    const missing = { projectId: project, notebookPath: "c.ipynb" };
    expect((await world.refusal(v1.getNotebookMetadata, missing)).code).toBe(Code.NOT_FOUND);
    const broken = { projectId: project, notebookPath: "a.ipynb" };
    expect(await world.refusal(v1.getNotebookMetadata, broken)).toMatchObject({
      code: Code.INVALID_ARGUMENT,
      message: 'notebook_path: "a.ipynb" is not a notebook of nbformat 4',
    });
  });
});
