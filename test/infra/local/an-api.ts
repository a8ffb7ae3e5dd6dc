import { create, createRegistry, type DescMethod, type Message } from "@bufbuild/protobuf";
import { ApiError } from "../../../shared/api/api-error.ts";
import type { Api, Incoming } from "../../../shared/api/api.ts";
import { Code } from "../../../shared/api/code.ts";
import {
  ProjectDataService,
  UploadFileResponseSchema,
  type DownloadFileResponse,
  type UploadFileRequest,
  DownloadFileResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import {
  HealthSchema,
  PlatformService,
} from "../../../shared/gen/orrery/v1/platform_service_pb.ts";

/** What answers the methods of a small API; what a test does not say is refused. */
export interface Answers {
  /** `PlatformService.GetHealth`. */
  readonly health?: (incoming: Incoming) => Promise<string>;
  /** `ProjectDataService.DownloadFile`. */
  readonly download?: (incoming: Incoming) => AsyncIterable<DownloadFileResponse>;
  /** `ProjectDataService.UploadFile`; resolves to the size it answers with. */
  readonly upload?: (
    requests: AsyncIterable<UploadFileRequest>,
    incoming: Incoming,
  ) => Promise<bigint>;
}

/** An API of three methods, one of each kind, without the pipeline. */
export function anApi(answers: Answers = {}): Api {
  const { health = async () => await Promise.resolve("ok"), download, upload } = answers;
  return {
    services: [PlatformService, ProjectDataService],
    registry: createRegistry(),
    unary: async (method, incoming) => {
      if (method !== PlatformService.method.getHealth) throw refusal(method);
      return create(HealthSchema, { status: await health(incoming) });
    },
    serverStream: (method, incoming) => {
      if (download === undefined) throw refusal(method);
      return download(incoming);
    },
    clientStream: async (method, incoming, requests): Promise<Message> => {
      if (upload === undefined) throw refusal(method);
      const sizeBytes = await upload(requests as AsyncIterable<UploadFileRequest>, incoming);
      return create(UploadFileResponseSchema, { metadata: { sizeBytes } });
    },
  };
}

export function aChunk(bytes: Uint8Array): DownloadFileResponse {
  return create(DownloadFileResponseSchema, { message: { case: "chunk", value: bytes } });
}

function refusal(method: DescMethod): ApiError {
  return new ApiError(Code.UNIMPLEMENTED, `${method.name} is not what this test is about`);
}
