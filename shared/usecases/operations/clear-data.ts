import { jobId, projectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { isExecuting } from "../../core/job/job.ts";
import type { Operation, OperationWork } from "../../core/operation/operation.ts";
import {
  ALL_DATA_CLEARED,
  DATA_CLEARED,
  EMPTY_RESPONSE,
} from "../../core/operation/work-operation.ts";
import { instant, type Instant } from "../../core/time/instant.ts";
import { assert } from "../../core/assert.ts";
import { deleteJob, readJob, scanJobs } from "../../records/job-record.ts";
import { clearJobData } from "../jobs/clear-job-data.ts";
import type { Services } from "../services.ts";
import { commitStep } from "./commit-step.ts";

type ClearJob = Extract<OperationWork, { readonly kind: "clearJob" }>;
type ClearProject = Extract<OperationWork, { readonly kind: "clearProject" }>;

/** Clears one job's data and, where the call asked for that, removes the job. */
export async function clearJob(
  services: Services,
  operation: Operation,
  work: ClearJob,
): Promise<void> {
  const id = jobId(work.job);
  await clearJobData(services, id);
  await commitStep(services, { id: operation.id, work }, async (tx, now) => {
    const record = work.thenDelete ? await readJob(tx, id) : undefined;
    if (record !== undefined) deleteJob(tx, record);
    const response = work.thenDelete ? EMPTY_RESPONSE : DATA_CLEARED;
    return { kind: "respond", response, at: now };
  });
}

/**
 * Clears the data of a page of a project's jobs, latest first, and remembers how far it came. Jobs
 * that run keep theirs, and so do jobs that are created while this goes on.
 */
export async function clearProject(
  services: Services,
  operation: Operation,
  work: ClearProject,
): Promise<void> {
  const { metadata } = operation;
  assert(metadata !== undefined, "the operation of a clearing has metadata");
  const after = placeOf(work.after);
  const jobs = await services.store.snapshot(
    async (reader) =>
      await scanJobs(reader, projectId(operation.owner), {
        limit: limits.clearedJobs,
        ...(after === undefined ? {} : { after }),
      }),
  );
  for (const job of jobs) {
    if (!job.dataCleared && !isExecuting(job)) await clearJobData(services, job.id);
  }
  const last = jobs.at(-1);
  await commitStep(services, { id: operation.id, work }, (_tx, at) => {
    if (last === undefined) {
      return Promise.resolve({ kind: "respond", response: ALL_DATA_CLEARED, at });
    }
    const next: ClearProject = { kind: "clearProject", after: `${last.createdAt}:${last.id}` };
    return Promise.resolve({ kind: "progress", metadata, work: next, at });
  });
}

/** Where the listing goes on: `CREATED_AT:JOB`. */
function placeOf(
  after: string | undefined,
): { readonly createdAt: Instant; readonly job: string } | undefined {
  if (after === undefined) return undefined;
  const colon = after.indexOf(":");
  return { createdAt: instant(Number(after.slice(0, colon))), job: after.slice(colon + 1) };
}
