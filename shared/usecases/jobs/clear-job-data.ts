import { attemptIdOf, type JobId } from "../../core/ids.ts";
import { isExecuting, type Job } from "../../core/job/job.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Transaction } from "../../ports/store.ts";
import { deleteStretches } from "../../records/job-log-record.ts";
import { isFileUsed, readJob, writeJob, type JobRecord } from "../../records/job-record.ts";
import type { Services } from "../services.ts";

type ClearServices = Pick<Services, "store" | "clock" | "executor" | "files">;

/**
 * Removes a job's data: what its execution left, its logs, and the uploaded contents that no other
 * job of its project needs. The record stays. Marked first, removed then: nothing uses the data any
 * more from the mark on, and a removal that was cut short is taken up again by the job's timer or by
 * a repeat, which is harmless. A job that runs is left alone.
 *
 * A content may go in the instant in which a new job counts on it. That job's execution then names
 * it as missing, and its creation's operation, read again, has a URL for it.
 */
export async function clearJobData(
  services: ClearServices,
  id: JobId,
): Promise<"cleared" | "running"> {
  const now = services.clock.now();
  const job = await services.store.transact("clear-job", async (tx) => {
    const record = await readJob(tx, id);
    if (record === undefined || isExecuting(record.job)) return record?.job;
    return markCleared(tx, record, now);
  });
  if (job === undefined || job.clearingAt === undefined) {
    return job !== undefined && isExecuting(job) ? "running" : "cleared";
  }
  await removeData(services, job);
  await services.store.transact("cleared-job", async (tx) => {
    const record = await readJob(tx, id);
    if (record?.job.clearingAt === undefined) return;
    const { clearingAt, ...rest } = record.job;
    writeJob(tx, record, rest);
  });
  return "cleared";
}

/** Marks data as cleared: from here on nothing uses it. What was marked before stays as it is. */
export function markCleared(tx: Transaction, record: JobRecord, now: Instant): Job {
  if (record.job.dataCleared) return record.job;
  const job: Job = { ...record.job, dataCleared: true, clearingAt: now };
  writeJob(tx, record, job);
  return job;
}

async function removeData(services: ClearServices, job: Job): Promise<void> {
  const { executor, files, store } = services;
  if (job.run !== undefined) await executor.clear(attemptIdOf(job.run, 1));
  const unused = await store.snapshot(async (reader) => {
    const shas: string[] = [];
    for (const { sha256 } of job.files) {
      if (!(await isFileUsed(reader, job.project, sha256))) shas.push(sha256);
    }
    return shas;
  });
  if (unused.length > 0) await files.remove(job.project, unused);
  const most = limits.logStretchesPerClear;
  let removed = most;
  // A log order is bounded by the logs' size, and each round takes the first stretches left.
  while (removed === most) {
    removed = await store.transact(
      "clear-job-logs",
      async (tx) => await deleteStretches(tx, job.id, most),
    );
  }
}
