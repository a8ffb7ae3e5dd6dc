// One installation for all that passes through, because two platforms take seconds to start.
import { AppTokenServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/app_token_service";
import {
  FolderBudgetServiceClient,
  GetFolderBudgetRequest,
  SetFolderBudgetRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/folder_budget_service";
import { NodeServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v1/node_service";
import {
  ProjectDataServiceClient,
  UploadFileRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_data_service";
import {
  CreateProjectRequest as CreateV1,
  ListProjectsRequest as ListV1,
  ProjectServiceClient as ProjectServiceV1Client,
  SetUnitBalanceRequest as SetUnitBalanceV1,
  UpdateProjectRequest as UpdateV1,
} from "@yandex-cloud/nodejs-sdk/datasphere-v1/project_service";
import { Project as ProjectV1 } from "@yandex-cloud/nodejs-sdk/datasphere-v1/project";
import { Community } from "@yandex-cloud/nodejs-sdk/datasphere-v2/community";
import {
  AddCommunityResourceRequest,
  CommunityServiceClient,
  CreateCommunityRequest,
  ListCommunitiesRequest,
  RemoveCommunityResourceRequest,
  SetCommunityRestrictionsRequest,
  UpdateCommunityRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import { DatasetServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/dataset_service";
import { DockerImageServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/docker_image_service";
import { ProjectJobServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  AddResourceToProjectRequest,
  CreateProjectRequest,
  ListProjectsRequest,
  OpenProjectResponse,
  ProjectExecutionRequest,
  ProjectServiceClient,
  RemoveResourceFromProjectRequest,
  ResizeProjectDiskRequest,
  SetProjectRestrictionsRequest,
  SetUnitBalanceRequest,
  UpdateProjectRequest,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { ResourceType } from "@yandex-cloud/nodejs-sdk/datasphere-v2/resource_types";
import { S3ServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/s3_service";
import { OperationServiceClient } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import {
  AccessBindingAction,
  ListAccessBindingsRequest,
  SetAccessBindingsRequest,
  UpdateAccessBindingsRequest,
} from "@yandex-cloud/nodejs-sdk/proto/access/access";
import { status } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import { projectId as asProjectId } from "../../shared/core/ids.ts";
import { scanEntries } from "../../shared/records/account-record.ts";
import { applyConfiguration } from "../../shared/usecases/apply-configuration.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { codeOf, refusal } from "./refusal.ts";
import { PROJECTS, RestClient } from "./rest-client.ts";
import { SdkJobs } from "./sdk-jobs.ts";
import type { SdkClient, ServiceClient } from "./sdk-client.ts";
import { aSubject } from "./served.ts";
import { servedThrough } from "./served-through.ts";

const CLIENTS: readonly ServiceClient[] = [
  AppTokenServiceClient,
  CommunityServiceClient,
  DatasetServiceClient,
  DockerImageServiceClient,
  FolderBudgetServiceClient,
  NodeServiceClient,
  OperationServiceClient,
  ProjectDataServiceClient,
  ProjectJobServiceClient,
  ProjectServiceClient,
  ProjectServiceV1Client,
  S3ServiceClient,
];
const its = servedThrough(CLIENTS.map(({ service }) => service));

const PAGE = { pageSize: 0, pageToken: "" };

async function newProject(
  part: DeepPartial<CreateProjectRequest> = {},
  by: SdkClient = its.ours.client,
): Promise<Project> {
  const request = CreateProjectRequest.fromPartial({ communityId: "default", ...part });
  return await by.done(await by.projects.create(request), Project);
}

function addition(resourceId: string, user: string, role: string): UpdateAccessBindingsRequest {
  const subject = { id: user, type: "userAccount" };
  const accessBinding = { roleId: `datasphere.community-projects.${role}`, subject };
  return UpdateAccessBindingsRequest.fromPartial({
    resourceId,
    accessBindingDeltas: [{ action: AccessBindingAction.ADD, accessBinding }],
  });
}

function balance(projectId: string, unitBalance: number): SetUnitBalanceRequest {
  return SetUnitBalanceRequest.fromPartial({ projectId, unitBalance });
}

/** Which methods of DataSphere were reached while something was done, as `ProjectService/Get`. */
async function reachedBy(steps: () => Promise<unknown>): Promise<ReadonlySet<string>> {
  its.faults.plan(() => undefined);
  await steps();
  return new Set(its.faults.forwarded.map(({ path }) => path.replace("/yandex.cloud.", "")));
}

function pathsOf(client: ServiceClient, ...ours: readonly string[]): readonly string[] {
  return Object.values(client.service)
    .map(({ path }) => path.replace("/yandex.cloud.", ""))
    .filter((path) => !ours.includes(path.split("/").at(-1) ?? ""));
}

describe("a call about projects and what belongs to them", () => {
  it("of v2 reaches DataSphere, whichever it is, and answers as it does", async () => {
    const { client } = its.ours;
    const { projects, communities } = client;
    const reached = await reachedBy(async () => {
      const created = CreateCommunityRequest.fromPartial({
        ...{ name: "walked", organizationId: "lab", zoneId: "ru-central1-a" },
      });
      const { id: communityId } = await client.done(await communities.create(created), Community);
      const project = await newProject({ communityId, name: "walked" });
      const { id: projectId } = project;
      expect(await projects.get({ projectId })).toEqual(
        await its.cloud.client.projects.get({ projectId }),
      );
      const list = ListProjectsRequest.fromPartial({ communityId });
      expect((await projects.list(list)).projects).toEqual([project]);
      const change = { projectId, updateMask: { paths: ["description"] }, description: "new" };
      await client.ended(await projects.update(UpdateProjectRequest.fromPartial(change)));
      await projects.setUnitBalance(balance(projectId, 7));
      expect(await projects.getUnitBalance({ projectId })).toEqual({ unitBalance: 7 });
      await projects.resizeDisk(
        ResizeProjectDiskRequest.fromPartial({ projectId, newDiskSizeGb: 20 }),
      );

      const bindings = SetAccessBindingsRequest.fromPartial({ resourceId: projectId });
      await projects.setAccessBindings(bindings);
      await projects.updateAccessBindings(addition(projectId, "walker", "viewer"));
      const { accessBindings } = await projects.listAccessBindings({
        ...{ ...PAGE, resourceId: projectId },
      });
      expect(accessBindings.map(({ subject }) => subject?.id)).toEqual(["walker"]);
      await projects.getRestrictionsMeta({});
      await projects.setRestrictions(SetProjectRestrictionsRequest.fromPartial({ projectId }));
      await projects.getRestrictions({ projectId });

      const dataset = { resourceId: "set", resourceType: ResourceType.RESOURCE_TYPE_DATASET };
      await projects.addResource(
        AddResourceToProjectRequest.fromPartial({ projectId, ...dataset }),
      );
      await client.datasets.activate({ projectId, datasetId: "set" });
      await client.datasets.deactivate({ projectId, datasetId: "set" });
      await projects.removeResource(
        RemoveResourceFromProjectRequest.fromPartial({ projectId, ...dataset }),
      );
      expect(await codeOf(client.buckets.activate({ projectId, s3Id: "none" }))).toBe(5);
      expect(await codeOf(client.buckets.deactivate({ projectId, s3Id: "none" }))).toBe(5);
      expect(await codeOf(client.images.activate({ projectId, dockerId: "none" }))).toBe(5);
      const opening = await projects.open({ projectId });
      const opened = await client.done(opening, OpenProjectResponse);
      expect(await codeOf(client.appTokens.validate({ token: opened.sessionToken }))).toBe(0);
      expect(await codeOf(client.appTokens.validate({ token: "guess" }))).toBe(16);
      await client.operations.cancel({ operationId: opening.id });

      await communities.get({ communityId });
      await communities.list(ListCommunitiesRequest.fromPartial({ organizationId: "lab" }));
      await communities.update(
        UpdateCommunityRequest.fromPartial({
          ...{ communityId, updateMask: { paths: ["description"] }, description: "new" },
        }),
      );
      const onCommunity = { communityId, ...dataset };
      await communities.addResource(AddCommunityResourceRequest.fromPartial(onCommunity));
      await communities.removeResource(RemoveCommunityResourceRequest.fromPartial(onCommunity));
      await communities.getRestrictionsMeta({});
      await communities.setRestrictions(
        SetCommunityRestrictionsRequest.fromPartial({ communityId }),
      );
      await communities.getRestrictions({ communityId });
      const none = { resourceId: communityId };
      await communities.setAccessBindings(SetAccessBindingsRequest.fromPartial(none));
      const accessBinding = {
        ...{ roleId: "datasphere.communities.viewer", subject: { id: "w", type: "userAccount" } },
      };
      await communities.updateAccessBindings(
        UpdateAccessBindingsRequest.fromPartial({
          ...none,
          accessBindingDeltas: [{ action: AccessBindingAction.ADD, accessBinding }],
        }),
      );
      await communities.listAccessBindings(ListAccessBindingsRequest.fromPartial(none));

      await client.ended(await projects.delete({ projectId }));
      expect(await codeOf(projects.get({ projectId }))).toBe(5);
      await client.ended(await communities.delete({ communityId }));
    });

    const passing = [
      ...pathsOf(ProjectServiceClient, "Execute"),
      ...pathsOf(CommunityServiceClient),
      ...[DatasetServiceClient, S3ServiceClient, DockerImageServiceClient].flatMap((each) =>
        pathsOf(each),
      ),
      ...[AppTokenServiceClient, OperationServiceClient].flatMap((each) => pathsOf(each)),
    ];
    expect(passing.filter((path) => !reached.has(path))).toEqual([]);
  });

  it("of v1 reaches DataSphere too, but for its streams", async () => {
    const { client } = its.ours;
    const reached = await reachedBy(async () => {
      const create = CreateV1.fromPartial({ folderId: "default", name: "older" });
      const operation = await client.projectsV1.create(create);
      const { id: projectId } = await client.done(operation, ProjectV1);
      await client.projectsV1.get({ projectId });
      await client.projectsV1.list(ListV1.fromPartial({ folderId: "default" }));
      const change = { projectId, updateMask: { paths: ["description"] }, description: "new" };
      await client.projectsV1.update(UpdateV1.fromPartial(change));
      await client.projectsV1.setUnitBalance(
        SetUnitBalanceV1.fromPartial({ projectId, unitBalance: 9 }),
      );
      expect(await client.projectsV1.getUnitBalance({ projectId })).toEqual({ unitBalance: 9 });
      await client.ended(await client.projectsV1.open({ projectId }));
      await client.budgets.set(
        SetFolderBudgetRequest.fromPartial({
          ...{ folderId: "default", setMask: { paths: ["unit_balance"] }, unitBalance: 5 },
        }),
      );
      const budget = await client.budgets.get(
        GetFolderBudgetRequest.fromPartial({ folderId: "default" }),
      );
      expect(budget.unitBalance).toBe(5);
      const node = { folderId: "default", nodeId: "n", aliasName: "n" };
      expect(await codeOf(client.nodes.execute(node))).toBe(5);
      expect(await codeOf(client.nodes.executeAlias(node))).toBe(5);
      await client.ended(await client.projectsV1.delete({ projectId }));
    });

    const passing = [ProjectServiceV1Client, FolderBudgetServiceClient, NodeServiceClient];
    const expected = passing.flatMap((each) => pathsOf(each, "Execute"));
    expect(expected.filter((path) => !reached.has(path))).toEqual([]);
    expect(reached).toContain("datasphere.v1.NodeService/Execute");
  });

  it("that is a stream is refused, and says why", async () => {
    const { id: projectId } = await newProject();
    const upload = async function* () {
      await Promise.resolve();
      const metadata = { projectId, path: "a.txt", sizeBytes: 1 };
      yield UploadFileRequest.fromPartial({ metadata });
    };
    const { files } = its.ours.client;
    const reached = await reachedBy(async () => {
      const refused = await refusal(async (o) => await files.uploadFile(upload(), o));
      expect(refused).toMatchObject({ code: 12 });
      expect(refused.text).toContain("streams do not pass through to DataSphere");
      const download = files.downloadFile({ projectId, filePath: "a.txt" });
      expect(await codeOf(download[Symbol.asyncIterator]().next())).toBe(12);
    });

    expect([...reached]).toEqual([]);
  });

  it("keeps DataSphere's code, text and details where it refuses", async () => {
    await newProject({ name: "taken" });
    const wanted = CreateProjectRequest.fromPartial({ communityId: "default", name: "taken" });
    const detailsOf = (refused: Awaited<ReturnType<typeof refusal>>) =>
      refused.status?.details.map(({ typeUrl }) => typeUrl) ?? [];

    const there = await refusal(async (o) => await its.cloud.client.projects.create(wanted, o));
    const here = await refusal(async (o) => await its.ours.client.projects.create(wanted, o));

    expect(here).toMatchObject({ code: there.code, text: there.text });
    expect(detailsOf(here)).toEqual([
      ...detailsOf(there),
      "type.googleapis.com/google.rpc.RequestInfo",
    ]);
  });

  it("answers UNAVAILABLE while DataSphere is down, and nothing from here instead", async () => {
    const { id: projectId } = await newProject();
    its.faults.plan(() => ({ kind: "refuse", code: status.UNAVAILABLE, details: "maintenance" }));

    const refused = await refusal(
      async (o) => await its.ours.client.projects.get({ projectId }, o),
    );

    expect(refused).toMatchObject({ code: 14, text: "maintenance" });
  });

  it("made again under its key is made once, and never meets the key of another caller", async () => {
    const { ours } = its;
    const ada = await aSubject(ours, "ada");
    const { id: resourceId } = await newProject();
    await ours.client.projects.updateAccessBindings(addition(resourceId, "ada", "admin"));
    const headers = { "idempotency-key": "one-and-the-same" };
    const update = UpdateProjectRequest.fromPartial({
      ...{ projectId: resourceId, updateMask: { paths: ["description"] }, description: "x" },
    });
    its.faults.plan(() => undefined);
    const first = await ours.client.sending(headers).projects.update(update);
    const again = await ours.client.sending(headers).projects.update(update);
    const hers = await ada.sending(headers).projects.update(update);

    expect(again.id).toBe(first.id);
    expect(hers.id).not.toBe(first.id);
    const keys = its.faults.forwarded.map(({ key }) => key).filter((key) => key !== "");
    expect(new Set(keys).size).toBe(2);
    expect(keys).not.toContain(headers["idempotency-key"]);
  });
});

describe("who may do what", () => {
  it("is for us to say: a viewer of ours cannot pass what needs an editor", async () => {
    const { ours } = its;
    const { id: projectId } = await newProject({ limits: { maxUnitsPerHour: 5 } });
    const vera = await aSubject(ours, "vera");
    const stranger = await aSubject(ours, "stranger");
    await ours.client.projects.updateAccessBindings(addition(projectId, "vera", "viewer"));
    its.faults.plan(() => undefined);

    const codes = [
      await codeOf(vera.projects.update(UpdateProjectRequest.fromPartial({ projectId }))),
      await codeOf(vera.projects.setUnitBalance(balance(projectId, 1))),
      await codeOf(vera.projects.getUnitBalance({ projectId })),
      await codeOf(vera.projects.delete({ projectId })),
      await codeOf(stranger.projects.get({ projectId })),
    ];

    expect(codes).toEqual([7, 7, 7, 7, 7]);
    expect(its.faults.forwarded).toEqual([]);
    expect((await vera.projects.get({ projectId })).limits).toBeUndefined();
  });

  it("covers what an update without a mask would reset", async () => {
    const { ours } = its;
    const { id: projectId } = await newProject({ name: "masked", limits: { maxUnitsPerHour: 5 } });
    const ed = await aSubject(ours, "ed");
    await ours.client.projects.updateAccessBindings(addition(projectId, "ed", "editor"));

    const all = UpdateProjectRequest.fromPartial({ projectId, name: "renamed" });
    const one = { ...all, updateMask: { paths: ["name"] } };

    expect(await codeOf(ed.projects.update(all))).toBe(7);
    expect(await codeOf(ed.projects.update(one))).toBe(0);
    const seen = await its.cloud.client.projects.get({ projectId });
    expect(seen).toMatchObject({ name: "renamed", limits: { maxUnitsPerHour: 5 } });
  });

  it("shows of a listing what each caller may look at", async () => {
    const { ours } = its;
    const seen = await newProject({ name: "seen" });
    await newProject({ name: "unseen" });
    const vera = await aSubject(ours, "vera");
    await ours.client.projects.updateAccessBindings(addition(seen.id, "vera", "viewer"));

    const list = ListProjectsRequest.fromPartial({ communityId: "default" });
    const names = (await vera.projects.list(list)).projects.map(({ name }) => name);

    expect(names).toContain("seen");
    expect(names).not.toContain("unseen");
  });

  it("lets whoever starts an operation poll it, and nobody else see its secrets", async () => {
    const { ours } = its;
    const { id: projectId } = await newProject();
    const dev = await aSubject(ours, "dev");
    const vera = await aSubject(ours, "vera");
    await ours.client.projects.updateAccessBindings(addition(projectId, "dev", "developer"));
    await ours.client.projects.updateAccessBindings(addition(projectId, "vera", "viewer"));

    const opening = await dev.projects.open({ projectId });
    const { sessionToken } = await dev.done(opening, OpenProjectResponse);
    const hers = await vera.done(opening, OpenProjectResponse);
    const stranger = await aSubject(ours, "nobody");

    expect(sessionToken).not.toBe("");
    expect(hers.sessionToken).toBe("");
    expect(await codeOf(stranger.operations.get({ operationId: opening.id }))).toBe(5);
  });

  it("makes whoever creates a project through us its admin here", async () => {
    const { ours } = its;
    const ann = await aSubject(ours, "ann");
    const accessBinding = {
      ...{
        roleId: "datasphere.communities.developer",
        subject: { id: "ann", type: "userAccount" },
      },
    };
    await ours.client.communities.updateAccessBindings(
      UpdateAccessBindingsRequest.fromPartial({
        resourceId: "default",
        accessBindingDeltas: [{ action: AccessBindingAction.ADD, accessBinding }],
      }),
    );

    const made = await newProject({ name: "anns" }, ann);

    expect(await codeOf(ann.projects.setUnitBalance(balance(made.id, 3)))).toBe(0);
    expect(await its.cloud.client.projects.getUnitBalance({ projectId: made.id })).toEqual({
      unitBalance: 3,
    });
  });
});

describe("what was made at DataSphere itself", () => {
  it("is found by whoever names it, and work may run in it", async () => {
    const { ours, cloud } = its;
    const made = await newProject({ name: "theirs" }, cloud.client);

    expect(await ours.client.projects.get({ projectId: made.id })).toEqual(made);
    const jobs = await ours.client.jobs.list({
      ...{ projectId: made.id, filter: "", ...PAGE },
    });
    expect(jobs.jobs).toEqual([]);
  });

  it("changes the units here: limits, balance, and what was spent there", async () => {
    const { ours, cloud } = its;
    const rest = await RestClient.of(ours.home, ours.platform);
    const { id: projectId } = await newProject({}, cloud.client);
    await cloud.client.projects.setUnitBalance(balance(projectId, 1_000));
    await ours.client.projects.get({ projectId });
    const usage = async (): Promise<Record<string, unknown>> => {
      const { text } = await rest.ask("GET", `/orrery/v1/projects/${projectId}/usage`);
      return JSON.parse(text) as Record<string, unknown>;
    };

    const first = await usage();
    // Through us it takes hold at once.
    const lower = { projectId, updateMask: { paths: ["limits"] }, limits: { maxUnitsPerHour: 40 } };
    await ours.client.projects.update(UpdateProjectRequest.fromPartial(lower));
    await ours.client.projects.setUnitBalance(balance(projectId, 900));
    const second = await usage();

    expect(first).toMatchObject({ balance: "1000" });
    expect(first["exposure"]).toMatchObject({ elsewhereUnits: "1000" });
    expect(second).toMatchObject({ balance: "900", unitsPerHour: "40" });
  });

  it("is seen as an adjustment where it is work that spent units, once", async () => {
    const { ours, cloud } = its;
    const jobs = await SdkJobs.of(cloud.client);
    const { projectId } = jobs;
    await cloud.client.projects.setUnitBalance(balance(projectId, 100_000));
    const look = async (description: string): Promise<void> => {
      const change = { projectId, updateMask: { paths: ["description"] }, description };
      await ours.client.projects.update(UpdateProjectRequest.fromPartial(change));
    };
    await look("before");
    await jobs.execute(await jobs.create({ cmd: "true" }));
    const { unitBalance: left = 0 } = await cloud.client.projects.getUnitBalance({ projectId });

    await look("after");
    await look("and again");

    const entries = await ours.home.beside(
      async ({ store }) =>
        await store.snapshot(
          async (reader) => await scanEntries(reader, asProjectId(projectId), { limit: 10 }),
        ),
    );
    expect(left).toBeLessThan(100_000);
    expect(entries.map(({ kind, units }) => [kind, units])).toEqual([
      ["setBalance", 100_000],
      ["adjust", left - 100_000],
    ]);
  });
});

describe("what executes", () => {
  it("stays ours: a notebook that does not fit is not even asked for at DataSphere", async () => {
    const { ours } = its;
    const { id: projectId } = await newProject();
    await ours.client.projects.setUnitBalance(balance(projectId, 0));
    const reached = await reachedBy(async () => {
      const execution = ProjectExecutionRequest.fromPartial({ projectId, notebookId: "a.ipynb" });
      expect(await codeOf(ours.client.projects.execute(execution))).toBe(8);
    });

    expect([...reached].filter((path) => path.endsWith("/Execute"))).toEqual([]);
  });

  it("keeps its project: one that schedules use is not deleted there", async () => {
    const { ours, cloud } = its;
    const { id: projectId } = await newProject({ name: "in-use" });
    await ours.home.beside(async ({ services }) => {
      const schedules = [aSchedule({ project: projectId })];
      await applyConfiguration(services, aConfiguration({ schedules }));
    });

    expect(await codeOf(ours.client.projects.delete({ projectId }))).toBe(9);
    expect(await codeOf(cloud.client.projects.get({ projectId }))).toBe(0);
  });

  it("answers over HTTP as over gRPC", async () => {
    const rest = await RestClient.of(its.ours.home, its.ours.platform);
    const { id } = await newProject({ name: "by-http" });

    const answer = await rest.ask("GET", `${PROJECTS}/${id}`);

    expect(JSON.parse(answer.text)).toMatchObject({ id, name: "by-http", communityId: "default" });
  });
});
