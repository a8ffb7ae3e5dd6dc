import { status as grpc } from "@grpc/grpc-js";
import { describe, expect, it } from "vitest";
import {
  answeredFailure,
  failureOf,
  type FailureStatus,
  grpcFailure,
  verdictOf,
  YdbFailure,
} from "../../../shared/adapters/ydb/failure.ts";
import { sdk } from "../../../shared/adapters/ydb/sdk.ts";
import { FAILURE_STATUSES } from "../../../shared/adapters/ydb/verdict.ts";
import { limits } from "../../../shared/core/limits.ts";

/** Written down a second time, in words of the commit: retry, whether it may be committed, session. */
const ON_COMMIT: Readonly<Record<FailureStatus, string>> = {
  ABORTED: "soon no keep",
  UNAVAILABLE: "at once no keep",
  OVERLOADED: "slowly no keep",
  BAD_SESSION: "at once no drop",
  SESSION_BUSY: "at once no drop",
  SESSION_EXPIRED: "at once unknown drop",
  NOT_FOUND: "at once no drop",
  UNDETERMINED: "at once unknown drop",
  TIMEOUT: "at once unknown drop",
  CANCELLED: "at once unknown drop",
  BAD_REQUEST: "never no keep",
  UNAUTHORIZED: "never no keep",
  SCHEME_ERROR: "never no keep",
  PRECONDITION_FAILED: "never no keep",
  ALREADY_EXISTS: "never no keep",
  UNSUPPORTED: "never no keep",
  GENERIC_ERROR: "never unknown keep",
  EXTERNAL_ERROR: "never unknown keep",
  INTERNAL_ERROR: "never unknown drop",
  STATUS_CODE_UNSPECIFIED: "never unknown drop",
  GRPC_CANCELLED: "at once unknown drop",
  GRPC_UNKNOWN: "never unknown drop",
  GRPC_INVALID_ARGUMENT: "never no drop",
  GRPC_DEADLINE_EXCEEDED: "at once unknown drop",
  GRPC_NOT_FOUND: "never unknown drop",
  GRPC_ALREADY_EXISTS: "never unknown drop",
  GRPC_PERMISSION_DENIED: "never no drop",
  GRPC_RESOURCE_EXHAUSTED: "slowly no keep",
  GRPC_FAILED_PRECONDITION: "never unknown drop",
  GRPC_ABORTED: "at once no drop",
  GRPC_OUT_OF_RANGE: "never unknown keep",
  GRPC_UNIMPLEMENTED: "never no drop",
  GRPC_INTERNAL: "at once unknown drop",
  GRPC_UNAVAILABLE: "at once unknown drop",
  GRPC_DATA_LOSS: "never unknown drop",
  GRPC_UNAUTHENTICATED: "at once no keep",
  TIMED_OUT: "at once unknown drop",
  DEADLINE_PASSED: "never no drop",
  NO_SESSION: "never no keep",
  CLOSED: "never unknown drop",
  TRUNCATED: "never unknown drop",
  ANSWER_TOO_LARGE: "never unknown drop",
  ANSWER_INVALID: "never unknown drop",
  TOKEN_UNAVAILABLE: "at once no keep",
  TOKEN_REFUSED: "never no keep",
  UNKNOWN: "never unknown drop",
};

describe("the verdict on a failure", () => {
  it.for(Object.entries(ON_COMMIT))("of a commit that met %s is: %s", ([status, words]) => {
    const verdict = verdictOf(new YdbFailure(status as FailureStatus, "said so"), "commit");

    expect(`${verdict.retry} ${verdict.committed} ${verdict.session}`).toBe(words);
  });

  it("is there for every status, and for no other", () => {
    expect([...FAILURE_STATUSES].sort()).toEqual(Object.keys(ON_COMMIT).sort());
  });

  it.for(FAILURE_STATUSES)("of a read that met %s says that nothing was committed", (status) => {
    const failure = new YdbFailure(status, "said so");

    expect(verdictOf(failure, "read")).toEqual({
      ...verdictOf(failure, "commit"),
      committed: "no",
    });
  });
});

/** Every status of the protocol, as the SDK's own classes have it, but for success. */
const PROTOCOL = Object.entries(sdk.Ydb.StatusIds.StatusCode).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "SUCCESS",
);

const GRPC = Object.entries(grpc).filter(
  (entry): entry is [string, number] => typeof entry[1] === "number" && entry[0] !== "OK",
);

describe("a failure", () => {
  it("knows all of the protocol's statuses and of gRPC's codes", () => {
    expect(PROTOCOL).toHaveLength(20);
    expect(GRPC).toHaveLength(16);
  });

  it.for(PROTOCOL)(
    "carries the name of the status %s that the database answered",
    ([name, number]) => {
      expect(answeredFailure(number, []).status).toBe(name);
    },
  );

  it.for(GRPC)("carries the name of gRPC's %s", ([name, code]) => {
    expect(grpcFailure(code, "details").status).toBe(`GRPC_${name}`);
  });

  it.for(
    Object.entries(sdk.StatusCode).filter(
      (entry): entry is [string, number] => Number(entry[1]) > 400_000,
    ),
  )("is made of the SDK's error of status %s", ([, status]) => {
    class Thrown extends Error {
      static readonly status = status;
    }

    // RETRIES_EXCEEDED belongs to the SDK's own repeating, which never gets as far.
    const isUnknown = failureOf(new Thrown("thrown")).status === "UNKNOWN";
    expect(isUnknown).toBe(status === 402_050);
  });

  it("says what the database said, nested issues included", () => {
    const failure = answeredFailure(400_040, [
      {
        message: "Transaction not committed",
        issueCode: 0,
        issues: [{ message: "Transaction locks invalidated. Table: `/local/t`", issueCode: 2001 }],
      },
    ]);

    expect(failure.message).toBe(
      "Transaction not committed; Transaction locks invalidated. Table: `/local/t`",
    );
    expect(failure.issues.map(({ code }) => code)).toEqual([0, 2001]);
  });

  it("is the one that was thrown, unchanged", () => {
    const failure = new YdbFailure("ABORTED", "said so");

    expect(failureOf(failure)).toBe(failure);
  });

  it("of a number that nobody knows is UNKNOWN", () => {
    expect(answeredFailure(400_999, []).status).toBe("UNKNOWN");
    expect(grpcFailure(99, "").status).toBe("GRPC_UNKNOWN");
  });

  it("of anything else keeps what was thrown as its cause", () => {
    const thrown = new TypeError("a bug");

    expect(failureOf(thrown)).toMatchObject({ status: "UNKNOWN", cause: thrown });
    expect(failureOf("a text")).toMatchObject({ status: "UNKNOWN", message: "a text" });
  });

  it("does not grow without a bound", () => {
    const failure = new YdbFailure("GENERIC_ERROR", "x".repeat(100_000));

    expect(failure.message).toHaveLength(limits.ydbFailureChars);
  });
});
