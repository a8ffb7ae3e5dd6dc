import type { AnyJson } from "../../core/json.ts";
import { executionStatus } from "../../core/notebook/execution-status.ts";
import type { NotebookExecution } from "../../core/notebook/notebook-execution.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Run } from "../../core/run/run.ts";
import {
  ProjectExecutionMetadataSchema as MetadataV1Schema,
  ProjectExecutionResponseSchema as ResponseV1Schema,
} from "../../gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import {
  ExecutionStatus,
  ProjectExecutionMetadataSchema,
  ProjectExecutionResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { anyJson } from "../any.ts";

/** The operation of a notebook execution as it is by now. */
export function currentNotebookOperation(
  operation: Operation,
  execution: NotebookExecution,
  run: Run | undefined,
): Operation {
  const { result } = operation;
  const { metadata, response } = notebookOperationView(execution, run);
  const isAnswered = result !== undefined && response !== undefined;
  return { ...operation, metadata, ...(isAnswered ? { result: { response } } : {}) };
}

/**
 * The operation of a notebook execution as its caller sees it now, in the messages of the API that
 * was asked. A response stands in for whatever the operation was ended with: a notebook that a limit
 * stopped is an answer, not a failure. Without one, an operation that is done keeps its error.
 */
function notebookOperationView(
  execution: NotebookExecution,
  run: Run | undefined,
): { readonly metadata: AnyJson; readonly response?: AnyJson } {
  const { project: projectId, apiVersion } = execution;
  const target = targetOf(execution);
  const status = executionStatus(execution, run);
  if (apiVersion === "v1") {
    const metadata = anyJson(MetadataV1Schema, { projectId, target });
    return status === undefined
      ? { metadata }
      : { metadata, response: anyJson(ResponseV1Schema, {}) };
  }
  const metadata = anyJson(ProjectExecutionMetadataSchema, { projectId, target });
  if (status === undefined) return { metadata };
  const response = { executionStatus: ExecutionStatus[status] };
  return { metadata, response: anyJson(ProjectExecutionResponseSchema, response) };
}

function targetOf({ notebookId, cellId }: NotebookExecution): {
  case: "notebookId" | "cellId";
  value: string;
} {
  return notebookId === undefined
    ? { case: "cellId", value: cellId ?? "" }
    : { case: "notebookId", value: notebookId };
}
