import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { CommunityService } from "../../../shared/gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { detail, failureOf } from "../an-api.ts";
import { responseType, SharingWorld } from "./sharing-world.ts";

const { getRestrictions, getRestrictionsMeta, setRestrictions } = ProjectService.method;
const community = CommunityService.method;

let world: SharingWorld;
beforeEach(async () => {
  world = new SharingWorld();
  await world.makeProject("alpha");
});
afterEach(async () => {
  await world.close();
});

const SIZE = { name: "CHANGING_DISK_SIZE", boolValue: [false] };
const TYPES = { name: "ALLOWED_INSTANCE_TYPES", stringValue: ["c1.4", "g1.1"] };

describe("restrictions", () => {
  it("are named with their types, the same for projects and communities", async () => {
    const ofProjects = await world.send(getRestrictionsMeta, {});
    const ofCommunities = await world.send(community.getRestrictionsMeta, {});

    expect(ofProjects.restrictionsMeta).toEqual(ofCommunities.restrictionsMeta);
    expect(ofProjects.restrictionsMeta.map(({ name, valueType }) => [name, valueType])).toEqual([
      ["SERVERLESS_BACKGROUND_CELLS", 1],
      ["CHANGING_DISK_SIZE", 1],
      ["NODES_AND_ALIASES", 1],
      ["DATAPROC_TEMPLATES", 1],
      ["ALLOWED_INSTANCE_TYPES", 3],
    ]);
  });

  it("of a project are replaced as a whole", async () => {
    const operation = await world.send(setRestrictions, {
      projectId: "alpha",
      restrictions: [SIZE, TYPES],
    });
    const first = await world.send(getRestrictions, { projectId: "alpha" });
    await world.send(setRestrictions, { projectId: "alpha", restrictions: [TYPES] });
    const second = await world.send(getRestrictions, { projectId: "alpha" });

    expect(responseType(operation)).toBe("yandex.cloud.datasphere.v2.RestrictionsResponse");
    expect(operation.metadata).toBeUndefined();
    expect(first.restrictions).toMatchObject([SIZE, TYPES]);
    expect(second.restrictions).toMatchObject([TYPES]);
  });

  it("of a community are its own", async () => {
    await world.send(community.setRestrictions, { communityId: "default", restrictions: [SIZE] });

    const request = { communityId: "default" };
    const { restrictions } = await world.send(community.getRestrictions, request);
    expect(restrictions).toMatchObject([SIZE]);
    expect((await world.send(getRestrictions, { projectId: "alpha" })).restrictions).toEqual([]);
  });

  it("are refused by their paths, and then none is set", async () => {
    const failure = await failureOf(
      world.send(setRestrictions, {
        projectId: "alpha",
        restrictions: [
          SIZE,
          { name: "UNHEARD_OF", boolValue: [true] },
          { ...TYPES, longValue: [1n] },
          { name: "NODES_AND_ALIASES", boolValue: [] },
          { ...SIZE, stringValue: ["no"] },
        ],
      }),
    );

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    const fields = detail(failure, BadRequestSchema).fieldViolations.map(({ field }) => field);
    expect(fields).toEqual([
      "restrictions[1].name",
      "restrictions[2].long_value",
      "restrictions[3].bool_value",
      "restrictions[4].string_value",
      "restrictions[4].name",
    ]);
    expect((await world.send(getRestrictions, { projectId: "alpha" })).restrictions).toEqual([]);
  });
});

describe("a disk whose size must not change", () => {
  const resize = ProjectService.method.resizeDisk;

  it("is not resized, whether project or community says so", async () => {
    const request = { projectId: "alpha", newDiskSizeGb: 20n };
    await world.send(community.setRestrictions, { communityId: "default", restrictions: [SIZE] });

    expect((await world.refusal(resize, request)).code).toBe(Code.FAILED_PRECONDITION);
    await world.send(community.setRestrictions, { communityId: "default" });
    await world.send(setRestrictions, { projectId: "alpha", restrictions: [SIZE] });
    expect((await world.refusal(resize, request)).code).toBe(Code.FAILED_PRECONDITION);
    await world.send(setRestrictions, { projectId: "alpha" });
    await world.send(resize, request);

    expect((await world.projectOf("alpha")).diskGb).toBe(20);
  });
});
