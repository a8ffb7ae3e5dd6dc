import { ProjectJobServiceService as jobs } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import type { File, Job } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import type { ExecutionFile, FileLocation } from "../../ports/executor.ts";
import { isLoopback } from "../../core/loopback.ts";
import { getJob } from "./draft-job.ts";
import type { DataSphereEngine } from "./engine.ts";

/** A fresh URL of a file that a job left; undefined where there is none (any more). */
export async function locateFile(
  engine: Pick<DataSphereEngine, "session">,
  jobId: string,
  wanted: ExecutionFile,
): Promise<FileLocation | undefined> {
  const job = await getJob(engine, jobId);
  const file = job === undefined || job.dataCleared ? undefined : fileOf(job, wanted);
  if (file === undefined) return undefined;
  const { downloadFiles } = await engine.session.call(jobs.downloadJobFiles, {
    jobId,
    files: [file],
  });
  const url = downloadFiles[0]?.url ?? "";
  return isPermitted(engine, url) ? { kind: "url", url } : undefined;
}

function fileOf(job: Job, wanted: ExecutionFile): File | undefined {
  const list =
    wanted.kind === "output" ? job.outputFiles : [...job.logFiles, ...job.diagnosticFiles];
  const variable = wanted.kind === "output" ? (wanted.variable ?? "") : undefined;
  return list.find(
    ({ desc }) => desc?.path === wanted.path && (variable === undefined || desc.var === variable),
  );
}

/** Files come to this machine's users encrypted, but from one that plays the cloud on it. */
function isPermitted({ session }: Pick<DataSphereEngine, "session">, url: string): boolean {
  const parsed = URL.parse(url);
  if (parsed?.protocol === "https:") return true;
  return (
    parsed?.protocol === "http:" && isLoopback(session.endpoint) && isLoopback(parsed.hostname)
  );
}
