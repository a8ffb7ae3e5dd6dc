import { RestrictionsResponse } from "@yandex-cloud/nodejs-sdk/datasphere-v2/restrictions";
import { Project, Project_Settings_Ide } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  AddResourceToProjectRequest,
  CreateProjectMetadata,
  CreateProjectRequest,
  DeleteProjectMetadata,
  DiskInfo,
  ListProjectsRequest,
  OpenProjectMetadata,
  OpenProjectResponse,
  ProjectExecutionRequest,
  ProjectServiceClient,
  RemoveResourceFromProjectRequest,
  ResizeProjectDiskMetadata,
  ResizeProjectDiskRequest,
  SetProjectRestrictionsRequest,
  SetUnitBalanceRequest,
  UpdateProjectRequest,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { ResourceType } from "@yandex-cloud/nodejs-sdk/datasphere-v2/resource_types";
import {
  AccessBindingAction,
  ListAccessBindingsRequest,
  SetAccessBindingsRequest,
  UpdateAccessBindingsRequest,
} from "@yandex-cloud/nodejs-sdk/proto/access/access";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf, refusal } from "./refusal.ts";
import { metadataOf, uncalled } from "./sdk-client.ts";
import { served } from "./served.ts";

const its = served();

function wish(part: DeepPartial<CreateProjectRequest>): CreateProjectRequest {
  return CreateProjectRequest.fromPartial({ communityId: "default", ...part });
}

async function newProject(part: DeepPartial<CreateProjectRequest> = {}): Promise<Project> {
  return await its.client.done(await its.client.projects.create(wish(part)), Project);
}

describe("a project of a program that knows the official SDK alone", () => {
  afterAll(() => expect(uncalled(ProjectServiceClient)).toEqual([]));

  it("is created, listed, changed and deleted, and its name is free again", async () => {
    const { client } = its;
    const { projects } = client;
    const given = {
      name: "first",
      description: "Описание 𝒳",
      labels: { team: "ml" },
      limits: { maxUnitsPerHour: Number.MAX_SAFE_INTEGER },
      settings: { defaultDedicatedSpec: "c1.4", vmInactivityTimeout: { seconds: 1_800 } },
    };

    const operation = await projects.create(wish(given));
    const made = await client.done(operation, Project);
    expect(made).toMatchObject({ ...given, communityId: "default", createdById: "orrery" });
    expect(metadataOf(operation, CreateProjectMetadata)).toEqual({ projectId: made.id });
    expect(await projects.get({ projectId: made.id })).toEqual(made);
    const list = ListProjectsRequest.fromPartial({ communityId: "default" });
    expect((await projects.list(list)).projects).toContainEqual(made);

    const changed = await client.done(
      await projects.update(
        UpdateProjectRequest.fromPartial({
          projectId: made.id,
          updateMask: { paths: ["name", "limits.max_units_per_execution"] },
          name: "second",
          limits: { maxUnitsPerExecution: 500 },
        }),
      ),
      Project,
    );
    const limits = { ...given.limits, maxUnitsPerExecution: 500 };
    expect(changed).toEqual({ ...made, name: "second", limits });
    const whole = UpdateProjectRequest.fromPartial({ projectId: made.id, name: "third" });
    expect(await client.done(await projects.update(whole), Project)).toMatchObject({
      name: "third",
      description: "",
      labels: {},
      limits: {},
    });

    const deleting = await projects.delete({ projectId: made.id });
    expect(metadataOf(deleting, DeleteProjectMetadata)).toEqual({ projectId: made.id });
    expect(await codeOf(projects.get({ projectId: made.id }))).toBe(5);
    expect((await client.ended(deleting)).response?.typeUrl).toMatch(/google.protobuf.Empty$/);
    expect((await newProject({ name: "third" })).id).not.toBe(made.id);
  });

  it("is refused with everything that is wrong", async () => {
    const { projects } = its.client;
    const { id: projectId } = await newProject({ name: "taken" });
    const wrong = wish({
      name: "Not A Name",
      description: "x".repeat(257),
      labels: { Team: "ML" },
    });
    const settings = {
      defaultDedicatedSpec: "c1.4",
      vmInactivityTimeout: { seconds: -1 },
      ide: Project_Settings_Ide.UNRECOGNIZED,
    };
    const limits = { maxUnitsPerHour: -1, maxUnitsPerExecution: -1 };
    const masked = (...paths: string[]) =>
      UpdateProjectRequest.fromPartial({ projectId, updateMask: { paths }, name: "taken-too" });

    expect(await refusal(async (o) => await projects.create(wrong, o))).toMatchObject({
      code: 3,
      fields: ["name", "description", "labels[Team]", "labels[Team]"],
    });
    expect(
      await refusal(async (o) => await projects.create(wish({ settings, limits }), o)),
    ).toMatchObject({
      code: 3,
      fields: [
        "settings.ide",
        "settings.vm_inactivity_timeout",
        "limits.max_units_per_hour",
        "limits.max_units_per_execution",
      ],
    });
    expect(
      await refusal(async (o) => await projects.update(masked("nmae", "community_id"), o)),
    ).toMatchObject({ code: 3, fields: ["update_mask", "update_mask"] });
    expect(await codeOf(projects.create(wish({ name: "taken" })))).toBe(6);
    expect(await codeOf(projects.create(wish({ communityId: "nowhere" })))).toBe(5);
  });

  it("has a balance that may be unset, zero, and as large as a client can read", async () => {
    const { projects } = its.client;
    const { id: projectId } = await newProject();
    const set = (balance: object) => SetUnitBalanceRequest.fromPartial({ projectId, ...balance });
    const found: unknown[] = [await projects.getUnitBalance({ projectId })];

    for (const unitBalance of [0, Number.MAX_SAFE_INTEGER]) {
      await projects.setUnitBalance(set({ unitBalance }));
      found.push(await projects.getUnitBalance({ projectId }));
    }
    await projects.setUnitBalance(set({}));
    found.push(await projects.getUnitBalance({ projectId }));

    const values = found.map((each) => (each as { unitBalance?: number }).unitBalance);
    expect(values).toEqual([undefined, 0, Number.MAX_SAFE_INTEGER, undefined]);
    expect(await codeOf(projects.setUnitBalance(set({ unitBalance: -1 })))).toBe(3);
  });

  it("opens status by status, for whoever has its session token", async () => {
    const { client } = its;
    const { id: projectId } = await newProject();

    const opening = await client.projects.open({ projectId });
    const seen = new Set<number>();
    for (let done = false; !done;) {
      const operation = await client.operations.get({ operationId: opening.id });
      seen.add(metadataOf(operation, OpenProjectMetadata).status);
      ({ done } = operation);
    }
    const { projectUrl, sessionToken } = await client.done(opening, OpenProjectResponse);
    const page = await fetch(`${projectUrl}?sessionToken=${sessionToken}`);

    expect([...seen]).toEqual([1, 2, 3, 4, 5]);
    expect(page.status).toBe(200);
    expect(await page.text()).toContain(projectId);
    expect((await fetch(`${projectUrl}?sessionToken=guess`)).status).toBeGreaterThan(399);
    expect(await codeOf(client.as(sessionToken).projects.get({ projectId }))).toBe(16);
  });

  it("has a disk whose size restrictions may fix", async () => {
    const { client } = its;
    const { id: projectId } = await newProject();
    const resize = async (newDiskSizeGb: number) =>
      await client.projects.resizeDisk(
        ResizeProjectDiskRequest.fromPartial({ projectId, newDiskSizeGb }),
      );
    const restrict = async (...restrictions: { name: string; boolValue?: boolean[] }[]) =>
      await client.projects.setRestrictions(
        SetProjectRestrictionsRequest.fromPartial({ projectId, restrictions }),
      );
    const fixed = { name: "CHANGING_DISK_SIZE", boolValue: [false] };

    const resized = await resize(20);
    const { restrictionsMeta } = await client.projects.getRestrictionsMeta({});
    const restricted = await client.done(await restrict(fixed), RestrictionsResponse);

    expect(metadataOf(resized, ResizeProjectDiskMetadata)).toEqual({
      projectId,
      oldDiskSizeGb: 10,
      newDiskSizeGb: 20,
    });
    expect(await client.done(resized, DiskInfo)).toMatchObject({ diskSizeGb: 20, diskUsedGb: 0 });
    expect(await codeOf(resize(5_000))).toBe(3);
    expect(restrictionsMeta).toContainEqual({ name: "CHANGING_DISK_SIZE", valueType: 1 });
    expect(await client.projects.getRestrictions({ projectId })).toEqual(restricted);
    expect(restricted.restrictions).toMatchObject([fixed]);
    expect(await codeOf(resize(30))).toBe(9);
    expect(await codeOf(restrict({ name: "NO_SUCH_RULE" }))).toBe(3);
  });

  it("has access bindings and resources of its own", async () => {
    const { projects } = its.client;
    const { id } = await newProject();
    const binding = (subject: string) => ({
      roleId: "datasphere.community-projects.viewer",
      subject: { id: subject, type: "userAccount" },
    });
    const boundTo = async () =>
      (await projects.listAccessBindings(ListAccessBindingsRequest.fromPartial({ resourceId: id })))
        .accessBindings;
    const dataset = {
      projectId: id,
      resourceType: ResourceType.RESOURCE_TYPE_DATASET,
      resourceId: "bt1dataset",
    };

    expect(await boundTo()).toEqual([]);
    await projects.setAccessBindings(
      SetAccessBindingsRequest.fromPartial({ resourceId: id, accessBindings: [binding("anna")] }),
    );
    await projects.updateAccessBindings(
      UpdateAccessBindingsRequest.fromPartial({
        resourceId: id,
        accessBindingDeltas: [
          { action: AccessBindingAction.ADD, accessBinding: binding("boris") },
          { action: AccessBindingAction.REMOVE, accessBinding: binding("anna") },
        ],
      }),
    );
    expect(await boundTo()).toEqual([binding("boris")]);

    const activation = { projectId: id, datasetId: "bt1dataset" };
    expect(await codeOf(its.client.datasets.activate(activation))).toBe(5);
    await projects.addResource(AddResourceToProjectRequest.fromPartial(dataset));
    expect(await codeOf(its.client.datasets.activate(activation))).toBe(0);
    await projects.removeResource(RemoveResourceFromProjectRequest.fromPartial(dataset));
    expect(await codeOf(its.client.datasets.activate(activation))).toBe(5);
  });

  it("executes no notebook that it does not have", async () => {
    const { projects } = its.client;
    const { id: projectId } = await newProject();
    const execute = async (part: object) =>
      await codeOf(projects.execute(ProjectExecutionRequest.fromPartial({ projectId, ...part })));

    expect(await execute({ notebookId: "nowhere.ipynb" })).toBe(5);
    expect(await execute({ notebookId: "../away.ipynb" })).toBe(3);
    expect(await execute({ notebookId: "a.ipynb", spec: "no.1" })).toBe(3);
    expect(await execute({ notebookId: "a.ipynb", sparkConnectorId: "bt1spark" })).toBe(9);
  });
});
