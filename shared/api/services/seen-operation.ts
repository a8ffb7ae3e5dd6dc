import type { Job } from "../../core/job/job.ts";
import type { NotebookExecution } from "../../core/notebook/notebook-execution.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Run } from "../../core/run/run.ts";
import type { Reader } from "../../ports/store.ts";
import { readExecution } from "../../records/execution-record.ts";
import { readJob } from "../../records/job-record.ts";
import { readRun } from "../../records/run-record.ts";
import { createdJobOf } from "./job-operation-view.ts";

/** What an operation tells of besides itself, as far as that is kept. */
export interface Followed {
  readonly run?: Run | undefined;
  /** The job that the operation executes, or that it made. */
  readonly job?: Job | undefined;
  readonly execution?: NotebookExecution | undefined;
}

/** An operation with what it follows; or with why that cannot be read. */
export interface SeenOperation {
  readonly operation: Operation;
  readonly followed: PromiseSettledResult<Followed>;
}

/** Reads what an operation follows, in the snapshot that the operation was read in. */
export async function seeOperation(reader: Reader, operation: Operation): Promise<SeenOperation> {
  const [followed] = await Promise.allSettled([readFollowed(reader, operation)]);
  return { operation, followed };
}

export async function readFollowed(reader: Reader, operation: Operation): Promise<Followed> {
  const { subject } = operation;
  if (subject.kind !== "attempt") {
    const made = createdJobOf(operation);
    return made === undefined ? {} : { job: (await readJob(reader, made))?.job };
  }
  const run = (await readRun(reader, subject.run))?.run;
  switch (run?.cause.kind) {
    case "job":
      return { run, job: (await readJob(reader, run.cause.job))?.job };
    case "notebook":
      return { run, execution: await readExecution(reader, run) };
    default:
      return { run };
  }
}
