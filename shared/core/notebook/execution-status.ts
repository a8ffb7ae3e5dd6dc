import type { Run } from "../run/run.ts";
import type { NotebookResult } from "./notebook-definition.ts";
import type { NotebookExecution } from "./notebook-execution.ts";

/**
 * How an execution ended, for whoever asked for it. Undefined while it goes on, and where its
 * operation has an error instead: it was cancelled, or nothing of it could be run. A run that is
 * not kept any more is left out.
 */
export function executionStatus(
  execution: NotebookExecution,
  run: Run | undefined,
): NotebookResult["status"] | undefined {
  if (execution.finishedAt === undefined) return undefined;
  switch (run?.state) {
    case "timedOut":
      return "ABORTED";
    case undefined:
    case "succeeded":
    case "failed":
      return run?.reason?.code === "lost" ? undefined : execution.result?.status;
    default:
      return undefined;
  }
}

/** Whether an ended execution has something to read: a killed one has nothing. */
export function isCheckpoint(
  execution: NotebookExecution,
): execution is NotebookExecution & { readonly result: NotebookResult } {
  const { result } = execution;
  return result !== undefined && (result.status !== "ABORTED" || result.cells.length > 0);
}
