import { describe, expect, it } from "vitest";
import type { ExecutionResult } from "../../../shared/core/execution/execution-result.ts";
import {
  cancelledBeforeStart,
  outcomeOf,
  prepareFailed,
} from "../../../shared/core/run/outcome.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { START_AT } from "../../support/builders.ts";

const result = (fields: Partial<ExecutionResult> = {}): ExecutionResult => ({
  ending: "exited",
  exitCode: 0,
  startedAt: START_AT,
  finishedAt: plusMs(START_AT, 1_000),
  instanceType: "c1.4",
  outputs: [],
  outputErrors: [],
  ...fields,
});
const missing = {
  path: "report.json",
  type: "NOT_FOUND",
  description: "it was not written",
} as const;
const { exitCode: _none, ...lost } = result({ ending: "lost" });

describe("the end of an execution", () => {
  it.each([
    ["exit code 0", result(), "succeeded"],
    ["exit code 3", result({ exitCode: 3 }), "failed: failed, exit_code"],
    ["a missing output", result({ outputErrors: [missing] }), "failed: failed, output_missing"],
    [
      "exit code 3 and a missing output",
      result({ exitCode: 3, outputErrors: [missing] }),
      "failed: failed, exit_code",
    ],
    ["its time limit", result({ ending: "timedOut" }), "timedOut: timedOut, timeout"],
    ["a cancellation", result({ ending: "cancelled" }), "cancelled: nobody's fault, cancelled"],
    ["no trace", lost, "failed: system, lost"],
  ])("by %s is judged by what happened", (_name, given, expected) => {
    const { state, failure = "nobody's fault", reason } = outcomeOf(given);

    expect(reason === undefined ? state : `${state}: ${failure}, ${reason.code}`).toBe(expected);
  });

  it("is an error of the operation only where the program did not speak for itself", () => {
    const errorOf = (given: ExecutionResult) => outcomeOf(given).operationError;

    expect([result(), result({ exitCode: 3 })].map(errorOf)).toEqual([undefined, undefined]);
    expect(
      [result({ ending: "timedOut" }), result({ ending: "cancelled" }), lost].map(errorOf),
    ).toEqual([1, 1, 13]);
  });

  it("names the output that is missing, and why", () => {
    expect(outcomeOf(result({ outputErrors: [missing] })).reason?.text).toBe(
      "Output report.json: it was not written",
    );
  });
});

describe("an attempt that never ran", () => {
  it("failed the system's way where it could not be prepared", () => {
    expect(prepareFailed("No such file")).toMatchObject({
      state: "failed",
      failure: "system",
      reason: { code: "prepare_failed", text: "No such file" },
    });
  });

  it("is wanted by nobody again where it was cancelled", () => {
    expect(cancelledBeforeStart()).not.toHaveProperty("failure");
  });
});
