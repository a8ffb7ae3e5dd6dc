import { toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../shared/api/api-error.ts";
import { Code } from "../../shared/api/code.ts";
import { apiErrorOf, isOurs, STATUS_CODES } from "../../shared/api/status.ts";
import { ERROR_CODES, OrreryError, type ErrorCode } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { AdmissionDenied } from "../../shared/core/run/admission-denied.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Check } from "../../shared/core/units/explain.ts";
import {
  BadRequestSchema,
  PreconditionFailureSchema,
  QuotaFailureSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../shared/gen/google/rpc/status_pb.ts";
import { create } from "@bufbuild/protobuf";
import { PROJECT, START_AT } from "../support/builders.ts";
import { detail } from "./an-api.ts";

const CALL = { requestId: "r1", now: START_AT, project: PROJECT };
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];

const told = (error: unknown): ApiError => apiErrorOf(error, CALL);
const types = (error: ApiError): readonly string[] =>
  error.details.map(({ typeUrl }) => typeUrl.replace("type.googleapis.com/google.rpc.", ""));

describe("an error", () => {
  it.each(CODES)("%s has a status, and names its request", (code) => {
    const failure = told(new OrreryError(code, "What happened"));

    expect(failure.code).toBe(STATUS_CODES[code]);
    expect(detail(failure, RequestInfoSchema).requestId).toBe("r1");
  });

  it.each(CODES)("%s says what happened, unless that is ours to mend", (code) => {
    const error = new OrreryError(code, "Something in /home/x");

    const ours = [
      ...["QUEUE_THROTTLED", "QUEUE_UNAVAILABLE"],
      ...["STORE_OUTCOME_UNKNOWN", "STORE_THROTTLED", "STORE_UNAVAILABLE"],
    ];
    const isKept = STATUS_CODES[code] === Code.INTERNAL || ours.includes(code);
    expect(told(error).message.includes("/home/x")).toBe(!isKept);
    expect(isOurs(error)).toBe(isKept);
  });

  it.each([
    ["PERMISSION_DENIED", Code.PERMISSION_DENIED],
    ["UNAUTHENTICATED", Code.UNAUTHENTICATED],
    ["JOB_NOT_FOUND", Code.NOT_FOUND],
    ["REQUEST_CONFLICT", Code.ALREADY_EXISTS],
    ["NAME_TAKEN", Code.ALREADY_EXISTS],
    ["ARGUMENT_INVALID", Code.INVALID_ARGUMENT],
    ["PROJECT_BUSY", Code.FAILED_PRECONDITION],
    ["STORE_BUSY", Code.UNAVAILABLE],
    ["STORE_CORRUPT", Code.INTERNAL],
  ] as const)("%s is %i for every client", (code, status) => {
    expect(told(new OrreryError(code, "")).code).toBe(status);
  });

  it("names every wrong field", () => {
    const fields = [{ field: "name", description: "must be set" }];

    const failure = told(new OrreryError("ARGUMENT_INVALID", "Invalid", { fields }));

    expect(detail(failure, BadRequestSchema).fieldViolations).toMatchObject(fields);
  });

  it("of a state that stands against the call carries our own code", () => {
    const failure = told(new OrreryError("JOB_RUNNING", "Job x runs"));

    expect(detail(failure, PreconditionFailureSchema).violations).toMatchObject([
      { type: "JOB_RUNNING", description: "Job x runs" },
    ]);
  });

  it.each(["STORE_BUSY", "EXECUTOR_UNAVAILABLE"] as const)("%s says when to try again", (code) => {
    const failure = told(new OrreryError(code, "Busy"));

    expect(detail(failure, RetryInfoSchema).retryDelay?.seconds).toBe(1n);
  });

  it("of the pipeline itself keeps its code and its details", () => {
    const failure = told(new ApiError(Code.UNIMPLEMENTED, "no"));

    expect([failure.code, failure.message, types(failure)]).toEqual([12, "no", ["RequestInfo"]]);
  });

  it("that nobody foresaw tells nothing", () => {
    expect([told(new TypeError("x is not a function")).message, told("odd").message]).toEqual([
      "internal error",
      "internal error",
    ]);
  });

  it("fits the headers it travels in, however much is wrong", () => {
    const fields = Array.from({ length: limits.apiViolations }, (_, n) => ({
      field: `labels[${"Ж".repeat(100_000)}${n}]`,
      description: "must match [a-z]",
    }));

    const failure = told(new OrreryError("ARGUMENT_INVALID", "ж".repeat(100_000), { fields }));

    const { code, message, details } = failure;
    const status = create(StatusSchema, { code, message, details: [...details] });
    const { fieldViolations } = detail(failure, BadRequestSchema);
    expect(toBinary(StatusSchema, status).length).toBeLessThan(limits.apiErrorBytes);
    expect(fieldViolations.at(-1)?.description).toBe(
      `${limits.apiViolations - fieldViolations.length + 1} more are wrong`,
    );
  });
});

describe("work that does not fit its limits", () => {
  const at = plusMs(START_AT, 90_500);
  const balance: Check = {
    rule: "balance",
    compared: {},
    sentence: "Balance: no limit.",
    holds: true,
  };
  const hour: Check = {
    rule: "hour",
    compared: {},
    sentence: "Hour: up to 90 of 50 units.",
    holds: false,
    relief: { kind: "at", nextEligibleAt: at },
  };
  const reason = { code: "limit_hour", text: hour.sentence } as const;

  it("is told each limit with its numbers, and when it fits", () => {
    const failure = told(
      new AdmissionDenied(reason, { checks: [balance, hour], nextEligibleAt: at }),
    );

    expect(failure.code).toBe(Code.RESOURCE_EXHAUSTED);
    expect(failure.message).toBe(
      "Hour: up to 90 of 50 units. Next eligible at 2027-01-15T00:01:30.500Z at the latest.",
    );
    expect(detail(failure, QuotaFailureSchema).violations).toMatchObject([
      { subject: "project:demo/hour", description: "Hour: up to 90 of 50 units." },
    ]);
    expect(detail(failure, RetryInfoSchema).retryDelay).toMatchObject({
      seconds: 90n,
      nanos: 500_000_000,
    });
  });

  it("is promised no time where time alone does not help", () => {
    const denied = new AdmissionDenied(reason, { checks: [hour], nextEligibleAt: undefined });

    expect(types(told(denied))).toEqual(["QuotaFailure", "RequestInfo"]);
  });

  it("is told its reason where no limit stands against it", () => {
    const behind = { code: "behind", text: "Run x has waited longer and goes first" } as const;

    const failure = told(new AdmissionDenied(behind, { checks: [], nextEligibleAt: undefined }));

    expect(detail(failure, QuotaFailureSchema).violations).toMatchObject([
      { subject: "project:demo/behind", description: behind.text },
    ]);
  });

  it("is never asked to wait for the past", () => {
    const past = plusMs(START_AT, -MINUTE_MS);

    const failure = told(new AdmissionDenied(reason, { checks: [hour], nextEligibleAt: past }));

    expect(detail(failure, RetryInfoSchema).retryDelay).toMatchObject({ seconds: 0n, nanos: 0 });
  });
});
