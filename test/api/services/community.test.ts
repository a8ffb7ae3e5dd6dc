import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { registry } from "../../../shared/api/any.ts";
import { Code } from "../../../shared/api/code.ts";
import type { Community } from "../../../shared/gen/yandex/cloud/datasphere/v2/community_pb.ts";
import { CommunityService } from "../../../shared/gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import type { Operation } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { ResourceType } from "../../../shared/gen/yandex/cloud/datasphere/v2/resource_types_pb.ts";
import { scanBindings } from "../../../shared/records/binding-record.ts";
import { scanResources } from "../../../shared/records/resource-record.ts";
import {
  DEFAULT_COMMUNITY,
  ensureCommunity,
} from "../../../shared/usecases/communities/ensure-community.ts";
import { detail, failureOf } from "../an-api.ts";
import { responseType, SharingWorld } from "./sharing-world.ts";

const {
  create,
  get,
  update,
  delete: remove,
  list,
  addResource,
  setAccessBindings,
} = CommunityService.method;

let world: SharingWorld;
beforeEach(() => {
  world = new SharingWorld();
});
afterEach(async () => {
  await world.close();
});

const NEW = { name: "team-a", organizationId: "org1", zoneId: "zone1", labels: { env: "test" } };

function communityIn(operation: Operation): Community {
  expect(operation.done).toBe(true);
  expect(responseType(operation)).toBe("yandex.cloud.datasphere.v2.Community");
  const any = operation.result.case === "response" ? operation.result.value : undefined;
  return (any && anyUnpack(any, registry)) as Community;
}

async function made(fields: Partial<typeof NEW & { description: string }> = {}): Promise<string> {
  return communityIn(await world.send(create, { ...NEW, ...fields })).id;
}

describe("a community that the platform creates", () => {
  it("comes back from Get as its operation told it", async () => {
    const operation = await world.send(create, { ...NEW, description: "of ours" });
    const created = communityIn(operation);

    expect(created.id).toMatch(/^bt1[a-z0-9]{17}$/);
    expect(created).toMatchObject({ ...NEW, description: "of ours", createdById: "orrery" });
    expect(operation.metadata?.typeUrl).toContain("CreateCommunityMetadata");
    expect(await world.send(get, { communityId: created.id })).toEqual(created);
  });

  it("is made once, however often the same request comes under one key", async () => {
    const headers = { authorization: "Bearer token", "idempotency-key": "k1" };

    const first = await world.send(create, NEW, headers);
    const second = await world.send(create, NEW, headers);

    expect(second).toEqual(first);
    const { communities } = await world.send(list, { organizationId: "org1" });
    expect(communities).toHaveLength(1);
  });

  it("keeps its name for itself, and an empty name is nobody's", async () => {
    await made();

    expect(await world.refusal(create, NEW)).toMatchObject({ code: Code.ALREADY_EXISTS });
    await made({ name: "" });
    await made({ name: "" });
  });

  it("is none of anybody else's to create", async () => {
    const user = await world.userOf("ann");

    expect(await world.refusal(create, NEW, user)).toMatchObject({
      code: Code.PERMISSION_DENIED,
    });
  });
});

describe("an update of a community", () => {
  it("without a mask overwrites name, description and labels", async () => {
    const id = await made({ description: "before" });

    const updated = communityIn(await world.send(update, { communityId: id, name: "team-b" }));

    expect(updated).toMatchObject({ name: "team-b", description: "", labels: {} });
    expect(await world.send(get, { communityId: id })).toEqual(updated);
  });

  it("with a mask changes what it names alone", async () => {
    const id = await made({ description: "before" });

    const mask = { paths: ["description"] };
    await world.send(update, {
      communityId: id,
      updateMask: mask,
      name: "x-y",
      description: "now",
    });

    const found = await world.send(get, { communityId: id });
    expect(found).toMatchObject({ name: "team-a", description: "now", labels: { env: "test" } });
  });

  it("refuses a path that cannot be updated, by the mask's name", async () => {
    const id = await made();

    const failure = await failureOf(
      world.send(update, { communityId: id, updateMask: { paths: ["zone_id"] } }),
    );

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(detail(failure, BadRequestSchema).fieldViolations[0]?.field).toBe("update_mask");
  });

  it("frees the old name and takes the new one, unless another has it", async () => {
    const id = await made();
    await made({ name: "team-b" });

    const taken = { communityId: id, name: "team-b" };
    expect(await world.refusal(update, taken)).toMatchObject({ code: Code.ALREADY_EXISTS });
    await world.send(update, { communityId: id, name: "team-c" });
    await made({ name: "team-a" });
  });

  it("refuses what is no name, as Create does", async () => {
    const id = await made();

    for (const name of ["ab", "a b c", "-abc", "a\0bc", "x".repeat(64)]) {
      const wrong = await world.refusal(update, { communityId: id, name });
      expect(wrong).toMatchObject({ code: Code.INVALID_ARGUMENT });
    }
  });
});

describe("the deletion of a community", () => {
  it("is refused while it has projects", async () => {
    const id = await made();
    await world.makeProject("alpha", id);

    const refused = await world.refusal(remove, { communityId: id });

    expect(refused.code).toBe(Code.FAILED_PRECONDITION);
    expect(refused.message).toContain("alpha");
  });

  it("takes its bindings, its resources and its name along", async () => {
    const id = await made();
    const viewer = {
      roleId: "datasphere.communities.viewer",
      subject: { id: "ann", type: "userAccount" },
    };
    await world.send(setAccessBindings, { resourceId: id, accessBindings: [viewer] });
    const ann = await world.userOf("ann");
    await world.send(get, { communityId: id }, ann);
    const secret = { communityId: id, resourceType: ResourceType.SECRET, resourceId: "s-1" };
    await world.send(addResource, secret);

    const operation = await world.send(remove, { communityId: id });

    expect(responseType(operation)).toBe("google.protobuf.Empty");
    expect((await world.refusal(get, { communityId: id })).code).toBe(Code.NOT_FOUND);
    expect((await world.refusal(get, { communityId: id }, ann)).code).toBe(Code.PERMISSION_DENIED);
    const left = await world.store.snapshot(async (reader) => {
      const holder = { kind: "community", id } as const;
      const bindings = await scanBindings(reader, holder, { limit: 1 });
      return [...bindings, ...(await scanResources(reader, holder, { limit: 1 }))];
    });
    expect(left).toEqual([]);
    await made();
  });

  it("is always refused for the one of the configured projects", async () => {
    await world.store.transact("make", async (tx) => {
      await ensureCommunity(tx, DEFAULT_COMMUNITY, world.clock.now());
    });

    const refused = await world.refusal(remove, { communityId: "default" });

    expect(refused.code).toBe(Code.FAILED_PRECONDITION);
  });
});

describe("a listing of communities", () => {
  const names = async (
    request: Parameters<typeof world.send<typeof list.input, typeof list.output>>[1],
    headers?: Readonly<Record<string, string>>,
  ): Promise<readonly string[]> => {
    const { communities } = await world.send(list, request, headers);
    return communities.map(({ name }) => name).toSorted();
  };

  it("keeps to the organization, the pattern and the creator", async () => {
    await made({ name: "Sales-one" });
    await made({ name: "ops-two", description: "after sales" });
    await made({ name: "ops-three" });
    await made({ name: "elsewhere", organizationId: "org2" });

    const organizationId = "org1";
    expect(await names({ organizationId })).toEqual(["Sales-one", "ops-three", "ops-two"]);
    const part = { organizationId, nameOrDescriptionPattern: "SALES" };
    expect(await names(part)).toEqual(["Sales-one", "ops-two"]);
    const whole = { organizationId, nameOrDescriptionPattern: "ops-t?o" };
    expect(await names(whole)).toEqual(["ops-two"]);
    expect(await names({ organizationId, ownedById: "ann" })).toEqual([]);
    expect(await names({ organizationId, ownedById: "orrery" })).toHaveLength(3);
  });

  it("shows a caller those it holds a role on, and the public ones", async () => {
    const mine = await made({ name: "mine" });
    const open = await made({ name: "open" });
    await made({ name: "hidden" });
    const viewer = (id: string, type: string) => ({
      roleId: "datasphere.communities.viewer",
      subject: { id, type },
    });
    const ann = [viewer("ann", "userAccount")];
    await world.send(setAccessBindings, { resourceId: mine, accessBindings: ann });
    const all = [viewer("allAuthenticatedUsers", "system")];
    await world.send(setAccessBindings, { resourceId: open, accessBindings: all });
    const user = await world.userOf("ann");

    const organizationId = "org1";
    expect(await names({ organizationId }, user)).toEqual(["mine", "open"]);
    expect(await names({ organizationId, listPublic: true }, user)).toEqual(["open"]);
    expect(await names({ organizationId, listPublic: true })).toEqual(["open"]);
  });

  it("pages through all of them once, also where others appear meanwhile", async () => {
    const ids = new Set<string>();
    for (let n = 0; n < 7; n += 1) ids.add(await made({ name: `team-${n}` }));

    const seen: string[] = [];
    let pageToken = "";
    do {
      const page = await world.send(list, { organizationId: "org1", pageSize: 3n, pageToken });
      expect(page.communities.length).toBeLessThanOrEqual(3);
      expect(page.nextPageToken.length).toBeLessThanOrEqual(100);
      seen.push(...page.communities.map(({ id }) => id));
      pageToken = page.nextPageToken;
      await made({ name: `late-${seen.length}` });
    } while (pageToken !== "");

    expect(new Set(seen).size).toBe(seen.length);
    expect([...ids].every((id) => seen.includes(id))).toBe(true);
  });

  it("refuses a token of another listing, and one that is none", async () => {
    for (const pageToken of ["???", "WyJiaW4iLCIwIl0", "x".repeat(600)]) {
      const refused = await world.refusal(list, { organizationId: "org1", pageToken });
      expect(refused.code).toBe(Code.INVALID_ARGUMENT);
    }
  });
});
