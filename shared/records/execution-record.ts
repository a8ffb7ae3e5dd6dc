import type { ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { NotebookExecution } from "../core/notebook/notebook-execution.ts";
import type { Run } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { executionsTable } from "./tables.ts";

/** The notebook execution behind a run; undefined for a run of anything else. */
export async function readExecution(
  reader: Reader,
  run: Pick<Run, "cause" | "project" | "nominalAt">,
): Promise<NotebookExecution | undefined> {
  if (run.cause.kind !== "notebook") return undefined;
  const row = await reader.get(executionsTable, {
    project: run.project,
    created_at: run.nominalAt,
    execution: run.cause.execution,
  });
  return row && fromBody<NotebookExecution>(row.body);
}

/** Writes an execution; one that ended is kept as long as its run. */
export function writeExecution(tx: Transaction, execution: NotebookExecution): void {
  const { project, createdAt, id, finishedAt } = execution;
  tx.put(executionsTable, {
    project,
    created_at: createdAt,
    execution: id,
    body: toBody(execution),
    expire_at: finishedAt === undefined ? null : plusMs(finishedAt, limits.runRetentionMs),
  });
}

export function deleteExecution(tx: Transaction, execution: NotebookExecution): void {
  const { project, createdAt, id } = execution;
  tx.delete(executionsTable, { project, created_at: createdAt, execution: id });
}

/** A page of a project's notebook executions, latest first. */
export async function scanExecutions(
  reader: Reader,
  project: ProjectId,
  page: {
    readonly limit: number;
    readonly after?: { readonly createdAt: Instant; readonly execution: string };
  },
): Promise<readonly NotebookExecution[]> {
  const { after } = page;
  const rows = await reader.scan(executionsTable, {
    prefix: { project },
    order: "descending",
    limit: page.limit,
    ...(after === undefined
      ? {}
      : { after: { project, created_at: after.createdAt, execution: after.execution } }),
  });
  return rows.map((row) => fromBody<NotebookExecution>(row.body));
}
