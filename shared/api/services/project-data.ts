import type { OrreryError } from "../../core/errors.ts";
import { wrongFields } from "../../core/errors.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  ProjectDataService,
  type DownloadFileRequest,
  type DownloadFileResponseSchema,
  type FileMetadata,
  type UploadFileRequest,
  type UploadFileResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v1/project_data_service_pb.ts";
import { downloadFile } from "../../usecases/storage/download-file.ts";
import { uploadFile } from "../../usecases/storage/upload-file.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";

/** The files of a project's storage, in streams: first what the file is, then its bytes. */
export function projectDataService(services: ApiServices): ServedService {
  return serve(ProjectDataService, {
    uploadFile: async (requests) => await upload(services, requests),
    downloadFile: (request) => download(services, request),
  });
}

async function upload(
  services: ApiServices,
  requests: AsyncIterable<UploadFileRequest>,
): Promise<MessageInitShape<typeof UploadFileResponseSchema>> {
  const stream = requests[Symbol.asyncIterator]();
  try {
    const metadata = await firstOf(stream);
    const { projectId: project, path, sizeBytes } = metadata;
    const bytes = sizeOf(sizeBytes);
    await uploadFile(services, { project, path, bytes, chunks: chunksOf(stream) });
    return { metadata: { projectId: project, path, sizeBytes } };
  } finally {
    // A client that still sends is told to stop.
    await stream.return?.();
  }
}

async function firstOf(stream: AsyncIterator<UploadFileRequest>): Promise<FileMetadata> {
  const first = await stream.next();
  const message = first.done === true ? undefined : first.value.message;
  if (message?.case === "metadata") return message.value;
  throw wrong("metadata", "comes first: send what the file is before its bytes");
}

async function* chunksOf(stream: AsyncIterator<UploadFileRequest>): AsyncGenerator<Uint8Array> {
  for (;;) {
    const next = await stream.next();
    if (next.done === true) return;
    const { message } = next.value;
    if (message.case === "metadata") throw wrong("metadata", "comes once: begin another upload");
    if (message.value !== undefined) yield message.value;
  }
}

async function* download(
  services: ApiServices,
  request: DownloadFileRequest,
): AsyncGenerator<MessageInitShape<typeof DownloadFileResponseSchema>> {
  const { projectId, filePath } = request;
  const { file, chunks } = await downloadFile(services, { project: projectId, path: filePath });
  const metadata = { projectId, path: file.path, sizeBytes: BigInt(file.bytes) };
  yield { message: { case: "metadata", value: metadata } };
  for await (const chunk of chunks) yield { message: { case: "chunk", value: chunk } };
}

function sizeOf(sizeBytes: bigint): number {
  if (sizeBytes >= 0n && sizeBytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(sizeBytes);
  throw wrong("metadata.size_bytes", `is the size of a file, got ${sizeBytes}`);
}

function wrong(field: string, description: string): OrreryError {
  return wrongFields([{ field, description }]);
}
