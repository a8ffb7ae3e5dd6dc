import type { MethodDefinition, ServiceError } from "@grpc/grpc-js";
import { status } from "@grpc/grpc-js";
import { messageOf, OrreryError } from "../../core/errors.ts";
import { ProviderRefusal } from "../../ports/provider.ts";
import { DataSphereFailure } from "../datasphere/session.ts";

/** A method whose messages pass as they are: what is unknown to us is not lost on the way. */
export function rawMethod(path: string): MethodDefinition<Buffer, Buffer> {
  const asIs = (bytes: Buffer): Buffer => bytes;
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: asIs,
    requestDeserialize: asIs,
    responseSerialize: asIs,
    responseDeserialize: asIs,
  };
}

const NOT_FOUND: number = status.NOT_FOUND;

export function isUnknownThere(error: unknown): boolean {
  return error instanceof ProviderRefusal && error.code === NOT_FOUND;
}

/** gRPC's client makes these itself where it has no answer. */
const WITHOUT_ANSWER: readonly number[] = [
  status.CANCELLED,
  status.UNKNOWN,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNAVAILABLE,
];

/** A failed call as the port tells it; see `Provider`, V2. */
export function told(error: unknown, effect: "none" | "some"): Error {
  if (!(error instanceof DataSphereFailure)) return broken(error);
  const { cause } = error;
  if (isServiceError(cause) && isTheirs(cause)) {
    const [details] = cause.metadata.get("grpc-status-details-bin");
    const bytes = Buffer.isBuffer(details) ? details : undefined;
    return new ProviderRefusal(cause.code, cause.details, bytes, error);
  }
  if (error.kind === "auth") {
    const text = `There is no token for DataSphere: ${error.message}`;
    return new OrreryError("PROVIDER_UNAUTHENTICATED", text, { cause: error });
  }
  if (effect === "some" && error.kind === "unknownOutcome") {
    return new OrreryError(
      "PROVIDER_OUTCOME_UNKNOWN",
      `DataSphere has not answered, and may have done it: ${error.message}. Look before you try again, or repeat it under the same Idempotency-Key`,
      { cause: error },
    );
  }
  return new OrreryError(
    "PROVIDER_UNAVAILABLE",
    `DataSphere cannot be reached, or has not answered in time: ${error.message}`,
    { cause: error },
  );
}

function broken(error: unknown): OrreryError {
  const text = `DataSphere's answer cannot be read: ${messageOf(error)}`;
  return new OrreryError("PROVIDER_UNAVAILABLE", text, { cause: error });
}

function isServiceError(cause: unknown): cause is ServiceError {
  return cause instanceof Error && "code" in cause && "metadata" in cause && "details" in cause;
}

/** A status that came with headers came from the server; so did one that no client makes. */
function isTheirs({ code, metadata }: ServiceError): boolean {
  return !WITHOUT_ANSWER.includes(code) || Object.keys(metadata.getMap()).length > 0;
}
