import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import type { ApiServices } from "../../../shared/api/api-services.ts";
import type { Api } from "../../../shared/api/api.ts";
import { createApi } from "../../../shared/api/create-api.ts";
import { appTokenService } from "../../../shared/api/services/app-token.ts";
import { communityService } from "../../../shared/api/services/community.ts";
import { datasetService } from "../../../shared/api/services/dataset.ts";
import { dockerImageV2Service } from "../../../shared/api/services/docker-image-v2.ts";
import { dockerImageService } from "../../../shared/api/services/docker-image.ts";
import { folderBudgetService } from "../../../shared/api/services/folder-budget.ts";
import { nodeService } from "../../../shared/api/services/node.ts";
import { projectDataService } from "../../../shared/api/services/project-data.ts";
import { projectServiceV2 } from "../../../shared/api/services/project-v2.ts";
import { s3Service } from "../../../shared/api/services/s3.ts";
import { assert } from "../../../shared/core/assert.ts";
import { communityId, projectId } from "../../../shared/core/ids.ts";
import type { Project } from "../../../shared/core/project/project.ts";
import type { Operation } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { readProject, writeProject } from "../../../shared/records/project-record.ts";
import { createToken } from "../../../shared/usecases/access/tokens.ts";
import { ensureCommunity } from "../../../shared/usecases/communities/ensure-community.ts";
import { rerunningStore } from "../../support/rerunning-store.ts";
import { World } from "../../support/world.ts";
import { bearer, failureOf, incoming, PLATFORM } from "../an-api.ts";

type Headers = Readonly<Record<string, string>>;

/** Communities, access, resources and the small services behind the real pipeline and store. */
export class SharingWorld extends World {
  readonly api: Api;

  constructor() {
    super({ seenStore: rerunningStore });
    const services: ApiServices = {
      ...this.services,
      alarms: this.clock,
      publicUrl: () => "http://127.0.0.1:7070",
    };
    this.api = createApi(services, [
      projectServiceV2(services),
      communityService(services),
      datasetService(services),
      s3Service(services),
      dockerImageService(services),
      dockerImageV2Service(services),
      folderBudgetService(services),
      projectDataService(services),
      nodeService(),
      appTokenService(services),
    ]);
  }

  async send<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): Promise<MessageShape<O>> {
    const message = create(method.input, request);
    return (await this.api.unary(method, incoming(headers), message)) as MessageShape<O>;
  }

  /** Calls, and answers with the code and the wrong fields of its failure. */
  async refusal<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): Promise<{ readonly code: number; readonly message: string }> {
    const { code, message } = await failureOf(this.send(method, request, headers));
    return { code, message };
  }

  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = PLATFORM,
  ): AsyncIterable<MessageShape<O>> {
    const message = create(method.input, request);
    return this.api.serverStream(method, incoming(headers), message) as AsyncIterable<
      MessageShape<O>
    >;
  }

  /** The headers of a subject that has just got a token. */
  async userOf(id: string, type = "userAccount"): Promise<Headers> {
    const { secret } = await createToken(this.services, { id, type });
    return bearer(secret);
  }

  /** A project of a community, both made if they are not there. */
  async makeProject(id: string, community = "default"): Promise<void> {
    const now = this.clock.now();
    await this.store.transact("make-project", async (tx) => {
      await ensureCommunity(tx, communityId(community), now);
      const project: Project = {
        id: projectId(id),
        community: communityId(community),
        name: id,
        description: "",
        labels: {},
        createdAt: now,
        createdBy: "orrery",
        settings: {},
        diskGb: 10,
        restrictions: [],
      };
      writeProject(tx, undefined, project);
    });
  }

  async projectOf(id: string): Promise<Project> {
    const found = await this.store.snapshot(
      async (reader) => await readProject(reader, projectId(id)),
    );
    assert(found !== undefined, `project ${id} is there`);
    return found;
  }
}

/** The name of the message in a done operation. */
export function responseType(operation: Operation): string {
  assert(operation.result.case === "response", "the operation is done well");
  return operation.result.value.typeUrl.replace("type.googleapis.com/", "");
}
