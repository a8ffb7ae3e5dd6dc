import { AppTokenServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/app_token_service";
import {
  FolderBudgetServiceClient,
  SetFolderBudgetRequest,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/folder_budget_service";
import {
  AliasExecutionRequest,
  NodeExecutionRequest,
  NodeServiceClient,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/node_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project";
import {
  ProjectDataServiceClient,
  UploadFileRequest,
  type FileMetadata,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_data_service";
import {
  CreateProjectMetadata,
  CreateProjectRequest,
  ListProjectsRequest,
  OpenProjectMetadata,
  OpenProjectResponse,
  ProjectExecutionMetadata,
  ProjectExecutionRequest,
  ProjectExecutionResponse,
  ProjectServiceClient,
  SetUnitBalanceRequest,
  UpdateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_service";
import { OperationServiceClient } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import { afterAll, describe, expect, it } from "vitest";
import { noKernel, notebookFile } from "../adapters/process/notebook-world.ts";
import { codeOf, refusal } from "./refusal.ts";
import { metadataOf, uncalled } from "./sdk-client.ts";
import { served } from "./served.ts";

const its = served();
const FOLDER = "b1gfolder";

afterAll(() => {
  const small = [AppTokenServiceClient, FolderBudgetServiceClient, NodeServiceClient];
  const large = [ProjectServiceClient, ProjectDataServiceClient, OperationServiceClient];
  expect(uncalled(...small, ...large)).toEqual([]);
});

async function newProject(part: { name?: string } = {}): Promise<Project> {
  const request = CreateProjectRequest.fromPartial({ folderId: FOLDER, ...part });
  return await its.client.done(await its.client.projectsV1.create(request), Project);
}

describe("a project of v1", () => {
  it("lives in a folder, which is a community, and is seen by v2", async () => {
    const { projectsV1, projects } = its.client;
    const given = {
      name: "old",
      description: "of v1",
      settings: { subnetId: "subnet" },
      limits: { maxUnitsPerHour: 9 },
    };

    const operation = await projectsV1.create(
      CreateProjectRequest.fromPartial({ folderId: FOLDER, ...given }),
    );
    const made = await its.client.done(operation, Project);

    expect(made).toMatchObject({ ...given, folderId: FOLDER });
    expect(metadataOf(operation, CreateProjectMetadata)).toEqual({ projectId: made.id });
    expect(await projectsV1.get({ projectId: made.id })).toEqual(made);
    const list = ListProjectsRequest.fromPartial({ folderId: FOLDER });
    expect((await projectsV1.list(list)).projects).toContainEqual(made);
    expect(await projects.get({ projectId: made.id })).toMatchObject({
      ...given,
      communityId: FOLDER,
    });
  });

  it("is changed, opened and deleted", async () => {
    const { client } = its;
    const { projectsV1 } = client;
    const { id: projectId } = await newProject({ name: "changing" });
    const update = UpdateProjectRequest.fromPartial({
      projectId,
      updateMask: { paths: ["settings.subnet_id", "limits"] },
      settings: { subnetId: "other" },
      limits: { maxUnitsPerExecution: 5 },
    });

    const changed = await client.done(await projectsV1.update(update), Project);
    await projectsV1.setUnitBalance(
      SetUnitBalanceRequest.fromPartial({ projectId, unitBalance: 70 }),
    );
    const opening = await projectsV1.open({ projectId });
    const session = await client.done(opening, OpenProjectResponse);
    const { sessionToken: token } = session;

    expect(changed).toMatchObject({
      name: "changing",
      settings: { subnetId: "other" },
      limits: { maxUnitsPerExecution: 5 },
    });
    expect(await projectsV1.getUnitBalance({ projectId })).toEqual({ unitBalance: 70 });
    expect(metadataOf(opening, OpenProjectMetadata)).toEqual({ projectId });
    expect(await codeOf(client.appTokens.validate({ token }))).toBe(0);
    expect(await codeOf(client.appTokens.validate({ token: "orr_guess" }))).toBe(16);
    await client.ended(await projectsV1.delete({ projectId }));
    expect(await codeOf(projectsV1.get({ projectId }))).toBe(5);
    expect(await codeOf(client.appTokens.validate({ token }))).toBe(16);
  });
});

describe("a folder of v1", () => {
  it("has a budget that its projects are meant to share", async () => {
    const { budgets } = its.client;
    const folderId = "b1gbudget";
    const set = async (part: DeepPartial<SetFolderBudgetRequest>) =>
      await refusal(
        async (o) =>
          await budgets.set(SetFolderBudgetRequest.fromPartial({ folderId, ...part }), o),
      );

    expect(await codeOf(budgets.get({ folderId }))).toBe(5);
    await set({ unitBalance: 10, maxUnitsPerHour: 5, maxUnitsPerExecution: 3 });
    await set({ setMask: { paths: ["unit_balance", "max_units_per_hour"] }, maxUnitsPerHour: 7 });

    expect(await budgets.get({ folderId })).toEqual({
      maxUnitsPerHour: 7,
      maxUnitsPerExecution: 3,
    });
    expect(await set({ unitBalance: -1, maxUnitsPerHour: -1 })).toMatchObject({
      code: 3,
      fields: ["unit_balance", "max_units_per_hour"],
    });
    expect(await set({ setMask: { paths: ["folder_id"] } })).toMatchObject({
      code: 3,
      fields: ["set_mask"],
    });
  });

  it("has no nodes, which only DataSphere's console makes", async () => {
    const { nodes } = its.client;
    await newProject();
    const node = NodeExecutionRequest.fromPartial({
      ...{ folderId: FOLDER, nodeId: "bt1node" },
      input: { a: [1, null] },
    });
    const alias = AliasExecutionRequest.fromPartial({ folderId: FOLDER, aliasName: "score" });

    expect(await codeOf(nodes.execute(node))).toBe(5);
    expect(await codeOf(nodes.executeAlias(alias))).toBe(5);
  });
});

describe("a file of a project's storage", () => {
  const BYTES = Buffer.from("строка\n".repeat(30_000));

  it("comes back as it was sent, in messages that a client takes", async () => {
    const { id: projectId } = await newProject();
    const path = "данные/вход.txt";

    const sent = await upload({ projectId, path }, BYTES, 100_000);
    const found = await download(projectId, path);

    expect(sent).toMatchObject({ projectId, path, sizeBytes: BYTES.length });
    expect(found.metadata).toEqual(sent);
    expect(found.bytes.equals(BYTES)).toBe(true);
    expect(found.largest).toBeLessThanOrEqual(64 * 1024);
    await upload({ projectId, path }, Buffer.alloc(0));
    expect((await download(projectId, path)).bytes).toHaveLength(0);
  });

  it("is there whole or not at all, and inside of the storage", async () => {
    const { id: projectId } = await newProject();
    const announced = async (path: string, sizeBytes: number): Promise<number | undefined> =>
      await codeOf(upload({ projectId, path, sizeBytes }, Buffer.from("12345")));

    expect(await announced("short", 6)).toBe(3);
    expect(await announced("long", 4)).toBe(3);
    expect(await announced("../away", 5)).toBe(3);
    expect(await announced("/etc/away", 5)).toBe(3);
    expect(await announced("", 5)).toBe(3);
    expect(await announced("large", 2 * 1024 ** 3)).toBe(3);
    for (const path of ["short", "long", "nowhere"]) {
      expect(await codeOf(download(projectId, path))).toBe(5);
    }
    expect(await codeOf(download(projectId, "../../token"))).toBe(3);
    await upload(
      { projectId, path: "/home/jupyter/datasphere/project/d/file" },
      Buffer.from("12345"),
    );
    expect((await download(projectId, "d/file")).bytes.toString()).toBe("12345");
  });

  it("is one of the whole ones, however many come at once", async () => {
    const { id: projectId } = await newProject();
    const contents = Array.from({ length: 10 }, (_, index) => Buffer.alloc(50_000, 65 + index));

    await Promise.all(
      contents.map(async (bytes) => await upload({ projectId, path: "same" }, bytes, 9_000)),
    );

    const { bytes } = await download(projectId, "same");
    expect(contents.some((each) => each.equals(bytes))).toBe(true);
  });
});

describe.skipIf(noKernel !== undefined)("a notebook that came through v1", () => {
  it("is executed with its variables, and cancelled by its operation", async () => {
    const { client } = its;
    const { id: projectId } = await newProject();
    const sources = ["import os, time", "n = int(os.environ['N'])", "time.sleep(n)"];
    await upload({ projectId, path: "wait.ipynb" }, Buffer.from(notebookFile(sources)));
    const execute = async (N: number) =>
      await client.projectsV1.execute(
        ProjectExecutionRequest.fromPartial({
          ...{ projectId, notebookId: "wait.ipynb" },
          inputVariables: { N },
        }),
      );

    const short = await execute(0);
    expect(metadataOf(short, ProjectExecutionMetadata)).toMatchObject({
      projectId,
      notebookId: "wait.ipynb",
    });
    expect(await client.done(short, ProjectExecutionResponse)).toEqual({});
    const endless = await execute(600);
    expect(await client.operations.get({ operationId: endless.id })).toMatchObject({ done: false });
    await client.operations.cancel({ operationId: endless.id });
    expect((await client.ended(endless)).error).toMatchObject({
      code: 1,
      message: "Canceled by user",
    });
  });
});

describe("a call of v1", () => {
  it("executes only what is there", async () => {
    const { id: projectId } = await newProject();
    const execute = async (part: object) =>
      await codeOf(
        its.client.projectsV1.execute(ProjectExecutionRequest.fromPartial({ projectId, ...part })),
      );

    expect(await execute({ notebookId: "nowhere.ipynb" })).toBe(5);
    expect(await execute({ cellId: "" })).toBe(3);
  });

  it("leaves an operation alone that is done", async () => {
    const { client } = its;
    const operation = await client.projectsV1.create(
      CreateProjectRequest.fromPartial({ folderId: FOLDER }),
    );

    const cancelled = await client.operations.cancel({ operationId: operation.id });

    expect(cancelled).toEqual(operation);
    expect(await client.operations.get({ operationId: operation.id })).toEqual(operation);
  });
});

/** Sends a file in chunks; what it announces is true unless told. */
async function upload(
  announced: DeepPartial<FileMetadata>,
  bytes: Buffer,
  chunkBytes = 64 * 1024,
): Promise<FileMetadata | undefined> {
  const metadata = { sizeBytes: bytes.length, ...announced };
  const chunks = Array.from({ length: Math.ceil(bytes.length / chunkBytes) }, (_, index) =>
    bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes),
  );
  // eslint-disable-next-line @typescript-eslint/require-await -- the SDK takes streams of no other kind
  async function* messages(): AsyncGenerator<UploadFileRequest> {
    yield UploadFileRequest.fromPartial({ metadata });
    for (const chunk of chunks) yield UploadFileRequest.fromPartial({ chunk });
  }
  return (await its.client.files.uploadFile(messages())).metadata;
}

async function download(
  projectId: string,
  filePath: string,
): Promise<{ metadata: FileMetadata | undefined; bytes: Buffer; largest: number }> {
  let metadata: FileMetadata | undefined;
  const chunks: Buffer[] = [];
  for await (const message of its.client.files.downloadFile({ projectId, filePath })) {
    metadata ??= message.metadata;
    if (message.chunk !== undefined) chunks.push(message.chunk);
  }
  const largest = Math.max(0, ...chunks.map(({ length }) => length));
  return { metadata, bytes: Buffer.concat(chunks), largest };
}
