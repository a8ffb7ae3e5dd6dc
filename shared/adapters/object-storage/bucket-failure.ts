import { OrreryError } from "../../core/errors.ts";

/** What is read of an error of the SDK, of its HTTP client or of Node. */
interface RawFailure {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly message?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
}

/** Nothing is there under that key. A HEAD has no body to say more in than its status. */
export function isAbsent(error: unknown): boolean {
  const { name, status } = read(error);
  return name === "NoSuchKey" || (status === 404 && name !== "NoSuchBucket");
}

/** The object is another one by now than the request was for. */
export function isChanged(error: unknown): boolean {
  return read(error).status === 412;
}

/**
 * Whether the same request may well succeed: the answer did not come, or says that it is for now.
 * All our requests may be repeated.
 */
function isPassing(error: unknown): boolean {
  const { status } = read(error);
  return status === undefined || status >= 500 || status === 429 || status === 408;
}

/** A connection that broke or fell silent. */
export function isConnectionFailure(error: unknown): boolean {
  const { status, code, name } = read(error);
  return status === undefined && (code !== undefined || name === "TimeoutError");
}

const KEYS = "check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and the roles of their account";

/**
 * What a failed request means to its caller. It repeats names and numbers alone: what an object
 * storage says about a failure may hold the request, signature included.
 */
export function bucketFailure(error: unknown, bucket: string, what: string): unknown {
  // Not the storage's: whoever gave the bytes failed, or we did.
  if (error instanceof OrreryError || !isOfStorage(error)) return error;
  const { name, status } = read(error);
  const because = `Bucket ${bucket} did not ${what} (${name}${status === undefined ? "" : `, ${status}`})`;
  if (isPassing(error)) {
    const next = "nothing is lost: try again, and check the way to the object storage";
    return new OrreryError("BUCKET_UNAVAILABLE", `${because}; ${next}`);
  }
  if (name === "NoSuchBucket") {
    const next = "make the bucket, or mend its name";
    return new OrreryError("BUCKET_NOT_FOUND", `${because}; ${next}`);
  }
  if (status === 401 || status === 403) {
    return new OrreryError("BUCKET_ACCESS_DENIED", `${because}; ${KEYS}`);
  }
  const next = "look at its limits and settings: room, versioning, policies";
  return new OrreryError("BUCKET_REFUSED", `${because}; ${next}`);
}

function isOfStorage(error: unknown): boolean {
  return read(error).status !== undefined || isConnectionFailure(error);
}

function read(error: unknown): {
  readonly name: string;
  readonly code: string | undefined;
  readonly status: number | undefined;
} {
  const raw: RawFailure = typeof error === "object" && error !== null ? error : {};
  const status = raw.$metadata?.httpStatusCode;
  const code = typeof raw.code === "string" ? raw.code : undefined;
  const name = typeof raw.name === "string" ? raw.name : "failure";
  return {
    // Node's errors are all called "Error"; their code says what happened.
    name: /^[\w.-]{1,100}$/.test(code ?? name) ? (code ?? name) : "failure",
    code,
    status: typeof status === "number" ? status : undefined,
  };
}
