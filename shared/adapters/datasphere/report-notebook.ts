import {
  ExecutionStatus,
  ProjectExecutionResponse,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import type { NotebookResult } from "../../core/notebook/notebook-definition.ts";
import { CANCELLED } from "../../core/operation/operation-state.ts";
import { later, type Instant } from "../../core/time/instant.ts";
import type { ClaimedWork, ExecutionClaim } from "../../ports/execution-claims.ts";
import type { ExecutionReport, ExecutionResult } from "../../ports/executor.ts";
import { operationFailure } from "./failure.ts";
import { unpacked } from "./operations.ts";
import { instantOf } from "./report-job.ts";

type NotebookClaim = ExecutionClaim & { readonly work: Extract<ClaimedWork, { kind: "notebook" }> };

const RESPONSE = "yandex.cloud.datasphere.v2.ProjectExecutionResponse";

/**
 * How a notebook's execution stands by its operation, which is all there is of it: DataSphere does
 * not say when its machine was there, so it counts from when it was asked for.
 */
export function notebookReport(
  claim: NotebookClaim,
  operation: Operation,
  now: Instant,
): ExecutionReport {
  const startedAt = instantOf(operation.createdAt) ?? claim.claimedAt;
  if (!operation.done) return { state: "running", startedAt };
  const finishedAt = later(startedAt, instantOf(operation.modifiedAt) ?? now);
  const { instanceType, target } = claim.work;
  return {
    state: "ended",
    result: {
      ...endOf(claim, operation, target),
      startedAt,
      finishedAt,
      instanceType,
      outputs: [],
      outputErrors: [],
    },
  };
}

/** A notebook of which nobody knows whether it was ever executed. */
export function lostNotebook(claim: NotebookClaim, now: Instant): ExecutionReport {
  const { instanceType, target } = claim.work;
  return {
    state: "ended",
    result: {
      ending: "lost",
      detail:
        `Nobody knows whether DataSphere executed notebook ${target}: its answer was lost, and ` +
        "asking again could pay for it twice",
      startedAt: claim.claimedAt,
      finishedAt: later(claim.claimedAt, now),
      instanceType,
      outputs: [],
      outputErrors: [],
    },
  };
}

type End = Pick<ExecutionResult, "ending" | "exitCode" | "detail" | "notebook">;

function endOf({ stopping }: ExecutionClaim, operation: Operation, path: string): End {
  const { error, id } = operation;
  const result = (status: NotebookResult["status"]): NotebookResult => ({
    path,
    status,
    cells: [],
    variables: {},
  });
  const response = unpacked(operation.response, RESPONSE, ProjectExecutionResponse);
  const said = response?.executionStatus;
  if (said === ExecutionStatus.OK) {
    return { ending: "exited", exitCode: 0, notebook: result("OK") };
  }
  if (said === ExecutionStatus.ERROR) {
    return { ending: "exited", exitCode: 1, notebook: result("ERROR") };
  }
  if (said === ExecutionStatus.ABORTED) {
    return { ending: stopping ?? "cancelled", notebook: result("ABORTED") };
  }
  if (error === undefined) {
    const detail = `Operation ${id} of notebook ${path} is done, and holds no result`;
    return { ending: "lost", detail };
  }
  if (error.code === CANCELLED) {
    return { ending: stopping ?? "cancelled", notebook: result("ABORTED") };
  }
  const { kind, message, code } = operationFailure(error.code, error.message);
  const detail = `${message} (${code})`;
  if (kind === "capacity") return { ending: "noCapacity", detail };
  if (kind === "limit") return { ending: "limited", detail };
  return { ending: "lost", detail: `DataSphere ended it: ${detail}` };
}
