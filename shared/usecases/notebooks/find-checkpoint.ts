import { OrreryError } from "../../core/errors.ts";
import { operationId, type ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { isCheckpoint } from "../../core/notebook/execution-status.ts";
import type { NotebookResult } from "../../core/notebook/notebook-definition.ts";
import type { NotebookExecution } from "../../core/notebook/notebook-execution.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Store } from "../../ports/store.ts";
import { readExecution, scanExecutions } from "../../records/execution-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import { readRun } from "../../records/run-record.ts";

/** Which checkpoint is wanted. */
interface CheckpointQuery {
  /** What it must have, in words and as a test. */
  readonly what: string;
  readonly has: (result: NotebookResult) => boolean;
  /** The id of the operation that made it; empty for the latest one. */
  readonly checkpoint: string;
  /** No earlier one counts. A checkpoint is as old as its execution's end. */
  readonly startAt?: Instant;
}

/** What an ended notebook execution of the project left; `CHECKPOINT_NOT_FOUND` without. */
export async function findCheckpoint(
  store: Store,
  project: ProjectId,
  query: CheckpointQuery,
): Promise<NotebookResult> {
  const found =
    query.checkpoint === ""
      ? await latest(store, project, query)
      : await byId(store, project, query.checkpoint);
  const result = found && fitting(found, query);
  if (result !== undefined) return result;
  const which = query.checkpoint === "" ? "no checkpoint" : `no checkpoint ${query.checkpoint}`;
  const since = query.startAt === undefined ? "" : " since start_at";
  throw new OrreryError(
    "CHECKPOINT_NOT_FOUND",
    `Project ${project} has ${which} with ${query.what}${since}: execute it and wait for the end ` +
      "of its operation, whose id is the checkpoint's",
  );
}

async function byId(
  store: Store,
  project: ProjectId,
  checkpoint: string,
): Promise<NotebookExecution | undefined> {
  return await store.snapshot(async (reader) => {
    const operation = await readOperation(reader, operationId(checkpoint));
    if (operation?.owner !== project || operation.subject.kind !== "attempt") return undefined;
    const run = (await readRun(reader, operation.subject.run))?.run;
    return run && (await readExecution(reader, run));
  });
}

/** Looks back page by page, each in a snapshot of its own: a page may have megabytes. */
async function latest(
  store: Store,
  project: ProjectId,
  query: CheckpointQuery,
): Promise<NotebookExecution | undefined> {
  let last: NotebookExecution | undefined;
  for (let page = 0; page < limits.checkpointPages; page += 1) {
    const after = last && { createdAt: last.createdAt, execution: last.id };
    const executions = await store.snapshot(
      async (reader) =>
        await scanExecutions(reader, project, {
          limit: limits.checkpointPageRows,
          ...(after === undefined ? {} : { after }),
        }),
    );
    const found = executions.find((execution) => fitting(execution, query) !== undefined);
    last = executions.at(-1);
    if (found !== undefined || last === undefined) return found;
  }
  return undefined;
}

function fitting(
  execution: NotebookExecution,
  { has, startAt }: CheckpointQuery,
): NotebookResult | undefined {
  const { finishedAt } = execution;
  if (finishedAt === undefined || !isCheckpoint(execution)) return undefined;
  if (startAt !== undefined && finishedAt < startAt) return undefined;
  return has(execution.result) ? execution.result : undefined;
}
