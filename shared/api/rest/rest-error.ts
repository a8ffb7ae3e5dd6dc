import { create, toJson, type Registry } from "@bufbuild/protobuf";
import { anyIs, anyUnpack } from "@bufbuild/protobuf/wkt";
import type { WrongField } from "../../core/errors.ts";
import type { Json } from "../../core/json.ts";
import { RequestInfoSchema, RetryInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../gen/google/rpc/status_pb.ts";
import { ApiError } from "../api-error.ts";
import { Code } from "../code.ts";
import { badRequest, cutText, requestInfo } from "../error-details.ts";

/** How many wrong fields the sentence itself names; the rest stands in the details. */
const TOLD = 3;

/** Says which fields of a request are wrong; a field without a name is the body itself. */
export function invalidRequest(wrong: readonly WrongField[]): ApiError {
  const told = wrong
    .slice(0, TOLD)
    .map(({ field, description }) => (field === "" ? description : `${field}: ${description}`));
  const more = wrong.length > TOLD ? `; and ${wrong.length - TOLD} more` : "";
  const text = cutText(`Invalid request: ${told.join("; ")}`);
  return new ApiError(Code.INVALID_ARGUMENT, `${text}${more}`, [badRequest(wrong)]);
}

/** HTTP statuses by code. Source: google/rpc/code.proto, "HTTP Mapping". */
const HTTP_STATUSES: Readonly<Record<number, number>> = {
  [Code.OK]: 200,
  [Code.CANCELLED]: 499,
  [Code.UNKNOWN]: 500,
  [Code.INVALID_ARGUMENT]: 400,
  [Code.DEADLINE_EXCEEDED]: 504,
  [Code.NOT_FOUND]: 404,
  [Code.ALREADY_EXISTS]: 409,
  [Code.PERMISSION_DENIED]: 403,
  [Code.RESOURCE_EXHAUSTED]: 429,
  [Code.FAILED_PRECONDITION]: 400,
  [Code.ABORTED]: 409,
  [Code.OUT_OF_RANGE]: 400,
  [Code.UNIMPLEMENTED]: 501,
  [Code.INTERNAL]: 500,
  [Code.UNAVAILABLE]: 503,
  [Code.DATA_LOSS]: 500,
  [Code.UNAUTHENTICATED]: 401,
};

export function httpStatusOf(code: number): number {
  return HTTP_STATUSES[code] ?? 500;
}

/** A failure that names its request, as those of the pipeline do already. */
export function withRequestInfo(error: ApiError, requestId: string): ApiError {
  const { code, message, details } = error;
  if (details.some((each) => anyIs(each, RequestInfoSchema))) return error;
  return new ApiError(code, message, [...details, requestInfo(requestId)]);
}

/** The JSON form of `google.rpc.Status`. A detail of a type that nobody knows is left out. */
export function statusJson(error: ApiError, registry: Registry): Json {
  const { code, message } = error;
  const details = error.details.filter((each) => anyUnpack(each, registry) !== undefined);
  const status = create(StatusSchema, { code, message, details });
  return toJson(StatusSchema, status, { registry });
}

/** Headers that say over HTTP what a status and its details say. */
export function statusHeaders(error: ApiError): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {};
  if (error.code === Code.UNAUTHENTICATED) headers["WWW-Authenticate"] = "Bearer";
  for (const detail of error.details) {
    const delay = anyUnpack(detail, RetryInfoSchema)?.retryDelay;
    if (delay !== undefined) {
      // Whole seconds, and never so early that the answer is the same.
      headers["Retry-After"] = String(Number(delay.seconds) + (delay.nanos > 0 ? 1 : 0));
    }
    const id = anyUnpack(detail, RequestInfoSchema)?.requestId;
    if (id !== undefined && id !== "") headers["X-Request-Id"] = id;
  }
  return headers;
}
