import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { AnyJson } from "../../core/json.ts";
import type { Job } from "../../core/job/job.ts";
import type { Run } from "../../core/run/run.ts";
import {
  CloneProjectJobMetadataSchema,
  CloneProjectJobResponseSchema,
  CreateProjectJobMetadataSchema,
  CreateProjectJobResponseSchema,
  ExecuteProjectJobMetadataSchema,
  ExecuteProjectJobResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Progress } from "../../ports/executor.ts";
import type { PresentJob } from "../../usecases/jobs/create-job.ts";
import { anyJson } from "../any.ts";
import { fileErrors, fileMessage, jobMessage, jobMetadataMessage } from "./job-view.ts";

/** What the operation of an execution tells besides what is in the job. */
interface KnownOfExecution {
  readonly progress?: Progress;
  /** Fresh URLs to read the job's outputs from, in their order; empty texts where they are cleared. */
  readonly outputUrls: readonly string[];
}

/**
 * The operation of a job's execution, as whoever polls it sees it now. `run` may be gone once the
 * job has ended. A response is for an operation that is done without an error.
 */
export function jobOperationView(
  job: Job,
  run: Run | undefined,
  known: KnownOfExecution,
): { readonly metadata: AnyJson; readonly response?: AnyJson } {
  const { progress, outputUrls } = known;
  const metadata = anyJson(ExecuteProjectJobMetadataSchema, {
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- the CLI still reads it
    job: jobMessage(job, run),
    metadata: jobMetadataMessage(job, run),
    ...(progress === undefined
      ? {}
      : {
          progress: {
            message: progress.message,
            progress: BigInt(progress.percent),
            createTime: timestampFromMs(progress.at),
          },
        }),
  });
  const { end } = job;
  if (end === undefined) return { metadata };
  const response = anyJson(ExecuteProjectJobResponseSchema, {
    outputFiles: end.outputs.map((output, index) => {
      return { file: fileMessage(output), url: outputUrls[index] ?? "" };
    }),
    result: { returnCode: BigInt(end.returnCode ?? 0) },
    outputFilesErrors: fileErrors(job),
  });
  return { metadata, response };
}

export const presentCreated: PresentJob = ({ project, id }) => ({
  metadata: anyJson(CreateProjectJobMetadataSchema, { projectId: project, jobId: id }),
  response: anyJson(CreateProjectJobResponseSchema, { jobId: id }),
});

export const presentCloned: PresentJob = ({ project, id }) => ({
  metadata: anyJson(CloneProjectJobMetadataSchema, { projectId: project, jobId: id }),
  response: anyJson(CloneProjectJobResponseSchema, { jobId: id }),
});
