import { limits } from "../../core/limits.ts";

/**
 * What went wrong with a call, by what can be done about it.
 *
 * `cut`: the connection ended before an answer, as a dead one does. `late`: no answer in its time.
 * `unavailable`: the service or the way to it failed. `throttled`: it asks for fewer calls. `denied`:
 * it does not take the keys. `absent`: there is no such queue. `refused`: it calls the request wrong.
 * `untrusted`: the TLS connection was not trusted. `stopped`: the caller wants no answer any more.
 */
export type FailureKind =
  | "cut"
  | "late"
  | "unavailable"
  | "throttled"
  | "denied"
  | "absent"
  | "refused"
  | "untrusted"
  | "stopped";

/** A failed call. It carries none of the request: that has the key's id and a signature in it. */
export class QueueFailure extends Error {
  readonly kind: FailureKind;
  /** The service's own name for it, or the system's; empty where there is none. */
  readonly code: string;

  constructor(kind: FailureKind, message: string, code = "") {
    super(message);
    this.name = "QueueFailure";
    this.kind = kind;
    this.code = code;
  }
}

/** Texts that must appear in no error, whoever repeats them. */
export type Secrets = readonly string[];

/** What the SDK, the service or the network made of a call, as a failure that may be shown. */
export function failureOf(error: unknown, secrets: Secrets): QueueFailure {
  if (error instanceof QueueFailure) return error;
  const seen = seenIn(error);
  return new QueueFailure(kindOf(seen), shown(seen.message, secrets), shown(seen.code, secrets));
}

/** The kind of an entry's failure inside a batch that was answered. */
export function kindOfEntry(code: string, isSenderFault: boolean): FailureKind {
  const name = bare(code);
  if (THROTTLED.has(name)) return "throttled";
  return isSenderFault ? "refused" : "unavailable";
}

/** What an error tells of itself; the SDK's are of many shapes. */
interface Seen {
  readonly message: string;
  readonly code: string;
  /** The status of the HTTP answer; undefined where none came. */
  readonly status: number | undefined;
  readonly isSkewMended: boolean;
}

function seenIn(error: unknown): Seen {
  const { name, message, code, $metadata, $response } = (error ?? {}) as {
    readonly [member: string]: unknown;
    readonly $metadata?: {
      readonly httpStatusCode?: unknown;
      readonly clockSkewCorrected?: unknown;
    };
    readonly $response?: { readonly statusCode?: unknown };
  };
  const status = $metadata?.httpStatusCode ?? $response?.statusCode;
  const given = [code, name].find((each) => typeof each === "string" && each !== "Error");
  return {
    message: typeof message === "string" ? message : String(error),
    code: typeof given === "string" ? given : "",
    status: typeof status === "number" ? status : undefined,
    isSkewMended: $metadata?.clockSkewCorrected === true,
  };
}

function kindOf({ code, message, status, isSkewMended }: Seen): FailureKind {
  const name = bare(code);
  // The SDK took the service's time from the answer, so the next request is signed with it.
  if (isSkewMended) return "cut";
  if (ABSENT.has(name)) return "absent";
  if (THROTTLED.has(name) || status === 429) return "throttled";
  if (DENIED.has(name)) return "denied";
  if (status !== undefined && status !== 200) return kindOfStatus(status);
  if (CUT.has(code) || message === "socket hang up") return "cut";
  if (/^(CERT_|ERR_TLS_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HOSTNAME_)/.test(code))
    return "untrusted";
  // An answer that is none, or one that was spoiled on its way.
  if (status === 200 || code === "SyntaxError" || /^Invalid MD5/.test(message))
    return "unavailable";
  return UNREACHED.has(code) || /^E[A-Z_]+$/.test(code) ? "unavailable" : "refused";
}

function kindOfStatus(status: number): FailureKind {
  if (status === 401 || status === 403) return "denied";
  return status >= 500 || status === 408 ? "unavailable" : "refused";
}

/** Some services put their own name before that of the error. */
function bare(code: string): string {
  return code.replace(/^AWS\.SimpleQueueService\./, "");
}

function shown(text: string, secrets: Secrets): string {
  const [line = ""] = text.split("\n", 1);
  const clean = secrets.reduce((rest, secret) => rest.replaceAll(secret, "…"), line);
  return clean.slice(0, limits.ymqFailureChars);
}

const ABSENT: ReadonlySet<string> = new Set(["NonExistentQueue", "QueueDoesNotExist"]);

/** Yandex Message Queue answers 403 with the first, so the name counts before the status. */
const THROTTLED: ReadonlySet<string> = new Set([
  "ThrottlingException",
  "Throttling",
  "ThrottledException",
  "RequestThrottled",
  "RequestThrottledException",
  "RequestLimitExceeded",
  "TooManyRequestsException",
  "SlowDown",
  "OverLimit",
]);

/** Of the documents of Message Queue and of SQS on the errors that all methods share. */
const DENIED: ReadonlySet<string> = new Set([
  "AccessDenied",
  "AccessDeniedException",
  "AuthFailure",
  "ExpiredToken",
  "IncompleteSignature",
  "InvalidAccessKeyId",
  "InvalidClientTokenId",
  "InvalidSecurity",
  "InvalidSignatureException",
  "MissingAuthenticationToken",
  "NotAuthorized",
  "OptInRequired",
  "RequestExpired",
  "RequestTimeTooSkewed",
  "SignatureDoesNotMatch",
  "UnrecognizedClientException",
]);

const CUT: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "ECONNABORTED"]);

const UNREACHED: ReadonlySet<string> = new Set(["TimeoutError", "AbortError"]);
