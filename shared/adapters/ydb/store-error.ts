import { assertNever } from "../../core/assert.ts";
import { OrreryError } from "../../core/errors.ts";
import { type FailureStatus, verdictOf, type YdbFailure } from "./failure.ts";

/** What failed, after all its tries. */
interface FailedWork {
  readonly what: string;
  readonly isInDoubt: () => boolean;
}

type Code = "STORE_BUSY" | "STORE_UNAVAILABLE" | "STORE_THROTTLED" | "STORE_SCHEMA_UNKNOWN";
type Meaning = readonly [code: Code, next: string];

/**
 * What the failure that ended a transaction means to its caller. While a commit that it sent is in
 * doubt, no other failure counts. A request that the database calls wrong is a bug of this engine
 * and comes back as it is.
 */
export function storeError(work: FailedWork, failure: YdbFailure, tries: number): unknown {
  const because = `${failure.message} (${failure.status}${tries > 1 ? `, ${tries} tries` : ""})`;
  if (work.isInDoubt()) return outcomeUnknown(work.what, because, failure);
  const meaning = meaningOf(failure);
  if (meaning === undefined) return failure;
  const [code, next] = meaning;
  return new OrreryError(code, `The ${work.what} failed: ${because}; ${next}.`, { cause: failure });
}

function meaningOf(failure: YdbFailure): Meaning | undefined {
  const special = BY_STATUS[failure.status];
  if (special !== undefined) return special;
  const { retry } = verdictOf(failure, "commit");
  switch (retry) {
    case "soon":
      return ["STORE_BUSY", "others kept changing what it read; nothing was written"];
    case "slowly":
      return ["STORE_THROTTLED", "raise the database's limit of request units, or wait"];
    case "at once":
      return ["STORE_UNAVAILABLE", "check the database and the network to it"];
    case "never":
      return undefined;
    default:
      return assertNever(retry);
  }
}

const NO_ACCESS: Meaning = [
  "STORE_UNAVAILABLE",
  "give this account the role ydb.editor on the database, and check its token",
];
const NO_ANSWER: Meaning = ["STORE_UNAVAILABLE", "check the database and the network to it"];
const ITS_OWN: Meaning = ["STORE_UNAVAILABLE", "the database failed by itself: see its own log"];

const BY_STATUS: { readonly [K in FailureStatus]?: Meaning } = {
  SCHEME_ERROR: ["STORE_SCHEMA_UNKNOWN", "run `orrery migrate` against this database"],
  UNAUTHORIZED: NO_ACCESS,
  GRPC_UNAUTHENTICATED: NO_ACCESS,
  GRPC_PERMISSION_DENIED: NO_ACCESS,
  TOKEN_REFUSED: NO_ACCESS,
  TOKEN_UNAVAILABLE: ["STORE_UNAVAILABLE", "check the service account and where its token is from"],
  NO_SESSION: ["STORE_BUSY", "this process asked for more at once than its sessions carry"],
  DEADLINE_PASSED: NO_ANSWER,
  CLOSED: NO_ANSWER,
  // Not another YDB, then: a proxy, or a server of another kind.
  GRPC_UNIMPLEMENTED: ["STORE_UNAVAILABLE", "check the address: no YDB answers there"],
  GRPC_UNKNOWN: ITS_OWN,
  GRPC_DATA_LOSS: ITS_OWN,
  INTERNAL_ERROR: ITS_OWN,
  EXTERNAL_ERROR: ITS_OWN,
};

/** A transaction that happened once or not at all, and nobody can tell which. */
export function outcomeUnknown(what: string, because: string, cause?: unknown): OrreryError {
  return new OrreryError(
    "STORE_OUTCOME_UNKNOWN",
    `The ${what} was sent and its answer was lost: ${because}. It happened once or not at all; ` +
      "look before you repeat it.",
    { cause },
  );
}
