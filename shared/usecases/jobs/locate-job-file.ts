import { attemptIdOf, type JobId } from "../../core/ids.ts";
import type { ExecutionFile, FileLocation } from "../../ports/executor.ts";
import { readJob } from "../../records/job-record.ts";
import type { Services } from "../services.ts";

/** Where a file that a job's execution left is; undefined where there is none (any more). */
export async function locateJobFile(
  services: Pick<Services, "store" | "executor">,
  job: JobId,
  file: ExecutionFile,
): Promise<FileLocation | undefined> {
  const record = await services.store.snapshot(async (reader) => await readJob(reader, job));
  if (record?.job.run === undefined || record.job.dataCleared) return undefined;
  // A job is executed once, and a caller's run is never retried.
  return await services.executor.locate(attemptIdOf(record.job.run, 1), file);
}
