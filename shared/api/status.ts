import { ERROR_CODES, OrreryError, type ErrorCode } from "../core/errors.ts";
import type { Any } from "@bufbuild/protobuf/wkt";
import type { ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { AdmissionDenied } from "../core/run/admission-denied.ts";
import { formatInstant, type Instant } from "../core/time/instant.ts";
import { ApiError } from "./api-error.ts";
import { Code } from "./code.ts";
import {
  badRequest,
  cutText,
  preconditionFailure,
  quotaFailure,
  requestInfo,
  retryInfo,
} from "./error-details.ts";

/** Every code of ours as one of `google.rpc.Code`. Those of commands alone never reach a caller. */
export const STATUS_CODES = {
  ADMISSION_DENIED: Code.RESOURCE_EXHAUSTED,
  ARGUMENT_INVALID: Code.INVALID_ARGUMENT,
  ASSERTION_FAILED: Code.FAILED_PRECONDITION,
  BALANCE_ELSEWHERE: Code.FAILED_PRECONDITION,
  BALANCE_UNSET: Code.FAILED_PRECONDITION,
  BUCKET_ACCESS_DENIED: Code.INTERNAL,
  BUCKET_ADDRESS_INVALID: Code.INTERNAL,
  BUCKET_CREDENTIALS_MISSING: Code.INTERNAL,
  BUCKET_NOT_FOUND: Code.INTERNAL,
  BUCKET_REFUSED: Code.INTERNAL,
  BUCKET_UNAVAILABLE: Code.UNAVAILABLE,
  CHECKPOINT_NOT_FOUND: Code.NOT_FOUND,
  COMMUNITY_NOT_EMPTY: Code.FAILED_PRECONDITION,
  COMMUNITY_NOT_FOUND: Code.NOT_FOUND,
  CONFIG_INVALID: Code.INVALID_ARGUMENT,
  CONFIG_UNREADABLE: Code.INTERNAL,
  DATA_NOT_FOUND: Code.INTERNAL,
  DEPLOY_FAILED: Code.INTERNAL,
  ENDPOINT_UNREACHABLE: Code.INTERNAL,
  EXECUTION_LIMITED: Code.RESOURCE_EXHAUSTED,
  EXECUTION_NO_CAPACITY: Code.RESOURCE_EXHAUSTED,
  ENVIRONMENT_INVALID: Code.INTERNAL,
  EXECUTION_PREPARE_FAILED: Code.FAILED_PRECONDITION,
  EXECUTION_UNSUPPORTED: Code.FAILED_PRECONDITION,
  EXECUTOR_UNAVAILABLE: Code.UNAVAILABLE,
  FILE_NOT_FOUND: Code.NOT_FOUND,
  FILE_REJECTED: Code.INVALID_ARGUMENT,
  INSTALLATION_UNSOUND: Code.INTERNAL,
  FUNCTION_FAILED: Code.INTERNAL,
  JOB_DATA_CLEARED: Code.FAILED_PRECONDITION,
  JOB_FILES_MISSING: Code.FAILED_PRECONDITION,
  JOB_FINISHED: Code.FAILED_PRECONDITION,
  JOB_NOT_FOUND: Code.NOT_FOUND,
  JOB_RUNNING: Code.FAILED_PRECONDITION,
  LEDGER_UNSOUND: Code.INTERNAL,
  LOG_NOT_FOUND: Code.NOT_FOUND,
  MESSAGE_INVALID: Code.INVALID_ARGUMENT,
  MESSAGE_TOO_LARGE: Code.INVALID_ARGUMENT,
  NAME_TAKEN: Code.ALREADY_EXISTS,
  OPERATION_NOT_FOUND: Code.NOT_FOUND,
  PERMISSION_DENIED: Code.PERMISSION_DENIED,
  PLATFORM_RUNNING: Code.INTERNAL,
  PROJECT_BUSY: Code.FAILED_PRECONDITION,
  PROVIDER_OUTCOME_UNKNOWN: Code.UNAVAILABLE,
  PROVIDER_UNAUTHENTICATED: Code.FAILED_PRECONDITION,
  PROVIDER_UNAVAILABLE: Code.UNAVAILABLE,
  QUEUE_ACCESS_DENIED: Code.INTERNAL,
  QUEUE_ADDRESS_INVALID: Code.INTERNAL,
  QUEUE_CREDENTIALS_MISSING: Code.INTERNAL,
  QUEUE_NOT_FOUND: Code.INTERNAL,
  QUEUE_REFUSED: Code.INTERNAL,
  QUEUE_THROTTLED: Code.UNAVAILABLE,
  QUEUE_UNAVAILABLE: Code.UNAVAILABLE,
  REQUEST_CONFLICT: Code.ALREADY_EXISTS,
  RESOURCE_NOT_FOUND: Code.NOT_FOUND,
  RESTRICTED: Code.FAILED_PRECONDITION,
  RUN_AD_HOC: Code.FAILED_PRECONDITION,
  RUN_LIVE: Code.FAILED_PRECONDITION,
  RUN_NOT_FOUND: Code.NOT_FOUND,
  RUN_FINISHED: Code.FAILED_PRECONDITION,
  RUN_UNSUCCESSFUL: Code.INTERNAL,
  SCHEDULE_NOT_FOUND: Code.NOT_FOUND,
  PROJECT_NOT_FOUND: Code.NOT_FOUND,
  SPENDING_NOT_READY: Code.UNAVAILABLE,
  STORE_ADDRESS_INVALID: Code.INTERNAL,
  STORE_BUSY: Code.UNAVAILABLE,
  STORE_CORRUPT: Code.INTERNAL,
  STORE_OUTCOME_UNKNOWN: Code.UNAVAILABLE,
  STORE_SCHEMA_BEHIND: Code.INTERNAL,
  STORE_SCHEMA_UNKNOWN: Code.INTERNAL,
  STORE_THROTTLED: Code.UNAVAILABLE,
  STORE_TOKEN_INVALID: Code.INTERNAL,
  STORE_UNAVAILABLE: Code.UNAVAILABLE,
  UNAUTHENTICATED: Code.UNAUTHENTICATED,
  USAGE: Code.INTERNAL,
  VARIABLE_NOT_FOUND: Code.NOT_FOUND,
} as const satisfies Record<ErrorCode, Code>;

/** Which call failed, as its error tells. */
export interface FailedCall {
  readonly requestId: string;
  readonly now: Instant;
  /** The project that the call concerned, where it concerned one. */
  readonly project?: ProjectId | undefined;
}

/**
 * A failure as its caller sees it. What is ours to mend is told without its text; text and details
 * together fit the headers they travel in.
 */
export function apiErrorOf(error: unknown, call: FailedCall): ApiError {
  const info = requestInfo(call.requestId);
  const cause = { cause: error };
  if (error instanceof ApiError) {
    return new ApiError(error.code, error.message, [...error.details, info], cause);
  }
  if (!(error instanceof OrreryError)) {
    return new ApiError(Code.INTERNAL, INTERNAL_TEXT, [info], cause);
  }
  const code = STATUS_CODES[error.code];
  if (isOurs(error)) {
    const text = code === Code.INTERNAL ? INTERNAL_TEXT : unavailableText(error.code);
    return new ApiError(code, text, [info], cause);
  }
  return new ApiError(code, textOf(error), [...detailsOf(error, call), info], cause);
}

/** Whether a failure is ours to mend: it is logged, and its text, which may name paths, is kept. */
export function isOurs(error: unknown): boolean {
  if (error instanceof ApiError) return false;
  if (!(error instanceof OrreryError)) return true;
  return STATUS_CODES[error.code] === Code.INTERNAL || OURS.includes(error.code);
}

/** Their texts speak of the database or the queues to whoever runs them. */
const OURS: readonly ErrorCode[] = [
  "QUEUE_THROTTLED",
  "QUEUE_UNAVAILABLE",
  "STORE_OUTCOME_UNKNOWN",
  "STORE_THROTTLED",
  "STORE_UNAVAILABLE",
];

const INTERNAL_TEXT = "internal error";

function unavailableText(code: ErrorCode): string {
  const what = code.startsWith("QUEUE_") ? "The queue" : "The store";
  return `${what} is unavailable: try again later`;
}

function textOf(error: OrreryError): string {
  if (error instanceof AdmissionDenied && error.nextEligibleAt !== undefined) {
    const when = formatInstant(error.nextEligibleAt);
    return `${cutText(error.message)} Next eligible at ${when} at the latest.`;
  }
  return cutText(error.message);
}

function detailsOf(error: OrreryError, call: FailedCall): readonly Any[] {
  const details = error.fields.length === 0 ? [] : [badRequest(error.fields)];
  if (error instanceof AdmissionDenied) {
    const { nextEligibleAt } = error;
    const retry =
      nextEligibleAt === undefined ? [] : [retryInfo(Math.max(0, nextEligibleAt - call.now))];
    return [...details, quotaFailure(error, call.project), ...retry];
  }
  if (ERROR_CODES[error.code] === "always") return [...details, retryInfo(limits.apiRetryMs)];
  if (STATUS_CODES[error.code] !== Code.FAILED_PRECONDITION) return details;
  return [...details, preconditionFailure(error)];
}
