import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Code } from "../../../shared/api/code.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import {
  BadRequestSchema,
  ResourceInfoSchema,
} from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { AppTokenService } from "../../../shared/gen/yandex/cloud/datasphere/v1/app_token_service_pb.ts";
import { FolderBudgetService } from "../../../shared/gen/yandex/cloud/datasphere/v1/folder_budget_service_pb.ts";
import { NodeService } from "../../../shared/gen/yandex/cloud/datasphere/v1/node_service_pb.ts";
import { writeProject } from "../../../shared/records/project-record.ts";
import { writeToken } from "../../../shared/records/token-record.ts";
import { tokenDigest } from "../../../shared/usecases/access/authenticate.ts";
import { createToken } from "../../../shared/usecases/access/tokens.ts";
import { detail, failureOf } from "../an-api.ts";
import { SharingWorld } from "./sharing-world.ts";

let world: SharingWorld;
beforeEach(async () => {
  world = new SharingWorld();
  await world.makeProject("alpha");
});
afterEach(async () => {
  await world.close();
});

describe("the budget of a folder", () => {
  const { get, set } = FolderBudgetService.method;
  const folderId = "default";

  it("has no limits until somebody sets some, and then those", async () => {
    expect((await world.send(get, { folderId })).unitBalance).toBeUndefined();

    await world.send(set, { folderId, unitBalance: 500n, maxUnitsPerHour: 0n });

    const budget = await world.send(get, { folderId });
    expect(budget).toMatchObject({ unitBalance: 500n, maxUnitsPerHour: 0n });
    expect(budget.maxUnitsPerExecution).toBeUndefined();
  });

  it("without a mask sets all three, so what is unset is lifted", async () => {
    await world.send(set, { folderId, unitBalance: 500n, maxUnitsPerHour: 10n });
    await world.send(set, { folderId, maxUnitsPerExecution: 7n });

    const budget = await world.send(get, { folderId });
    expect(budget.unitBalance).toBeUndefined();
    expect(budget.maxUnitsPerHour).toBeUndefined();
    expect(budget.maxUnitsPerExecution).toBe(7n);
  });

  it("with a mask sets what it names", async () => {
    await world.send(set, { folderId, unitBalance: 500n, maxUnitsPerHour: 10n });
    const setMask = { paths: ["unit_balance", "max_units_per_execution"] };
    await world.send(set, { folderId, setMask, maxUnitsPerExecution: 7n, maxUnitsPerHour: 99n });

    const budget = await world.send(get, { folderId });
    expect(budget.unitBalance).toBeUndefined();
    expect(budget.maxUnitsPerHour).toBe(10n);
    expect(budget.maxUnitsPerExecution).toBe(7n);
  });

  it("refuses an unknown path and units that are no count", async () => {
    const invalid = { code: Code.INVALID_ARGUMENT };
    const setMask = { paths: ["units"] };

    expect(await world.refusal(set, { folderId, setMask })).toMatchObject(invalid);
    expect(await world.refusal(set, { folderId, unitBalance: -1n })).toMatchObject(invalid);
    const huge = { folderId, maxUnitsPerHour: 2n ** 53n };
    expect(await world.refusal(set, huge)).toMatchObject(invalid);
    const both = { folderId, unitBalance: -1n, maxUnitsPerExecution: -1n };
    const { fieldViolations } = detail(await failureOf(world.send(set, both)), BadRequestSchema);
    expect(fieldViolations.map(({ field }) => field)).toEqual([
      "unit_balance",
      "max_units_per_execution",
    ]);
  });

  it("makes a folder that only the platform has named so far", async () => {
    expect((await world.refusal(get, { folderId: "b1gnew" })).code).toBe(Code.NOT_FOUND);

    await world.send(set, { folderId: "b1gnew", unitBalance: 5n });

    expect((await world.send(get, { folderId: "b1gnew" })).unitBalance).toBe(5n);
  });
});

describe("a node and an alias", () => {
  it("are unknown, whatever their name", async () => {
    const node = { folderId: "default", nodeId: "n-1", input: {} };
    const failure = await failureOf(world.send(NodeService.method.execute, node));

    expect(failure.code).toBe(Code.NOT_FOUND);
    const { resourceType, resourceName } = detail(failure, ResourceInfoSchema);
    expect([resourceType, resourceName]).toEqual(["datasphere.node", "n-1"]);
    const alias = { folderId: "default", aliasName: "a-1" };
    const refused = await world.refusal(NodeService.method.executeAlias, alias);
    expect(refused).toMatchObject({ code: Code.NOT_FOUND });
    expect(refused.message).toContain("alias a-1");
  });
});

describe("an app token", () => {
  const validate = AppTokenService.method.validate;

  async function aSession(project: string): Promise<string> {
    const secret = "session-secret";
    await world.store.transact("open", async (tx) => {
      writeToken(tx, {
        hash: tokenDigest(secret).toString("hex"),
        id: "t-1",
        subject: { id: "ann", type: "userAccount" },
        createdAt: world.clock.now(),
        expiresAt: plusMs(world.clock.now(), 60_000),
        session: { project },
      });
      await Promise.resolve();
    });
    return secret;
  }

  it("holds while its session does", async () => {
    const token = await aSession("alpha");
    await world.send(validate, { token });

    await world.clock.advance(60_000);

    expect((await world.refusal(validate, { token })).code).toBe(Code.UNAUTHENTICATED);
  });

  it("is worth nothing once its project is being deleted", async () => {
    const token = await aSession("alpha");
    const project = await world.projectOf("alpha");
    await world.store.transact("delete", async (tx) => {
      writeProject(tx, project, { ...project, deletedAt: world.clock.now() });
      await Promise.resolve();
    });

    expect((await world.refusal(validate, { token })).code).toBe(Code.UNAUTHENTICATED);
  });

  it("is not an API token, nor any other text", async () => {
    const { secret } = await createToken(world.services, { id: "ann", type: "userAccount" });

    for (const token of [secret, "token", "", "nonsense"]) {
      expect((await world.refusal(validate, { token })).code).toBe(Code.UNAUTHENTICATED);
    }
  });
});
