import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { LogFile, OutputError } from "../../core/execution/execution-result.ts";
import { dataExpiresAt, jobStatus, type Job } from "../../core/job/job.ts";
import type { Run } from "../../core/run/run.ts";
import {
  FileCompressionType,
  FileUploadError_ErrorType,
  JobStatus,
  type FileSchema,
  type FileUploadErrorSchema,
  type JobMetadataSchema,
  type JobSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import { parametersOf } from "./job-parameters.ts";

type JobInit = MessageInitShape<typeof JobSchema>;
type FileInit = MessageInitShape<typeof FileSchema>;

/** A job as callers see it; `run` is that of its execution while it has not ended. */
export function jobMessage(job: Job, run: Run | undefined): JobInit {
  const { id, name, description, project, createdBy, config, end, parent } = job;
  const logs = (kind: LogFile["kind"]): FileInit[] =>
    (end?.logs ?? []).filter((log) => log.kind === kind).map(fileMessage);
  const instanceType = end?.instanceType ?? run?.attempts.at(-1)?.instanceType;
  return {
    id,
    name,
    desc: description,
    ...timesOf(job, run),
    status: JobStatus[jobStatus(job, run)],
    statusDetails: detailsOf(job, run),
    config,
    createdById: createdBy,
    projectId: project,
    jobParameters: parametersOf(job),
    dataCleared: job.dataCleared,
    outputFiles: (end?.outputs ?? []).map(fileMessage),
    logFiles: logs("log"),
    diagnosticFiles: logs("diagnostic"),
    dataSizeBytes: BigInt(dataBytes(job)),
    ...(instanceType === undefined ? {} : { actualCloudInstanceType: { name: instanceType } }),
    parentJobId: parent ?? "",
    fileErrors: fileErrors(job),
  };
}

/** The short form of a job, in the metadata of its execution. */
export function jobMetadataMessage(
  job: Job,
  run: Run | undefined,
): MessageInitShape<typeof JobMetadataSchema> {
  return {
    id: job.id,
    name: job.name,
    description: job.description,
    ...timesOf(job, run),
    status: JobStatus[jobStatus(job, run)],
    statusDetails: detailsOf(job, run),
    createdById: job.createdBy,
    projectId: job.project,
    parentJobId: job.parent ?? "",
  };
}

function timesOf(
  job: Job,
  run: Run | undefined,
): Pick<JobInit, "createdAt" | "startedAt" | "finishedAt" | "dataExpiresAt"> {
  const startedAt = job.end === undefined ? run?.attempts.at(-1)?.startedAt : job.end.startedAt;
  const expiresAt = dataExpiresAt(job);
  return {
    createdAt: timestampFromMs(job.createdAt),
    ...(startedAt === undefined ? {} : { startedAt: timestampFromMs(startedAt) }),
    ...(job.end === undefined ? {} : { finishedAt: timestampFromMs(job.end.finishedAt) }),
    ...(expiresAt === undefined ? {} : { dataExpiresAt: timestampFromMs(expiresAt) }),
  };
}

function detailsOf(job: Job, run: Run | undefined): string {
  return job.end?.details ?? run?.cancelText ?? "";
}

/** A file by its description and content. */
export function fileMessage(file: {
  readonly path: string;
  readonly variable?: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly isArchive?: boolean;
}): FileInit {
  return {
    desc: { path: file.path, var: file.variable ?? "" },
    sha256: file.sha256,
    sizeBytes: BigInt(file.bytes),
    compressionType: file.isArchive === true ? FileCompressionType.ZIP : FileCompressionType.NONE,
  };
}

/** Declared outputs that could not be taken over. */
export function fileErrors(job: Job): MessageInitShape<typeof FileUploadErrorSchema>[] {
  return (job.end?.outputErrors ?? []).map(({ path, type, description }: OutputError) => {
    const variable = job.definition.outputs.find((output) => output.path === path)?.variable;
    return {
      fileType: { case: "outputFileDesc", value: { path, var: variable ?? "" } },
      description,
      type: FileUploadError_ErrorType[type],
    };
  });
}

/** What the job's data takes: its inputs, its outputs and its logs. */
function dataBytes({ dataCleared, files, end }: Job): number {
  if (dataCleared) return 0;
  const kept = [...files, ...(end?.outputs ?? []), ...(end?.logs ?? [])];
  return kept.reduce((sum, { bytes }) => sum + bytes, 0);
}
