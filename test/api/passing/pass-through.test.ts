import { create, toBinary, type DescMethod, type Message } from "@bufbuild/protobuf";
import { anyPack, anyUnpack } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ApiError } from "../../../shared/api/api-error.ts";
import { passCall } from "../../../shared/api/passing/pass-call.ts";
import { passThrough } from "../../../shared/api/passing/pass-through.ts";
import { shownOperation } from "../../../shared/api/passing/shown-answer.ts";
import { servedServices } from "../../../shared/api/served-services.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../shared/gen/google/rpc/status_pb.ts";
import { AppTokenService } from "../../../shared/gen/yandex/cloud/datasphere/v1/app_token_service_pb.ts";
import { ProjectSchema } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import {
  OpenProjectResponseSchema,
  ProjectService,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { OperationSchema } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import {
  ProviderRefusal,
  type Provider,
  type ProviderCall,
} from "../../../shared/ports/provider.ts";
import { World } from "../../support/world.ts";

/** A provider that notes each call and answers with the bytes that a test gives it. */
class NotingProvider implements Provider {
  readonly calls: ProviderCall[] = [];
  answer: () => Uint8Array = () => new Uint8Array();

  async project(): Promise<undefined> {
    await Promise.resolve(undefined);
  }

  async hasCommunity(): Promise<boolean> {
    return await Promise.resolve(false);
  }

  async call(call: ProviderCall): Promise<Uint8Array> {
    this.calls.push(call);
    return await Promise.resolve(this.answer());
  }
}

let world: World;
let provider: NotingProvider;
beforeEach(() => {
  provider = new NotingProvider();
  world = new World();
});
afterEach(async () => await world.close());

/** Which way every unary method of the API goes: what a handler of ours would do shows as `ours`. */
function ways(): Readonly<Record<string, "passes" | "ours" | "refused">> {
  const own = servedServices(world.services);
  const passed = passThrough(world.services, provider, own);
  return Object.fromEntries(
    passed.flatMap(({ service, handlers }, index) =>
      service.methods.map((method) => {
        const name = `${service.typeName}/${method.name}`;
        const isOurs = handlers[method.localName] === own[index]?.handlers[method.localName];
        const way = isOurs ? "ours" : method.methodKind === "unary" ? "passes" : "refused";
        return [name, way];
      }),
    ),
  );
}

describe("the API where DataSphere owns the projects", () => {
  it("keeps what executes, and passes everything else of DataSphere that can pass", () => {
    const found = ways();
    const by = (way: string) => Object.keys(found).filter((name) => found[name] === way);
    const prefix = "yandex.cloud.datasphere.";

    expect(by("refused")).toEqual([
      `${prefix}v1.ProjectDataService/UploadFile`,
      `${prefix}v1.ProjectDataService/DownloadFile`,
    ]);
    const ours = by("ours").filter((name) => name.startsWith(prefix));
    expect(ours.filter((name) => !name.includes("v2.jobs."))).toEqual([
      `${prefix}v2.ProjectService/Execute`,
      `${prefix}v2.ProjectService/GetCellOutputs`,
      `${prefix}v2.ProjectService/GetStateVariables`,
      `${prefix}v1.ProjectService/Execute`,
      `${prefix}v1.ProjectService/GetCellOutputs`,
      `${prefix}v1.ProjectService/GetStateVariables`,
    ]);
    expect(by("passes")).toContain(`${prefix}v2.DockerImageV2Service/SetActive`);
    expect(by("passes").every((name) => name.startsWith("yandex.cloud."))).toBe(true);
  });
});

async function pass(method: DescMethod, request: Message, once?: { scope: string; key: string }) {
  const call = once === undefined ? {} : { once: { ...once, digest: "d" } };
  return await passCall(provider, { method, mutates: true }, request, call);
}

async function refusalOf(method: DescMethod): Promise<ApiError | Error> {
  const answered = await pass(method, create(method.input)).catch((error: unknown) => error);
  if (answered instanceof Error) return answered;
  throw new Error("it was answered");
}

describe("a call that passes", () => {
  it("keeps fields that are unknown to us, on the way back", async () => {
    const known = toBinary(ProjectSchema, create(ProjectSchema, { id: "bt1" }));
    // Field 99, a text.
    const unknown = Uint8Array.from([0x9a, 0x06, 0x03, 0x6e, 0x65, 0x77]);
    provider.answer = () => Uint8Array.from([...known, ...unknown]);

    const answer = await pass(ProjectService.method.get, create(ProjectService.method.get.input));

    expect(toBinary(ProjectSchema, answer as never)).toEqual(provider.answer());
  });

  it("takes a caller's key along so that nobody else's meets it", async () => {
    const { method } = ProjectService;
    provider.answer = () => toBinary(OperationSchema, create(OperationSchema));
    for (const scope of ["ada:Update", "bob:Update", "ada:Update"]) {
      await pass(method.update, create(method.update.input), { scope, key: "k" });
    }

    const keys = provider.calls.map(({ key }) => key);
    expect(keys[0]).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(keys[2]).toBe(keys[0]);
    expect(keys[1]).not.toBe(keys[0]);
  });

  it("tells what DataSphere says with all its details", async () => {
    const detail = anyPack(
      BadRequestSchema,
      create(BadRequestSchema, { fieldViolations: [{ field: "name", description: "is taken" }] }),
    );
    const status = toBinary(StatusSchema, create(StatusSchema, { code: 6, details: [detail] }));
    provider.answer = () => {
      throw new ProviderRefusal(6, "name is taken", status);
    };

    const refused = await refusalOf(ProjectService.method.create);

    expect(refused).toMatchObject({ code: 6, message: "name is taken" });
    const [told] = (refused as ApiError).details;
    expect(told && anyUnpack(told, BadRequestSchema)?.fieldViolations[0]?.field).toBe("name");
  });

  it("does not tell a caller that its token is wrong where it is ours", async () => {
    provider.answer = () => {
      throw new ProviderRefusal(16, "token has expired");
    };

    expect(await refusalOf(ProjectService.method.get)).toMatchObject({
      code: "PROVIDER_UNAUTHENTICATED",
    });
    expect(await refusalOf(AppTokenService.method.validate)).toMatchObject({ code: 16 });
  });
});

describe("an operation of DataSphere", () => {
  const opened = create(OpenProjectResponseSchema, { projectUrl: "u", sessionToken: "secret" });
  const value = anyPack(OpenProjectResponseSchema, opened);
  const operation = create(OperationSchema, { id: "op", result: { case: "response", value } });
  const ada = { kind: "subject", subject: { id: "ada", type: "userAccount" } } as const;

  it("shows its secrets to its starter and to the platform alone", () => {
    const seenBy = (caller: Parameters<typeof shownOperation>[1], startedBy: string) => {
      const { result } = shownOperation(operation, caller, startedBy);
      return result.case === "response"
        ? anyUnpack(result.value, OpenProjectResponseSchema)?.sessionToken
        : undefined;
    };

    expect(seenBy(ada, "ada")).toBe("secret");
    expect(seenBy({ kind: "platform" }, "ada")).toBe("secret");
    expect(seenBy(ada, "bob")).toBe("");
  });

  it("shows nothing to others of a response that we cannot read", () => {
    const unread = { ...value, typeUrl: "type.googleapis.com/yandex.cloud.datasphere.v3.New" };
    const unknown = create(OperationSchema, {
      result: { case: "response", value: unread },
    });

    expect(shownOperation(unknown, ada, "bob").result.case).toBeUndefined();
    expect(shownOperation(unknown, ada, "ada").result.case).toBe("response");
  });
});
