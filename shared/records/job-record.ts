import type { JobId, ProjectId } from "../core/ids.ts";
import { dataExpiresAt, isExecuting, type Job } from "../core/job/job.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { fileUsesTable, jobsTable, projectJobsTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

export interface JobRecord {
  readonly job: Job;
  readonly version: number;
}

export async function readJob(reader: Reader, id: JobId): Promise<JobRecord | undefined> {
  const row = await reader.get(jobsTable, { job: id });
  return row && { job: fromBody<Job>(row.body), version: row.version };
}

/** Writes a job with its place in the listing, its uses of files, and the timer of its expiry. */
export function writeJob(tx: Transaction, before: JobRecord | undefined, job: Job): void {
  const timer = timerOf(job);
  tx.put(jobsTable, {
    job: job.id,
    project: job.project,
    version: (before?.version ?? 0) + 1,
    timer_at: timer?.dueAt ?? 0,
    body: toBody(job),
  });
  const { project, id } = job;
  if (before === undefined) {
    tx.put(projectJobsTable, { project, created_at: job.createdAt, job: id });
    for (const { sha256 } of job.files) tx.put(fileUsesTable, { project, sha256, job: id });
  }
  if (job.dataCleared && before?.job.dataCleared !== true) {
    for (const { sha256 } of job.files) tx.delete(fileUsesTable, { project, sha256, job: id });
  }
  moveTimer(tx, before && timerOf(before.job), timer);
}

/** Removes a job whose data is cleared. */
export function deleteJob(tx: Transaction, { job }: JobRecord): void {
  const { project, id } = job;
  tx.delete(jobsTable, { job: id });
  tx.delete(projectJobsTable, { project, created_at: job.createdAt, job: id });
  for (const { sha256 } of job.files) tx.delete(fileUsesTable, { project, sha256, job: id });
  moveTimer(tx, timerOf(job), undefined);
}

/** A page of a project's jobs, latest first. */
export async function scanJobs(
  reader: Reader,
  project: ProjectId,
  page: {
    readonly limit: number;
    readonly after?: { readonly createdAt: Instant; readonly job: string };
  },
): Promise<readonly Job[]> {
  const { after } = page;
  const rows = await reader.scan(projectJobsTable, {
    prefix: { project },
    order: "descending",
    limit: page.limit,
    ...(after === undefined
      ? {}
      : { after: { project, created_at: after.createdAt, job: after.job } }),
  });
  const found = await reader.getMany(
    jobsTable,
    rows.map(({ job }) => ({ job })),
  );
  return found.flatMap((row) => (row === undefined ? [] : [fromBody<Job>(row.body)]));
}

/** Whether any job of the project still needs this content. */
export async function isFileUsed(
  reader: Reader,
  project: ProjectId,
  sha256: string,
): Promise<boolean> {
  return (await reader.scan(fileUsesTable, { prefix: { project, sha256 }, limit: 1 })).length > 0;
}

/**
 * A job that runs keeps its data; its expiry is looked at once it has ended. Removing data that was
 * cleared is owed until it is done.
 */
function timerOf(job: Job): Timer | undefined {
  const dueAt = job.clearingAt ?? (isExecuting(job) ? undefined : dataExpiresAt(job));
  return dueAt === undefined ? undefined : { kind: "job", ref: job.id, dueAt: instant(dueAt) };
}
