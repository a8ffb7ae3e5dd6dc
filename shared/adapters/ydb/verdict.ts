/**
 * What to do after a failed request: the retry table as data.
 *
 * Sources: YDB's documents on its own and on gRPC status codes, and what the database's Go client
 * repeats without knowing whether a request is idempotent. That last is what `committed: "no"` rests
 * on; whatever is not certain is "unknown".
 */
export interface Verdict {
  /**
   * `soon` where others changed what was read: a short wait, growing, with chance in it. `slowly`
   * where the database asks for less work. `at once` where the failure is over by itself or with
   * another session; from the second time on a caller waits all the same.
   */
  readonly retry: "at once" | "soon" | "slowly" | "never";
  /** Whether the failed request can have committed its transaction. */
  readonly committed: "no" | "unknown";
  /** `drop` where the session may be gone, or busy with the request for good. */
  readonly session: "keep" | "drop";
}

/** A row is the verdict on the request that commits; one that only reads commits nothing. */
type Row = readonly [Verdict["retry"], Verdict["committed"], Verdict["session"]];

/** What the database itself answers. */
const answered = {
  STATUS_CODE_UNSPECIFIED: ["never", "unknown", "drop"],
  BAD_REQUEST: ["never", "no", "keep"],
  UNAUTHORIZED: ["never", "no", "keep"],
  INTERNAL_ERROR: ["never", "unknown", "drop"],
  ABORTED: ["soon", "no", "keep"],
  UNAVAILABLE: ["at once", "no", "keep"],
  OVERLOADED: ["slowly", "no", "keep"],
  SCHEME_ERROR: ["never", "no", "keep"],
  GENERIC_ERROR: ["never", "unknown", "keep"],
  // The session may stay busy with a query that took too long.
  TIMEOUT: ["at once", "unknown", "drop"],
  BAD_SESSION: ["at once", "no", "drop"],
  PRECONDITION_FAILED: ["never", "no", "keep"],
  ALREADY_EXISTS: ["never", "no", "keep"],
  // A transaction that the server has forgotten: nothing of it is committed by naming it.
  NOT_FOUND: ["at once", "no", "drop"],
  SESSION_EXPIRED: ["at once", "unknown", "drop"],
  CANCELLED: ["at once", "unknown", "drop"],
  UNDETERMINED: ["at once", "unknown", "drop"],
  UNSUPPORTED: ["never", "no", "keep"],
  SESSION_BUSY: ["at once", "no", "drop"],
  EXTERNAL_ERROR: ["never", "unknown", "keep"],
} as const satisfies Record<string, Row>;

/** What gRPC says, be it the server's end, ours, or something between. */
const transport = {
  GRPC_CANCELLED: ["at once", "unknown", "drop"],
  GRPC_UNKNOWN: ["never", "unknown", "drop"],
  GRPC_INVALID_ARGUMENT: ["never", "no", "drop"],
  GRPC_DEADLINE_EXCEEDED: ["at once", "unknown", "drop"],
  GRPC_NOT_FOUND: ["never", "unknown", "drop"],
  GRPC_ALREADY_EXISTS: ["never", "unknown", "drop"],
  GRPC_PERMISSION_DENIED: ["never", "no", "drop"],
  // How a serverless database refuses what exceeds its limit of request units, before it runs.
  GRPC_RESOURCE_EXHAUSTED: ["slowly", "no", "keep"],
  GRPC_FAILED_PRECONDITION: ["never", "unknown", "drop"],
  GRPC_ABORTED: ["at once", "no", "drop"],
  GRPC_OUT_OF_RANGE: ["never", "unknown", "keep"],
  GRPC_UNIMPLEMENTED: ["never", "no", "drop"],
  GRPC_INTERNAL: ["at once", "unknown", "drop"],
  GRPC_UNAVAILABLE: ["at once", "unknown", "drop"],
  GRPC_DATA_LOSS: ["never", "unknown", "drop"],
  // The refused token was given up, so the next request carries a new one.
  GRPC_UNAUTHENTICATED: ["at once", "no", "keep"],
} as const satisfies Record<string, Row>;

/** What our own side finds. Where it keeps from knowing a transaction's end, its session ends it. */
const own = {
  /** Our timer ended before an answer came. */
  TIMED_OUT: ["at once", "unknown", "drop"],
  /** The deadline had passed already, so nothing was sent. */
  DEADLINE_PASSED: ["never", "no", "drop"],
  /** All sessions stayed in use until the deadline. */
  NO_SESSION: ["never", "no", "keep"],
  /** The connection was closed. */
  CLOSED: ["never", "unknown", "drop"],
  /** The server cut a result off: a scan asked for more rows than a result may have. */
  TRUNCATED: ["never", "unknown", "drop"],
  /** The answer is larger than we take. */
  ANSWER_TOO_LARGE: ["never", "unknown", "drop"],
  /** The answer lacks what it must have. */
  ANSWER_INVALID: ["never", "unknown", "drop"],
  /** No token could be had. */
  TOKEN_UNAVAILABLE: ["at once", "no", "keep"],
  /** A new token was refused as well. */
  TOKEN_REFUSED: ["never", "no", "keep"],
  /** Anything else that the SDK threw. */
  UNKNOWN: ["never", "unknown", "drop"],
} as const satisfies Record<string, Row>;

const rows = { ...answered, ...transport, ...own } as const satisfies Record<string, Row>;

export type FailureStatus = keyof typeof rows;

/** Every status there is a verdict on. */
export const FAILURE_STATUSES = Object.keys(rows) as readonly FailureStatus[];

/** The verdict on a request that failed with this status. */
export function verdictOn(status: FailureStatus, phase: "read" | "commit"): Verdict {
  const [retry, committed, session] = rows[status];
  return { retry, committed: phase === "commit" ? committed : "no", session };
}
