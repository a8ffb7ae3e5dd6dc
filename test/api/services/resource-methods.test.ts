import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import type { AccessResource } from "../../../shared/core/access/access.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { SharedResource } from "../../../shared/core/project/shared-resource.ts";
import { CommunityService } from "../../../shared/gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { DatasetService } from "../../../shared/gen/yandex/cloud/datasphere/v2/dataset_service_pb.ts";
import { DockerImageService } from "../../../shared/gen/yandex/cloud/datasphere/v2/docker_image_service_pb.ts";
import { DockerImageV2Service } from "../../../shared/gen/yandex/cloud/datasphere/v2/docker_image_v2_service_pb.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { ResourceType } from "../../../shared/gen/yandex/cloud/datasphere/v2/resource_types_pb.ts";
import { S3Service } from "../../../shared/gen/yandex/cloud/datasphere/v2/s3_service_pb.ts";
import { scanResources, writeResource } from "../../../shared/records/resource-record.ts";
import { responseType, SharingWorld } from "./sharing-world.ts";

const { DATASET, DOCKER_IMAGE, S3, SECRET } = ResourceType;
const { addResource, removeResource } = ProjectService.method;
const community = CommunityService.method;

let world: SharingWorld;
beforeEach(async () => {
  world = new SharingWorld();
  await world.makeProject("alpha");
});
afterEach(async () => {
  await world.close();
});

const ALPHA: AccessResource = { kind: "project", id: "alpha" };

async function rows(holder = ALPHA): Promise<readonly SharedResource[]> {
  return await world.store.snapshot(
    async (reader) => await scanResources(reader, holder, { limit: limits.scanRows }),
  );
}

/** What a holder has, as `kind id`, with a star where it is active. */
async function held(holder = ALPHA): Promise<readonly string[]> {
  return (await rows(holder)).map(({ kind, id, active }) => `${kind} ${id}${active ? "*" : ""}`);
}

const inAlpha = (resourceType: ResourceType, resourceId: string) => ({
  projectId: "alpha",
  resourceType,
  resourceId,
});
const inDefault = (resourceType: ResourceType, resourceId: string) => ({
  communityId: "default",
  resourceType,
  resourceId,
});

describe("a resource of a project", () => {
  it("is added once, however often, and removed once, however often", async () => {
    const operation = await world.send(addResource, inAlpha(SECRET, "s-1"));
    await world.send(addResource, inAlpha(SECRET, "s-1"));
    await world.send(addResource, inAlpha(DATASET, "s-1"));

    expect(operation.metadata).toBeUndefined();
    expect(responseType(operation)).toBe("google.protobuf.Empty");
    expect(await held()).toEqual(["dataset s-1", "secret s-1"]);

    await world.send(removeResource, inAlpha(SECRET, "s-1"));
    await world.send(removeResource, inAlpha(SECRET, "s-1"));
    expect(await held()).toEqual(["dataset s-1"]);
  });

  it("keeps who added it first, and when", async () => {
    await world.send(addResource, inAlpha(SECRET, "s-1"));
    const before = await rows();
    await world.clock.advance(1_000);

    await world.send(addResource, inAlpha(SECRET, "s-1"));

    expect(await rows()).toEqual(before);
  });

  it("has a type and an id that can be seen", async () => {
    const invalid = { code: Code.INVALID_ARGUMENT };

    expect(await world.refusal(addResource, { projectId: "alpha", resourceId: "x" })).toMatchObject(
      invalid,
    );
    for (const id of ["a b", "x".repeat(201)]) {
      expect(await world.refusal(addResource, inAlpha(SECRET, id))).toMatchObject(invalid);
    }
    expect(await held()).toEqual([]);
  });

  it("stays switched on when it is added again", async () => {
    await world.send(addResource, inAlpha(DATASET, "d-1"));
    await world.send(DatasetService.method.activate, { projectId: "alpha", datasetId: "d-1" });
    await world.send(addResource, inAlpha(DATASET, "d-1"));

    expect(await held()).toEqual(["dataset d-1*"]);
  });

  it("finds no room where there are as many as one scan shows", async () => {
    const row = { addedAt: world.clock.now(), addedBy: "orrery", active: false };
    await world.store.transact("fill", async (tx) => {
      for (let n = 0; n < limits.sharedResources; n += 1) {
        writeResource(tx, ALPHA, { kind: "secret", id: `s-${n}`, ...row });
      }
      await Promise.resolve();
    });

    const refused = await world.refusal(addResource, inAlpha(SECRET, "one-more"));

    expect(refused.code).toBe(Code.INVALID_ARGUMENT);
    await world.send(addResource, inAlpha(SECRET, "s-0"));
  });
});

describe("switching a resource on", () => {
  it("needs it to be shared with the project, under that type", async () => {
    const request = { projectId: "alpha", datasetId: "d-1" };
    const { activate, deactivate } = DatasetService.method;
    await world.send(addResource, inAlpha(S3, "d-1"));

    const refused = { code: Code.NOT_FOUND };
    expect(await world.refusal(activate, request)).toMatchObject(refused);
    expect(await world.refusal(deactivate, request)).toMatchObject(refused);
    await world.send(addResource, inAlpha(DATASET, "d-1"));
    await world.send(activate, request);
    await world.send(activate, request);
    expect(await held()).toEqual(["dataset d-1*", "s3 d-1"]);
    await world.send(deactivate, request);
    await world.send(deactivate, request);
    expect(await held()).toEqual(["dataset d-1", "s3 d-1"]);
  });

  it("works for S3 connectors as for datasets", async () => {
    const request = { projectId: "alpha", s3Id: "bucket" };
    await world.send(addResource, inAlpha(S3, "bucket"));

    const operation = await world.send(S3Service.method.activate, request);

    expect(operation.done).toBe(true);
    expect(await held()).toEqual(["s3 bucket*"]);
    await world.send(S3Service.method.deactivate, request);
    expect(await held()).toEqual(["s3 bucket"]);
  });

  it("leaves one Docker image active at a time, under either service", async () => {
    for (const id of ["i-1", "i-2"]) await world.send(addResource, inAlpha(DOCKER_IMAGE, id));

    await world.send(DockerImageService.method.activate, { projectId: "alpha", dockerId: "i-1" });
    expect(await held()).toEqual(["dockerImage i-1*", "dockerImage i-2"]);

    await world.send(DockerImageV2Service.method.setActive, { projectId: "alpha", imageId: "i-2" });
    expect(await held()).toEqual(["dockerImage i-1", "dockerImage i-2*"]);
  });
});

describe("a resource of a community", () => {
  const activate = DockerImageService.method.activate;
  const on = (dockerId: string, projectId = "alpha") => ({ projectId, dockerId });

  it("is switched on in one project without the others", async () => {
    await world.makeProject("beta");
    await world.send(community.addResource, inDefault(DOCKER_IMAGE, "i-1"));

    await world.send(activate, on("i-1"));

    expect(await held()).toEqual(["dockerImage i-1*"]);
    expect(await held({ kind: "project", id: "beta" })).toEqual([]);
    expect(await held({ kind: "community", id: "default" })).toEqual(["dockerImage i-1"]);
  });

  it("gives way to the project's own image, and leaves nothing behind", async () => {
    await world.send(community.addResource, inDefault(DOCKER_IMAGE, "i-1"));
    await world.send(addResource, inAlpha(DOCKER_IMAGE, "i-2"));
    await world.send(activate, on("i-1"));

    await world.send(activate, on("i-2"));

    expect(await held()).toEqual(["dockerImage i-2*"]);
  });

  it("stays on when the project gets it itself, and then outlives the community's", async () => {
    await world.send(community.addResource, inDefault(DOCKER_IMAGE, "i-1"));
    await world.send(activate, on("i-1"));
    await world.send(addResource, inAlpha(DOCKER_IMAGE, "i-1"));

    await world.send(community.removeResource, inDefault(DOCKER_IMAGE, "i-1"));

    expect(await held()).toEqual(["dockerImage i-1*"]);
    await world.send(activate, on("i-1"));
  });

  it("cannot be switched on any more once the community has given it up", async () => {
    await world.send(community.addResource, inDefault(DOCKER_IMAGE, "i-1"));
    await world.send(activate, on("i-1"));
    await world.send(community.removeResource, inDefault(DOCKER_IMAGE, "i-1"));

    expect((await world.refusal(activate, on("i-1"))).code).toBe(Code.NOT_FOUND);
  });
});
