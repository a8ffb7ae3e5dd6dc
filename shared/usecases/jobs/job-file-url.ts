import { attemptIdOf } from "../../core/ids.ts";
import type { Job } from "../../core/job/job.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Download } from "../../ports/files.ts";
import type { Services } from "../services.ts";

/**
 * A fresh URL of a file of a job, which has its data. What an execution left is downloaded from where
 * its executor keeps it, if that has a URL.
 */
export async function jobFileUrl(
  { executor, files }: Pick<Services, "executor" | "files">,
  {
    job,
    file,
    expiresAt,
  }: Omit<Download, "job"> & { readonly job: Job; readonly expiresAt: Instant },
): Promise<string> {
  if (file.kind !== "input" && job.run !== undefined) {
    const located = await executor.locate(attemptIdOf(job.run, 1), file);
    if (located?.kind === "url") return located.url;
  }
  return await files.downloadUrl({ job: job.id, file }, expiresAt);
}
