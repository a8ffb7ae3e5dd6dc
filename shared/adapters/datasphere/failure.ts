import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";

/**
 * What a failed call means for whoever made it.
 *
 * - `unavailable`: nothing was done, and the same call may be made again.
 * - `unknownOutcome`: a call with an effect was sent, and whether it had it is not known.
 * - `capacity`: there is no machine of the kind now, or none for this community.
 * - `limit`: a limit of units or the balance of the project forbids it.
 * - `notFound`, `denied` (no permission), `auth` (no token, or it is refused).
 * - `refused`: the request is wrong, now and later.
 * - `broken`: the service failed inside, or its answer cannot be read; nothing was to be done.
 */
export type FailureKind =
  | "unavailable"
  | "unknownOutcome"
  | "capacity"
  | "limit"
  | "notFound"
  | "denied"
  | "auth"
  | "refused"
  | "broken";

/** gRPC's codes, by their numbers. */
const CODES = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
] as const;

export type StatusName = (typeof CODES)[number];

/** A call of DataSphere that failed. */
export class DataSphereFailure extends Error {
  readonly code: StatusName;
  readonly kind: FailureKind;

  constructor(code: StatusName, kind: FailureKind, message: string, cause?: unknown) {
    super(message.slice(0, limits.datasphereFailureChars), cause === undefined ? {} : { cause });
    this.name = "DataSphereFailure";
    this.code = code;
    this.kind = kind;
  }

  /** Whether the same call may succeed later; it may then be made again unless `unknownOutcome`. */
  get retryable(): boolean {
    return ["unavailable", "unknownOutcome", "capacity", "broken"].includes(this.kind);
  }
}

/** Whether the call was to change something at DataSphere. */
export type Effect = "none" | "some";

/** Whatever a client threw, as a failure. */
export function failureOf(error: unknown, effect: Effect): DataSphereFailure {
  if (error instanceof DataSphereFailure) return error;
  const { code, message } = statusIn(error);
  return new DataSphereFailure(code, kindOf(code, message, effect), message, error);
}

/** The failure that an operation ended with: it is known, so there is no doubt about its effect. */
export function operationFailure(code: number, message: string): DataSphereFailure {
  const name = CODES[code] ?? "UNKNOWN";
  const text = message === "" ? `the operation failed with ${name}` : message;
  return new DataSphereFailure(name, kindOf(name, text, "none"), text);
}

/**
 * Code and text of an error. gRPC's own client gives a number and details. The SDK's session gives
 * an error without a code where headers came before the status; its name is then in the message.
 */
function statusIn(error: unknown): { readonly code: StatusName; readonly message: string } {
  const message = messageOf(error);
  if (typeof error === "object" && error !== null && "code" in error) {
    const named = typeof error.code === "number" ? CODES[error.code] : undefined;
    const details = "details" in error ? String(error.details) : message;
    if (named !== undefined) return { code: named, message: details === "" ? message : details };
  }
  const [, name, details] = /^\/\S+ ([A-Z_]+): ([^]*)$/.exec(message) ?? [];
  const code = CODES.find((known) => known === name);
  return code === undefined ? { code: "UNKNOWN", message } : { code, message: details ?? message };
}

/** gRPC's client says so before it has sent anything. */
const NOT_SENT = /^(?:No connection established|Name resolution failed)/;
/** gRPC's client says so with a server's code, when the answer is there or half there. */
const OWN_EXHAUSTION = /received message larger|bandwidth exhausted|memory limit exceeded/i;
/** "Instance types g1.1 are not available for your community", and its kin. */
const CAPACITY =
  /instance types?\b.*\bnot available|no (?:free |available )?(?:instance|machine|vm|capacity)|not enough (?:resources|capacity)|out of capacity|quota/i;
/** "max_units_per_hour", "Unit balance …", and what a platform of ours says about either. */
const LIMIT = /units?\b|units?_|\bbalance\b/i;

function kindOf(code: StatusName, message: string, effect: Effect): FailureKind {
  switch (code) {
    case "NOT_FOUND":
      return "notFound";
    case "PERMISSION_DENIED":
      return "denied";
    case "UNAUTHENTICATED":
      return "auth";
    case "INVALID_ARGUMENT":
    case "FAILED_PRECONDITION":
    case "OUT_OF_RANGE":
    case "ALREADY_EXISTS":
    case "UNIMPLEMENTED":
      return saidKind(message) ?? "refused";
    case "RESOURCE_EXHAUSTED":
      if (OWN_EXHAUSTION.test(message)) return effect === "some" ? "unknownOutcome" : "broken";
      return saidKind(message) ?? "unavailable";
    case "UNAVAILABLE":
      if (effect === "none" || NOT_SENT.test(message)) return saidKind(message) ?? "unavailable";
      return "unknownOutcome";
    case "CANCELLED":
    case "DEADLINE_EXCEEDED":
    case "ABORTED":
      return effect === "some" ? "unknownOutcome" : "unavailable";
    case "OK":
    case "UNKNOWN":
    case "INTERNAL":
    case "DATA_LOSS":
      return effect === "some" ? "unknownOutcome" : "broken";
  }
}

/** What a refusal is about, as far as its words tell. */
function saidKind(message: string): "capacity" | "limit" | undefined {
  if (LIMIT.test(message)) return "limit";
  return CAPACITY.test(message) ? "capacity" : undefined;
}
