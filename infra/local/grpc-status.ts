import { create, toBinary } from "@bufbuild/protobuf";
import { Metadata, type StatusObject } from "@grpc/grpc-js";
import { ApiError } from "../../shared/api/api-error.ts";
import { Code } from "../../shared/api/code.ts";
import { limits } from "../../shared/core/limits.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";

/** Names one call in answers: the client's own id where it sent one, and ours. */
export interface CallIds {
  readonly request: string;
  readonly trace: string;
}

export function idMetadata(ids: CallIds): Metadata {
  const metadata = new Metadata();
  metadata.set("x-request-id", ids.request);
  metadata.set("x-server-trace-id", ids.trace);
  return metadata;
}

/**
 * A failure as gRPC tells it: code and text, and the whole `google.rpc.Status` beside them. Both
 * travel in headers, which a client reads only so far, so details that do not fit are left out.
 */
export function grpcStatus(
  error: unknown,
  ids: CallIds,
): Omit<StatusObject, "code"> & { readonly code: number } {
  const failure = error instanceof ApiError ? error : new ApiError(Code.INTERNAL, "internal error");
  const { code, message, details } = failure;
  const full = toBinary(
    StatusSchema,
    create(StatusSchema, { code, message, details: [...details] }),
  );
  const metadata = idMetadata(ids);
  if (full.length <= limits.grpcStatusBytes) {
    metadata.set("grpc-status-details-bin", Buffer.from(full));
  }
  // Half a surrogate pair cannot be written in a header.
  return { code, details: message.slice(0, limits.grpcStatusBytes).toWellFormed(), metadata };
}
