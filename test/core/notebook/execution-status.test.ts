import { describe, expect, it } from "vitest";
import { executionId } from "../../../shared/core/ids.ts";
import { executionStatus } from "../../../shared/core/notebook/execution-status.ts";
import type { NotebookExecution } from "../../../shared/core/notebook/notebook-execution.ts";
import type { ReasonCode } from "../../../shared/core/run/reason.ts";
import type { RunState } from "../../../shared/core/run/run.ts";
import { aRun, PROJECT, START_AT } from "../../support/builders.ts";

function ended(status: "OK" | "ERROR" | "ABORTED"): NotebookExecution {
  return {
    id: executionId("e1"),
    project: PROJECT,
    createdAt: START_AT,
    createdBy: "anna",
    apiVersion: "v2",
    notebookId: "a.ipynb",
    definition: {
      kind: "notebook",
      target: { kind: "notebook", path: "a.ipynb" },
      variables: {},
      outputVariables: [],
      instanceTypes: ["c1.4"],
    },
    run: aRun().id,
    finishedAt: START_AT,
    result: { path: "a.ipynb", status, cells: [], variables: {} },
  };
}

const run = (state: RunState, code?: ReasonCode) =>
  aRun({ state, ...(code === undefined ? {} : { reason: { code, text: "" } }) });

describe("the status of a notebook execution", () => {
  it.each([
    ["OK", run("succeeded"), "OK"],
    ["ERROR", run("failed", "exit_code"), "ERROR"],
    ["ABORTED", run("failed", "exit_code"), "ABORTED"],
    ["OK", run("timedOut", "timeout"), "ABORTED"],
    ["ERROR", undefined, "ERROR"],
    ["OK", run("cancelled", "cancelled"), undefined],
    ["ABORTED", run("failed", "lost"), undefined],
  ] as const)("with the result %s and the run %j is %s", (result, its, status) => {
    expect(executionStatus(ended(result), its)).toBe(status);
  });

  it("is not there before its end, and where nothing of it ran", () => {
    const { finishedAt: _end, ...running } = ended("OK");
    const { result: _result, ...unprepared } = ended("OK");

    expect(executionStatus(running, run("running"))).toBeUndefined();
    expect(executionStatus(unprepared, run("failed", "prepare_failed"))).toBeUndefined();
  });
});
