import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { registry } from "../../../shared/api/any.ts";
import type { ApiServices } from "../../../shared/api/api-services.ts";
import type { Api } from "../../../shared/api/api.ts";
import { createApi } from "../../../shared/api/create-api.ts";
import { operationService } from "../../../shared/api/services/operation.ts";
import { projectOperationService } from "../../../shared/api/services/project-operations.ts";
import { projectServiceV1 } from "../../../shared/api/services/project-v1.ts";
import { projectServiceV2 } from "../../../shared/api/services/project-v2.ts";
import { assert } from "../../../shared/core/assert.ts";
import { communityId, operationId, projectId } from "../../../shared/core/ids.ts";
import { limits } from "../../../shared/core/limits.ts";
import { ProjectService } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { Operation } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { OperationService } from "../../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import { addBinding } from "../../../shared/records/binding-record.ts";
import { createToken } from "../../../shared/usecases/access/tokens.ts";
import { ensureCommunity } from "../../../shared/usecases/communities/ensure-community.ts";
import { advanceOperation } from "../../../shared/usecases/operations/advance-operation.ts";
import { World, type WorldOptions } from "../../support/world.ts";
import { bearer, failureOf, incoming, PLATFORM } from "../an-api.ts";

type Headers = Readonly<Record<string, string>>;
type Role = "viewer" | "developer" | "editor" | "admin";

/** Projects and operations behind the real pipeline and store; the community `lab` is there. */
export class ProjectWorld extends World {
  readonly api: Api;
  readonly apiServices: ApiServices;

  constructor(options: WorldOptions = {}) {
    super(options);
    this.apiServices = {
      ...this.services,
      apiToken: "token",
      alarms: this.clock,
      publicUrl: () => "http://127.0.0.1:7070",
    };
    this.api = createApi(this.apiServices, [
      projectServiceV2(this.apiServices),
      projectServiceV1(this.apiServices),
      operationService(this.apiServices),
      projectOperationService(this.apiServices),
    ]);
  }

  async makeCommunity(id: string): Promise<void> {
    await this.store.transact("make-community", async (tx) => {
      await ensureCommunity(tx, communityId(id), this.clock.now());
    });
  }

  async invoke<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): Promise<MessageShape<O>> {
    const message = create(method.input, request);
    return (await this.api.unary(method, incoming(headers), message)) as MessageShape<O>;
  }

  /** Calls, and answers with how it failed. */
  async refusal<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): Promise<{ readonly code: number; readonly message: string }> {
    const { code, message } = await failureOf(this.invoke(method, request, headers));
    return { code, message };
  }

  /** Makes a project of the community `lab`; answers with its id. */
  async newProject(
    request: Omit<
      MessageInitShape<typeof ProjectService.method.create.input>,
      "communityId" | "$typeName"
    > = {},
    headers: Headers = PLATFORM,
  ): Promise<string> {
    await this.makeCommunity("lab");
    const made = await this.invoke(
      ProjectService.method.create,
      { ...request, communityId: "lab" },
      headers,
    );
    return (metadataOf(made) as { readonly projectId: string } & object).projectId;
  }

  /** The headers of a subject that has just got a token, and a role where one is named. */
  async userOf(
    id: string,
    held?: { readonly role: Role; readonly project?: string; readonly community?: string },
  ): Promise<Headers> {
    const subject = { id, type: "userAccount" };
    if (held !== undefined) {
      const { role, project, community = "lab" } = held;
      const resource =
        project === undefined
          ? ({ kind: "community", id: community } as const)
          : ({ kind: "project", id: project } as const);
      const family = project === undefined ? "communities" : "community-projects";
      await this.store.transact("grant", (tx) => {
        addBinding(tx, resource, { roleId: `datasphere.${family}.${role}`, subject });
        return Promise.resolve();
      });
    }
    return bearer((await createToken(this.services, subject)).secret);
  }

  async operation(id: string, headers: Headers = PLATFORM): Promise<Operation> {
    return await this.invoke(OperationService.method.get, { operationId: id }, headers);
  }

  /** Takes one step of an operation's work, now. */
  async step(id: string): Promise<void> {
    await advanceOperation(this.services, operationId(id));
  }

  /** Takes steps until an operation is done, each when it is due; answers with it as it is then. */
  async finish(id: string): Promise<Operation> {
    for (let steps = 0; steps < 1_000; steps += 1) {
      const operation = await this.operation(id);
      if (operation.done) return operation;
      await this.clock.advance(limits.openStepMs);
      await this.step(id);
    }
    throw new Error(`Operation ${id} is not done after 1,000 steps`);
  }

  /** Writes a file of a project's storage. */
  async writeFile(project: string, path: string, bytes: number): Promise<void> {
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(new Uint8Array(bytes));
    }
    await this.files.write(projectId(project), { path, bytes }, chunks());
  }
}

/** The message in an operation's metadata. */
export function metadataOf(operation: Operation): object {
  assert(operation.metadata !== undefined, "the operation has metadata");
  const message = anyUnpack(operation.metadata, registry);
  assert(message !== undefined, `${operation.metadata.typeUrl} is known`);
  return message;
}

/** The message in a done operation's response. */
export function responseOf(operation: Operation): object {
  assert(operation.done && operation.result.case === "response", "the operation is done well");
  const message = anyUnpack(operation.result.value, registry);
  assert(message !== undefined, `${operation.result.value.typeUrl} is known`);
  return message;
}
