import { credentials } from "@grpc/grpc-js";
import { Community } from "@yandex-cloud/nodejs-sdk/datasphere-v2/community";
import {
  AddCommunityResourceRequest,
  CommunityServiceClient,
  CreateCommunityMetadata,
  CreateCommunityRequest,
  ListCommunitiesRequest,
  RemoveCommunityResourceRequest,
  SetCommunityRestrictionsRequest,
  UpdateCommunityRequest,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/community_service";
import { DatasetServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/dataset_service";
import { DockerImageServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/docker_image_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  CreateProjectRequest,
  ListProjectsRequest,
  ProjectServiceClient,
  UpdateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { ResourceType } from "@yandex-cloud/nodejs-sdk/datasphere-v2/resource_types";
import { RestrictionsResponse } from "@yandex-cloud/nodejs-sdk/datasphere-v2/restrictions";
import { S3ServiceClient } from "@yandex-cloud/nodejs-sdk/datasphere-v2/s3_service";
import {
  AccessBindingAction,
  ListAccessBindingsRequest,
  SetAccessBindingsRequest,
  UpdateAccessBindingsRequest,
  type AccessBinding,
  type Subject,
} from "@yandex-cloud/nodejs-sdk/proto/access/access";
import { afterAll, describe, expect, it } from "vitest";
import { codeOf, refusal } from "./refusal.ts";
import { metadataOf, uncalled, type SdkClient } from "./sdk-client.ts";
import { aSubject, served } from "./served.ts";

const its = served();

afterAll(() => {
  const sharing = [DatasetServiceClient, S3ServiceClient, DockerImageServiceClient];
  expect(uncalled(CommunityServiceClient, ...sharing)).toEqual([]);
});

const ORGANIZATION = "lab";
const EVERYBODY = { id: "allUsers", type: "system" };
const ALL_KNOWN = { id: "allAuthenticatedUsers", type: "system" };
const person = (id: string) => ({ id, type: "userAccount" });

async function newCommunity(part: DeepPartial<CreateCommunityRequest> = {}): Promise<Community> {
  const { communities } = its.client;
  const request = { organizationId: ORGANIZATION, zoneId: "ru-central1-a", ...part };
  return await its.client.done(
    await communities.create(CreateCommunityRequest.fromPartial(request)),
    Community,
  );
}

async function newProject(communityId: string, by: SdkClient = its.client): Promise<Project> {
  const request = CreateProjectRequest.fromPartial({ communityId });
  return await by.done(await by.projects.create(request), Project);
}

/** Gives a role on a community to a subject. */
async function grant(resourceId: string, role: string, subject: Subject): Promise<void> {
  const accessBinding = { roleId: `datasphere.communities.${role}`, subject };
  await its.client.communities.updateAccessBindings(
    UpdateAccessBindingsRequest.fromPartial({
      resourceId,
      accessBindingDeltas: [{ action: AccessBindingAction.ADD, accessBinding }],
    }),
  );
}

describe("a community of a program that knows the official SDK alone", () => {
  it("is created, listed, changed and deleted once nothing is in it", async () => {
    const { client } = its;
    const { communities } = client;
    const listed = async (part: object): Promise<readonly (string | undefined)[]> => {
      const request = ListCommunitiesRequest.fromPartial({ organizationId: ORGANIZATION, ...part });
      return (await communities.list(request)).communities.map(({ name }) => name);
    };

    const operation = await communities.create(
      CreateCommunityRequest.fromPartial({
        ...{ name: "Команда", organizationId: ORGANIZATION, zoneId: "ru-central1-a" },
        labels: { a: "b" },
      }),
    );
    const made = await client.done(operation, Community);
    const { communityId } = metadataOf(operation, CreateCommunityMetadata);
    expect(made).toMatchObject({ id: communityId, name: "Команда", labels: { a: "b" } });
    expect(await communities.get({ communityId })).toEqual(made);
    expect(await listed({ nameOrDescriptionPattern: "ком*" })).toEqual(["Команда"]);
    expect(await listed({ nameOrDescriptionPattern: "other" })).toEqual([]);

    const update = (part: DeepPartial<UpdateCommunityRequest>) =>
      UpdateCommunityRequest.fromPartial({ communityId, ...part });
    const masked = update({ updateMask: { paths: ["description"] }, description: "new" });
    expect(await client.done(await communities.update(masked), Community)).toEqual({
      ...made,
      description: "new",
    });
    const fixed = update({ updateMask: { paths: ["zone_id"] } });
    expect(await refusal(async (o) => await communities.update(fixed, o))).toMatchObject({
      code: 3,
      fields: ["update_mask"],
    });

    const project = await newProject(communityId);
    expect(await codeOf(communities.delete({ communityId }))).toBe(9);
    await client.ended(await client.projects.delete({ projectId: project.id }));
    await client.ended(await communities.delete({ communityId }));
    expect(await codeOf(communities.get({ communityId }))).toBe(5);
    expect(await codeOf(communities.delete({ communityId: "default" }))).toBe(9);
  });

  it("restricts its projects", async () => {
    const { client } = its;
    const { id: communityId } = await newCommunity();
    const restrictions = [{ name: "ALLOWED_INSTANCE_TYPES", stringValue: ["c1.4"] }];

    const { restrictionsMeta } = await client.communities.getRestrictionsMeta({});
    const set = await client.done(
      await client.communities.setRestrictions(
        SetCommunityRestrictionsRequest.fromPartial({ communityId, restrictions }),
      ),
      RestrictionsResponse,
    );

    expect(restrictionsMeta.map(({ name }) => name)).toContain("ALLOWED_INSTANCE_TYPES");
    expect(set.restrictions).toMatchObject(restrictions);
    expect(await client.communities.getRestrictions({ communityId })).toEqual(set);
  });

  it("shares resources that each project switches on for itself", async () => {
    const { client } = its;
    const { id: communityId } = await newCommunity();
    const { id: projectId } = await newProject(communityId);
    const kinds = {
      dataset: ResourceType.RESOURCE_TYPE_DATASET,
      bucket: ResourceType.RESOURCE_TYPE_S3,
      image: ResourceType.RESOURCE_TYPE_DOCKER_IMAGE,
    };
    const switchOn = async (): Promise<readonly (number | undefined)[]> => [
      await codeOf(client.datasets.activate({ projectId, datasetId: "dataset" })),
      await codeOf(client.buckets.activate({ projectId, s3Id: "bucket" })),
      await codeOf(client.images.activate({ projectId, dockerId: "image" })),
    ];
    const shared = Object.entries(kinds).map(([resourceId, resourceType]) => ({
      ...{ communityId, resourceId, resourceType },
    }));

    expect(await switchOn()).toEqual([5, 5, 5]);
    for (const each of shared) {
      await client.communities.addResource(AddCommunityResourceRequest.fromPartial(each));
    }
    expect(await switchOn()).toEqual([0, 0, 0]);
    await client.datasets.deactivate({ projectId, datasetId: "dataset" });
    await client.buckets.deactivate({ projectId, s3Id: "bucket" });
    for (const each of shared) {
      await client.communities.removeResource(RemoveCommunityResourceRequest.fromPartial(each));
    }
    expect(await switchOn()).toEqual([5, 5, 5]);
  });
});

describe("the roles that access bindings give", () => {
  it("reach from a community into its projects, each including those before it", async () => {
    const { id: communityId } = await newCommunity();
    const { id: projectId } = await newProject(communityId);
    const update = (paths: string[]) =>
      UpdateProjectRequest.fromPartial({ projectId, updateMask: { paths } });
    const mayDo = async (who: SdkClient): Promise<readonly (number | undefined)[]> => [
      await codeOf(who.projects.get({ projectId })),
      await codeOf(who.projects.create(CreateProjectRequest.fromPartial({ communityId }))),
      await codeOf(who.projects.update(update(["description"]))),
      await codeOf(who.projects.update(update(["limits"]))),
    ];
    const table: Record<string, readonly (number | undefined)[]> = {};

    for (const role of ["viewer", "developer", "editor", "admin"]) {
      const who = await aSubject(its, role);
      await grant(communityId, role, person(role));
      table[role] = await mayDo(who);
    }

    expect(table).toEqual({
      viewer: [0, 7, 7, 7],
      developer: [0, 0, 7, 7],
      editor: [0, 0, 0, 7],
      admin: [0, 0, 0, 0],
    });
  });

  it("make whoever creates a project its admin, and show limits to editors alone", async () => {
    const { id: communityId } = await newCommunity();
    const [anna, vera] = [await aSubject(its, "anna"), await aSubject(its, "vera")];
    await grant(communityId, "developer", person("anna"));
    await grant(communityId, "viewer", ALL_KNOWN);
    const limits = { maxUnitsPerHour: 7 };

    const operation = await anna.projects.create(
      CreateProjectRequest.fromPartial({ communityId, limits }),
    );
    const made = await anna.done(operation, Project);
    const seen = await vera.projects.get({ projectId: made.id });

    expect(made).toMatchObject({ createdById: "anna", limits });
    expect(seen).toMatchObject({ id: made.id, createdById: "anna" });
    expect(seen.limits).toBeUndefined();
    const operationId = operation.id;
    const told = await vera.done(await vera.operations.get({ operationId }), Project);
    expect(told.limits).toBeUndefined();
    const list = ListProjectsRequest.fromPartial({ communityId });
    expect((await vera.projects.list(list)).projects.map(({ id }) => id)).toEqual([made.id]);
    const nobody = await aSubject(its, "nobody");
    const { id: elsewhere } = await newCommunity();
    const unseen = ListProjectsRequest.fromPartial({ communityId: elsewhere });
    expect((await nobody.projects.list(unseen)).projects).toEqual([]);
  });

  it("of allUsers need no token, and what is shared so is public", async () => {
    const { client } = its;
    const { id: communityId } = await newCommunity();
    const { id: projectId } = await newProject(communityId);
    const anonymous = new ProjectServiceClient(
      client.endpoint,
      credentials.createSsl(client.rootCerts),
    );
    const get = async (): Promise<number> =>
      await new Promise((resolve) => {
        anonymous.get({ projectId }, (error) => resolve(error?.code ?? 0));
      });
    const isPublic = async (): Promise<boolean> => {
      const request = { organizationId: ORGANIZATION, listPublic: true };
      const found = await client.communities.list(ListCommunitiesRequest.fromPartial(request));
      return found.communities.some(({ id }) => id === communityId);
    };

    expect([await get(), await isPublic()]).toEqual([16, false]);
    await grant(communityId, "viewer", EVERYBODY);
    expect([await get(), await isPublic()]).toEqual([0, true]);
    expect(await codeOf(client.as("").projects.get({ projectId }))).toBe(0);
    expect(await codeOf(client.as("orr_wrong").projects.get({ projectId }))).toBe(16);
    anonymous.close();
  });

  it("are listed in pages, replaced as a whole, and refused where they make no sense", async () => {
    const { communities } = its.client;
    const { id: resourceId } = await newCommunity();
    const roleId = "datasphere.communities.viewer";
    const set = async (accessBindings: AccessBinding[]) =>
      await refusal(
        async (o) =>
          await communities.setAccessBindings(
            SetAccessBindingsRequest.fromPartial({ resourceId, accessBindings }),
            o,
          ),
      );
    const many = (count: number): AccessBinding[] =>
      Array.from({ length: count }, (_, index) => ({ roleId, subject: person(`p${index}`) }));

    expect((await set(many(1_000))).code).toBeUndefined();
    const found = new Set<string>();
    let pages = 0;
    for (let pageToken = "", more = true; more; more = pageToken !== "", pages += 1) {
      const page = await communities.listAccessBindings(
        ListAccessBindingsRequest.fromPartial({ resourceId, pageSize: 400, pageToken }),
      );
      for (const { subject } of page.accessBindings) found.add(subject?.id ?? "");
      pageToken = page.nextPageToken;
    }

    expect([found.size, pages]).toEqual([1_000, 3]);
    expect(await set(many(1_001))).toMatchObject({ code: 3, fields: ["access_bindings"] });
    const wrong = [
      { roleId: "datasphere.community-projects.viewer", subject: person("a") },
      { roleId, subject: { id: "a", type: "robot" } },
      { roleId, subject: { id: "somebody", type: "system" } },
    ];
    expect(await set(wrong)).toMatchObject({
      code: 3,
      fields: [
        "access_bindings[0].role_id",
        "access_bindings[1].subject.type",
        "access_bindings[2].subject.id",
      ],
    });
  });
});
