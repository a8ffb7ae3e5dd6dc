import { OrreryError } from "../../core/errors.ts";
import { jobId, NAME_PATTERN } from "../../core/ids.ts";
import { isExecuting, type Job } from "../../core/job/job.ts";
import type { Run } from "../../core/run/run.ts";
import type { Reader } from "../../ports/store.ts";
import { readJob, type JobRecord } from "../../records/job-record.ts";
import { readRun } from "../../records/run-record.ts";
import { notFound } from "../access/denial.ts";

/** The job with this id; `JOB_NOT_FOUND` where there is none. */
export async function findJob(reader: Reader, id: string): Promise<JobRecord> {
  const record = NAME_PATTERN.test(id) ? await readJob(reader, jobId(id)) : undefined;
  if (record === undefined) throw notFound({ resource: "job", id, role: "viewer" });
  return record;
}

/** A job with the run of its execution, where that is still needed to say how it stands. */
export interface JobWithRun {
  readonly job: Job;
  readonly run: Run | undefined;
}

export async function findJobWithRun(reader: Reader, id: string): Promise<JobWithRun> {
  return await withRun(reader, (await findJob(reader, id)).job);
}

/** What has ended needs no run any more, and outlives it. */
export async function withRun(reader: Reader, job: Job): Promise<JobWithRun> {
  const run =
    job.run === undefined || job.end !== undefined
      ? undefined
      : (await readRun(reader, job.run))?.run;
  return { job, run };
}

/** A job whose data or record is to go must not be running. */
export function requireNotRunning(job: Job): void {
  if (!isExecuting(job)) return;
  throw new OrreryError(
    "JOB_RUNNING",
    `Job ${job.id} is running: cancel it, or wait for its end, and ask again`,
  );
}

export function requireData(job: Job): void {
  if (!job.dataCleared) return;
  throw new OrreryError(
    "JOB_DATA_CLEARED",
    `The data of job ${job.id} was cleared: create the job again`,
  );
}
