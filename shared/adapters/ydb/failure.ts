import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { type FailureStatus, type Verdict, verdictOn } from "./verdict.ts";

export type { FailureStatus, Verdict } from "./verdict.ts";

/** What the database says about a failure, nested issues included. */
export interface Issue {
  readonly message: string;
  /** The database's own number, such as 2001 for invalidated locks; 0 where there is none. */
  readonly code: number;
}

/** A request to the database that failed, or a session that could not be had. */
export class YdbFailure extends Error {
  readonly status: FailureStatus;
  readonly issues: readonly Issue[];

  constructor(
    status: FailureStatus,
    message: string,
    options: { readonly issues?: readonly Issue[]; readonly cause?: unknown } = {},
  ) {
    const { issues = [], cause } = options;
    super(message.slice(0, limits.ydbFailureChars), cause === undefined ? undefined : { cause });
    this.name = "YdbFailure";
    this.status = status;
    this.issues = issues;
  }
}

/** What to do after this failure; `phase` is `commit` for the request that was to commit. */
export function verdictOf(failure: YdbFailure, phase: "read" | "commit"): Verdict {
  return verdictOn(failure.status, phase);
}

/** The numbers of the protocol's `Ydb.StatusIds`, and those that the SDK adds for its own side. */
const BY_NUMBER: ReadonlyMap<number, FailureStatus> = new Map<number, FailureStatus>([
  [0, "STATUS_CODE_UNSPECIFIED"],
  [400_010, "BAD_REQUEST"],
  [400_020, "UNAUTHORIZED"],
  [400_030, "INTERNAL_ERROR"],
  [400_040, "ABORTED"],
  [400_050, "UNAVAILABLE"],
  [400_060, "OVERLOADED"],
  [400_070, "SCHEME_ERROR"],
  [400_080, "GENERIC_ERROR"],
  [400_090, "TIMEOUT"],
  [400_100, "BAD_SESSION"],
  [400_120, "PRECONDITION_FAILED"],
  [400_130, "ALREADY_EXISTS"],
  [400_140, "NOT_FOUND"],
  [400_150, "SESSION_EXPIRED"],
  [400_160, "CANCELLED"],
  [400_170, "UNDETERMINED"],
  [400_180, "UNSUPPORTED"],
  [400_190, "SESSION_BUSY"],
  [400_200, "EXTERNAL_ERROR"],
  [401_010, "GRPC_UNAVAILABLE"],
  [401_020, "GRPC_RESOURCE_EXHAUSTED"],
  [401_030, "GRPC_DEADLINE_EXCEEDED"],
  [401_034, "GRPC_CANCELLED"],
  [402_030, "GRPC_UNAUTHENTICATED"],
  [402_040, "NO_SESSION"],
]);

/** gRPC's codes, by their numbers from 1. */
const GRPC: readonly FailureStatus[] = [
  "GRPC_CANCELLED",
  "GRPC_UNKNOWN",
  "GRPC_INVALID_ARGUMENT",
  "GRPC_DEADLINE_EXCEEDED",
  "GRPC_NOT_FOUND",
  "GRPC_ALREADY_EXISTS",
  "GRPC_PERMISSION_DENIED",
  "GRPC_RESOURCE_EXHAUSTED",
  "GRPC_FAILED_PRECONDITION",
  "GRPC_ABORTED",
  "GRPC_OUT_OF_RANGE",
  "GRPC_UNIMPLEMENTED",
  "GRPC_INTERNAL",
  "GRPC_UNAVAILABLE",
  "GRPC_DATA_LOSS",
  "GRPC_UNAUTHENTICATED",
];

/** The failure that the database answered with; a number that nobody knows is `UNKNOWN`. */
export function answeredFailure(status: number, issues: readonly unknown[]): YdbFailure {
  const flat = flattened(issues);
  const known = BY_NUMBER.get(status) ?? "UNKNOWN";
  const said = flat.map(({ message }) => message).filter((message) => message !== "");
  const message = said.length === 0 ? `the database answered status ${status}` : said.join("; ");
  return new YdbFailure(known, message, { issues: flat });
}

/** The failure that a gRPC status means; `code` is not 0. */
export function grpcFailure(code: number, details: string): YdbFailure {
  const known = GRPC[code - 1] ?? "GRPC_UNKNOWN";
  // gRPC's own client says so with the code that the server uses for throttling.
  const isTooLarge =
    known === "GRPC_RESOURCE_EXHAUSTED" && /received message larger/i.test(details);
  return new YdbFailure(
    isTooLarge ? "ANSWER_TOO_LARGE" : known,
    details === "" ? `gRPC failed with code ${code}` : details,
  );
}

/** Whatever the SDK threw, as a failure. */
export function failureOf(error: unknown): YdbFailure {
  if (error instanceof YdbFailure) return error;
  if (error instanceof Error) {
    // The SDK exports none of its error classes; each carries its status as a static.
    const status: unknown = Reflect.get(error.constructor, "status");
    if (typeof status === "number") return fromSdk(error, status);
    if ("code" in error && typeof error.code === "number" && "details" in error) {
      return grpcFailure(error.code, String(error.details));
    }
  }
  return new YdbFailure("UNKNOWN", messageOf(error), { cause: error });
}

function fromSdk(error: Error, status: number): YdbFailure {
  const issues = "issues" in error && Array.isArray(error.issues) ? error.issues : [];
  if (issues.length > 0) return answeredFailure(status, issues);
  return new YdbFailure(BY_NUMBER.get(status) ?? "UNKNOWN", error.message);
}

function flattened(issues: readonly unknown[]): readonly Issue[] {
  return issues.flatMap((issue): readonly Issue[] => {
    if (typeof issue !== "object" || issue === null) return [];
    const { message, issueCode, issues: nested } = issue as Readonly<Record<string, unknown>>;
    return [
      {
        message: typeof message === "string" ? message : "",
        code: typeof issueCode === "number" ? issueCode : 0,
      },
      ...(Array.isArray(nested) ? flattened(nested) : []),
    ];
  });
}
