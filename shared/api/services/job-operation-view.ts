import type { MessageInitShape } from "@bufbuild/protobuf";
import { attemptIdOf, jobId, type JobId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Job } from "../../core/job/job.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Run } from "../../core/run/run.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { StorageFileSchema } from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import {
  CloneProjectJobResponseSchema,
  CreateProjectJobResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Progress } from "../../ports/executor.ts";
import { jobFileUrl } from "../../usecases/jobs/job-file-url.ts";
import { missingFiles } from "../../usecases/jobs/missing-files.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import { uploadsOf } from "./job-file.ts";
import { jobOperationView } from "./job-operation.ts";
import { parametersOf } from "./job-parameters.ts";

type ViewServices = Pick<ApiServices, "clock" | "executor" | "files">;

/**
 * An operation that made or executes a job, as it is by now. What changes while nobody writes is made
 * when the operation is read: how far the program is, and URLs, which expire. Reading an operation
 * again is how a client gets fresh ones.
 */
export async function currentJobOperation(
  services: ViewServices,
  operation: Operation,
  seen: { readonly job: Job; readonly run: Run | undefined },
): Promise<Operation> {
  return operation.subject.kind === "attempt"
    ? await currentExecution(services, operation, seen)
    : await currentCreation(services, operation, seen.job);
}

async function currentExecution(
  services: ViewServices,
  operation: Operation,
  { job, run }: { readonly job: Job; readonly run: Run | undefined },
): Promise<Operation> {
  const { result } = operation;
  const progress = await progressOf(services, job);
  const expiresAt = plusMs(services.clock.now(), limits.fileUrlMs);
  const { metadata, response } = jobOperationView(job, run, {
    ...(progress === undefined ? {} : { progress }),
    outputUrls: await outputUrls(services, job, expiresAt),
  });
  const hasResponse = result !== undefined && "response" in result && response !== undefined;
  return { ...operation, metadata, ...(hasResponse ? { result: { response } } : {}) };
}

/** In the order of the outputs; empty texts where the data was cleared. */
async function outputUrls(
  services: ViewServices,
  job: Job,
  expiresAt: Instant,
): Promise<readonly string[]> {
  const outputs = job.end?.outputs ?? [];
  if (job.dataCleared) return outputs.map(() => "");
  return await Promise.all(
    outputs.map(async ({ path, variable }) => {
      const named = variable === undefined ? { path } : { path, variable };
      const file = { kind: "output", ...named } as const;
      return await jobFileUrl(services, { job, file, expiresAt });
    }),
  );
}

/** A program that has ended says no more, and where it cannot be asked, its progress is not known. */
async function progressOf(services: ViewServices, job: Job): Promise<Progress | undefined> {
  if (job.run === undefined || job.dataCleared) return undefined;
  return await services.executor.progress(attemptIdOf(job.run, 1)).catch(() => undefined);
}

const RESPONSES = [CreateProjectJobResponseSchema, CloneProjectJobResponseSchema];

/** The job that an operation says it made; undefined for any other operation. */
export function createdJobOf(operation: Operation): JobId | undefined {
  const id = creationOf(operation)?.id;
  return id === undefined ? undefined : jobId(id);
}

function creationOf({
  result,
}: Operation): { readonly id: string; readonly schema: (typeof RESPONSES)[number] } | undefined {
  if (result === undefined || !("response" in result)) return undefined;
  const { "@type": type, jobId: id } = result.response;
  const schema = RESPONSES.find(({ typeName }) => type === `type.googleapis.com/${typeName}`);
  return schema === undefined || typeof id !== "string" ? undefined : { id, schema };
}

async function currentCreation(
  services: ViewServices,
  operation: Operation,
  job: Job,
): Promise<Operation> {
  const schema = creationOf(operation)?.schema;
  if (schema === undefined) return operation;
  const uploadFiles = await uploadFilesOf(services, job);
  const response: AnyJson = anyJson(schema, { jobId: job.id, uploadFiles });
  return { ...operation, result: { response } };
}

/** Each content once, as the client described the first file that has it. */
async function uploadFilesOf(
  services: ViewServices,
  job: Job,
): Promise<MessageInitShape<typeof StorageFileSchema>[]> {
  const described = uploadsOf(parametersOf(job));
  const expiresAt = plusMs(services.clock.now(), limits.fileUrlMs);
  const uploads = (await missingFiles(services, job)).flatMap(({ sha256, bytes }) => {
    const file = described.find((each) => each.sha256 === sha256);
    return file === undefined ? [] : [{ file, upload: { project: job.project, sha256, bytes } }];
  });
  return await Promise.all(
    uploads.map(async ({ file, upload }) => {
      return { file, url: await services.files.uploadUrl(upload, expiresAt) };
    }),
  );
}
