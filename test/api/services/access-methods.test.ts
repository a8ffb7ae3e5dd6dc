import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import { limits } from "../../../shared/core/limits.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { AccessBindingAction } from "../../../shared/gen/yandex/cloud/access/access_pb.ts";
import { CommunityService } from "../../../shared/gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { detail, failureOf } from "../an-api.ts";
import { responseType, SharingWorld } from "./sharing-world.ts";

const { listAccessBindings, setAccessBindings, updateAccessBindings, getRestrictions } =
  ProjectService.method;
const { ADD, REMOVE } = AccessBindingAction;

let world: SharingWorld;
beforeEach(async () => {
  world = new SharingWorld();
  await world.makeProject("alpha");
});
afterEach(async () => {
  await world.close();
});

const PROJECTS = "datasphere.community-projects";

function binding(id: string, role = "viewer", type = "userAccount") {
  return { roleId: `${PROJECTS}.${role}`, subject: { id, type } };
}

async function set(bindings: readonly ReturnType<typeof binding>[]): Promise<void> {
  await world.send(setAccessBindings, { resourceId: "alpha", accessBindings: [...bindings] });
}

async function apply(
  deltas: readonly (readonly [AccessBindingAction, ReturnType<typeof binding>])[],
): Promise<void> {
  await world.send(updateAccessBindings, {
    resourceId: "alpha",
    accessBindingDeltas: deltas.map(([action, accessBinding]) => ({ action, accessBinding })),
  });
}

/** All bindings, page by page, as `id role`. */
async function listed(pageSize = 0n): Promise<readonly string[]> {
  const seen: string[] = [];
  let pageToken = "";
  do {
    const page = await world.send(listAccessBindings, { resourceId: "alpha", pageSize, pageToken });
    expect(page.nextPageToken.length).toBeLessThanOrEqual(100);
    for (const { subject, roleId } of page.accessBindings) {
      seen.push(`${subject?.id} ${roleId.replace(`${PROJECTS}.`, "")}`);
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== "");
  return seen;
}

describe("setting access bindings", () => {
  it("replaces all there were, and naming one twice is naming it once", async () => {
    await set([binding("ann"), binding("bob", "admin")]);
    await set([binding("cid"), binding("cid"), binding("ann", "editor")]);

    expect(await listed()).toEqual(["ann editor", "cid viewer"]);
  });

  it("answers with a done operation that names the resource", async () => {
    const operation = await world.send(setAccessBindings, { resourceId: "alpha" });

    expect(operation.done).toBe(true);
    expect(responseType(operation)).toBe("google.protobuf.Empty");
    expect(operation.metadata?.typeUrl).toContain("SetProjectAccessBindingsMetadata");
  });

  it("decides at once who may call", async () => {
    const ann = await world.userOf("ann");
    const denied = { code: Code.PERMISSION_DENIED };
    expect(await world.refusal(getRestrictions, { projectId: "alpha" }, ann)).toMatchObject(denied);

    await set([binding("ann")]);
    await world.send(getRestrictions, { projectId: "alpha" }, ann);
    await set([]);

    expect(await world.refusal(getRestrictions, { projectId: "alpha" }, ann)).toMatchObject(denied);
  });

  it("replaces a thousand by another thousand", async () => {
    const many = (prefix: string) =>
      Array.from({ length: 1_000 }, (_, n) => binding(`${prefix}${String(n).padStart(4, "0")}`));
    await set(many("a"));
    await set(many("b"));

    const found = await listed(1_000n);

    expect(found).toHaveLength(1_000);
    expect(found.every((each) => each.startsWith("b"))).toBe(true);
  });
});

describe("wrong access bindings", () => {
  const wrongFields = async (
    bindings: readonly ReturnType<typeof binding>[],
  ): Promise<readonly string[]> => {
    const failure = await failureOf(set(bindings));
    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    return detail(failure, BadRequestSchema).fieldViolations.map(({ field }) => field);
  };

  it("are told by their paths, and nothing is written", async () => {
    await set([binding("ann")]);

    const unknown = { ...binding("bob"), roleId: "datasphere.communities.viewer" };
    const fields = await wrongFields([
      binding("bob"),
      binding("cid", "owner"),
      unknown,
      binding("dan", "viewer", "robot"),
      binding("everybody", "viewer", "system"),
    ]);

    expect(fields).toEqual([
      "access_bindings[1].role_id",
      "access_bindings[2].role_id",
      "access_bindings[3].subject.type",
      "access_bindings[4].subject.id",
    ]);
    expect(await listed()).toEqual(["ann viewer"]);
  });

  it("are those whose id nobody could see", async () => {
    expect(await wrongFields([binding("a b"), binding("a\u200b")])).toEqual([
      "access_bindings[0].subject.id",
      "access_bindings[1].subject.id",
    ]);
  });

  it("are told for deltas too", async () => {
    const failure = await failureOf(
      apply([
        [ADD, binding("ann")],
        [REMOVE, binding("ann", "none")],
      ]),
    );

    expect(detail(failure, BadRequestSchema).fieldViolations[0]?.field).toBe(
      "access_binding_deltas[1].access_binding.role_id",
    );
    expect(await listed()).toEqual([]);
  });

  it("are too many beyond the ceiling, and then none of them is added", async () => {
    const batch = (n: number) =>
      Array.from({ length: 1_000 }, (_, m) => [ADD, binding(`u${n}-${m}`)] as const);
    const batches = limits.bindingsPerResource / 1_000;
    for (let n = 0; n < batches; n += 1) await apply(batch(n));

    const failure = await failureOf(apply([[ADD, binding("one-more")]]));

    expect(failure.code).toBe(Code.INVALID_ARGUMENT);
    expect(await listed(1_000n)).toHaveLength(limits.bindingsPerResource);
    await apply([
      [REMOVE, binding("u0-0")],
      [ADD, binding("one-more")],
    ]);
  });
});

describe("access binding deltas", () => {
  it("take effect in their order, and repeating one changes nothing", async () => {
    await set([binding("ann"), binding("bob")]);

    await apply([
      [ADD, binding("ann")],
      [REMOVE, binding("bob")],
      [REMOVE, binding("bob")],
      [ADD, binding("cid")],
      [REMOVE, binding("cid")],
      [REMOVE, binding("dan")],
      [ADD, binding("dan", "editor")],
    ]);

    expect(await listed()).toEqual(["ann viewer", "dan editor"]);
  });
});

describe("a listing of access bindings", () => {
  it("gives each once in pages of any size, also ids too long for a token", async () => {
    const long = "x".repeat(99);
    const all = [
      binding("ann", "admin"),
      binding("ann"),
      binding(`${long}a`),
      binding(`${long}b`),
      binding(`${long}b`, "editor"),
      binding("allUsers", "viewer", "system"),
      binding("group:organization:org1:users", "developer", "system"),
    ];
    await set(all);

    for (const size of [1n, 2n, 3n, 7n, 100n]) {
      const found = await listed(size);
      expect(found).toHaveLength(all.length);
      expect(new Set(found).size).toBe(all.length);
    }
  });

  it("goes on behind a binding that is gone by then", async () => {
    await set([binding("ann"), binding("bob"), binding("cid")]);
    const request = { resourceId: "alpha", pageSize: 1n };
    const { nextPageToken } = await world.send(listAccessBindings, request);

    await apply([
      [REMOVE, binding("ann")],
      [ADD, binding("abe")],
    ]);
    const next = { ...request, pageToken: nextPageToken };
    const { accessBindings } = await world.send(listAccessBindings, next);

    expect(accessBindings.map(({ subject }) => subject?.id)).toEqual(["bob"]);
  });
});

describe("the groups of an organization", () => {
  it("are kept, and nobody here is in one", async () => {
    await set([binding("group:federation:fed1:users", "admin", "system")]);
    const ann = await world.userOf("ann", "federatedUser");

    const refused = await world.refusal(getRestrictions, { projectId: "alpha" }, ann);

    expect(refused.code).toBe(Code.PERMISSION_DENIED);
    expect(await listed()).toEqual(["group:federation:fed1:users admin"]);
  });
});

describe("bindings of a community", () => {
  it("take the roles of communities alone, and reach its projects", async () => {
    const ann = await world.userOf("ann");
    const request = (roleId: string) => ({
      resourceId: "default",
      accessBindings: [{ roleId, subject: { id: "ann", type: "userAccount" } }],
    });
    const method = CommunityService.method.setAccessBindings;

    const wrong = await world.refusal(method, request(`${PROJECTS}.viewer`));
    const operation = await world.send(method, request("datasphere.communities.viewer"));

    expect(wrong.code).toBe(Code.INVALID_ARGUMENT);
    expect(operation.metadata?.typeUrl).toContain("SetCommunityAccessBindingsMetadata");
    await world.send(getRestrictions, { projectId: "alpha" }, ann);
  });
});
