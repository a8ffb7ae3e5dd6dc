import type { MessageInitShape } from "@bufbuild/protobuf";
import { attemptIdOf, jobId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Job } from "../../core/job/job.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Run } from "../../core/run/run.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { StorageFileSchema } from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import {
  CloneProjectJobResponseSchema,
  CreateProjectJobResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Progress } from "../../ports/executor.ts";
import type { Reader } from "../../ports/store.ts";
import { readJob } from "../../records/job-record.ts";
import { readRun } from "../../records/run-record.ts";
import { missingFiles } from "../../usecases/jobs/missing-files.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import { uploadsOf } from "./job-file.ts";
import { jobOperationView } from "./job-operation.ts";
import { parametersOf } from "./job-parameters.ts";

type ViewServices = Pick<ApiServices, "store" | "clock" | "executor" | "files">;

/**
 * An operation that made or executes a job, as it is by now; any other one as it is stored. What
 * changes while nobody writes is made when the operation is read: how far the program is, and URLs,
 * which expire. Reading an operation again is how a client gets fresh ones.
 */
export async function currentJobOperation(
  services: ViewServices,
  operation: Operation,
): Promise<Operation> {
  return operation.subject.kind === "attempt"
    ? await currentExecution(services, operation)
    : await currentCreation(services, operation);
}

async function currentExecution(services: ViewServices, operation: Operation): Promise<Operation> {
  const { subject, result } = operation;
  if (subject.kind !== "attempt") return operation;
  const { job, run } = await services.store.snapshot(
    async (reader) => await executed(reader, subject.run),
  );
  if (job === undefined) return operation;
  const progress = await progressOf(services, job);
  const expiresAt = plusMs(services.clock.now(), limits.fileUrlMs);
  const { metadata, response } = jobOperationView(job, run, {
    ...(progress === undefined ? {} : { progress }),
    downloadUrl: (download) => services.files.downloadUrl(download, expiresAt),
  });
  const hasResponse = result !== undefined && "response" in result && response !== undefined;
  return { ...operation, metadata, ...(hasResponse ? { result: { response } } : {}) };
}

async function executed(
  reader: Reader,
  id: Run["id"],
): Promise<{ readonly job: Job | undefined; readonly run: Run | undefined }> {
  const run = (await readRun(reader, id))?.run;
  if (run?.cause.kind !== "job") return { job: undefined, run };
  return { job: (await readJob(reader, run.cause.job))?.job, run };
}

/** A program that has ended says no more, and where it cannot be asked, its progress is not known. */
async function progressOf(services: ViewServices, job: Job): Promise<Progress | undefined> {
  if (job.run === undefined || job.dataCleared) return undefined;
  return await services.executor.progress(attemptIdOf(job.run, 1)).catch(() => undefined);
}

const RESPONSES = [CreateProjectJobResponseSchema, CloneProjectJobResponseSchema];

async function currentCreation(services: ViewServices, operation: Operation): Promise<Operation> {
  const { result } = operation;
  if (result === undefined || !("response" in result)) return operation;
  const { "@type": type, jobId: id } = result.response;
  const schema = RESPONSES.find(({ typeName }) => type === `type.googleapis.com/${typeName}`);
  if (schema === undefined || typeof id !== "string") return operation;
  const job = await services.store.snapshot(
    async (reader) => (await readJob(reader, jobId(id)))?.job,
  );
  if (job === undefined) return operation;
  const uploadFiles = await uploadFilesOf(services, job);
  const response: AnyJson = anyJson(schema, { jobId: id, uploadFiles });
  return { ...operation, result: { response } };
}

/** Each content once, as the client described the first file that has it. */
async function uploadFilesOf(
  services: ViewServices,
  job: Job,
): Promise<MessageInitShape<typeof StorageFileSchema>[]> {
  const described = uploadsOf(parametersOf(job));
  const expiresAt = plusMs(services.clock.now(), limits.fileUrlMs);
  return (await missingFiles(services, job)).flatMap(({ sha256, bytes }) => {
    const file = described.find((each) => each.sha256 === sha256);
    const url = services.files.uploadUrl({ project: job.project, sha256, bytes }, expiresAt);
    return file === undefined ? [] : [{ file, url }];
  });
}
