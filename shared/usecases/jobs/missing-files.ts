import type { Job } from "../../core/job/job.ts";
import type { StoredFile } from "../../core/job/job-definition.ts";
import type { Services } from "../services.ts";

/** The contents that a job needs and its project does not have; none where the data was cleared. */
export async function missingFiles(
  services: Pick<Services, "files">,
  job: Job,
): Promise<readonly StoredFile[]> {
  if (job.dataCleared || job.files.length === 0) return [];
  const sha256s = job.files.map(({ sha256 }) => sha256);
  const present = await services.files.present(job.project, sha256s);
  return job.files.filter(({ sha256 }) => !present.has(sha256));
}
