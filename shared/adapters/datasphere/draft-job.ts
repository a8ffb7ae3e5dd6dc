import { createHash } from "node:crypto";
import {
  CreateProjectJobMetadata,
  CreateProjectJobRequest,
  CreateProjectJobResponse,
  ListProjectJobRequest,
  ProjectJobServiceService as jobs,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  JobStatus,
  type Job,
  type JobParameters,
  type StorageFile,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { digest, type AttemptId, type ProjectId } from "../../core/ids.ts";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import { limits } from "../../core/limits.ts";
import type { DataSphereEngine } from "./engine.ts";
import { DataSphereFailure } from "./failure.ts";
import { finished, unpacked } from "./operations.ts";

/** A job that was created and costs nothing until it is executed. */
export interface Draft {
  readonly job: string;
  /** What DataSphere lacks of its files, and where it wants them. */
  readonly uploads: readonly StorageFile[];
  /** An answer was lost on the way to it: there may be another draft that nobody needs. */
  readonly hasTwin: boolean;
}

export interface DraftRequest {
  readonly project: ProjectId;
  readonly attempt: AttemptId;
  readonly job: JobDefinition;
  readonly parameters: JobParameters;
  /**
   * What tells it from earlier drafts of the attempt that are of no use any more: deleted when the
   * attempt was revoked, or with upload URLs that are over. Whoever starts the attempt at the same
   * time has the same.
   */
  readonly edition: string;
}

/** By this line of its description a job is known to be of an attempt. */
const markOf = (attempt: AttemptId): string => `orrery-attempt: ${attempt}`;

/**
 * Creates the job of an attempt, not to be executed yet. Its key is made of the attempt and of what
 * is asked, so that a repeat finds the same draft; where the answer is lost it is asked for again,
 * which costs nothing at the worst. Rejects with a `DataSphereFailure`.
 */
export async function createDraft(engine: DataSphereEngine, asked: DraftRequest): Promise<Draft> {
  const { session } = engine;
  const { project, attempt, job, parameters, edition } = asked;
  const request = CreateProjectJobRequest.fromPartial({
    projectId: project,
    jobParameters: parameters,
    config: JSON.stringify({
      cmd: job.command,
      ...(job.name === undefined ? {} : { name: job.name }),
    }),
    name: job.name ?? attempt.split(".", 1)[0] ?? attempt,
    desc: [job.description ?? "", markOf(attempt)].join("\n").trim(),
    dataTtl: { seconds: limits.jobDataTtlMs / 1_000, nanos: 0 },
  });
  const bytes = jobs.create.requestSerialize(request);
  const body = createHash("sha256").update(bytes).digest("hex");
  const key = digest(["create", attempt, body, edition], 32);
  for (let attempts = 1; ; attempts += 1) {
    try {
      const operation = await session.call(jobs.create, request, { effect: "some", key });
      return { ...draftIn(await finished(engine, operation)), hasTwin: attempts > 1 };
    } catch (error) {
      const isLost = error instanceof DataSphereFailure && error.kind === "unknownOutcome";
      if (!isLost || attempts >= limits.datasphereTries) throw error;
    }
  }
}

function draftIn(operation: Parameters<typeof unpackedResponse>[0]): Omit<Draft, "hasTwin"> {
  const response = unpackedResponse(operation);
  const metadata = unpacked(
    operation.metadata,
    `${PACKAGE}.CreateProjectJobMetadata`,
    CreateProjectJobMetadata,
  );
  const job = response?.jobId || metadata?.jobId;
  if (job === undefined || job === "" || response === undefined) {
    const message = `operation ${operation.id} created a job and does not say which`;
    throw new DataSphereFailure("INTERNAL", "broken", message);
  }
  return { job, uploads: response.uploadFiles };
}

const PACKAGE = "yandex.cloud.datasphere.v2.jobs";

function unpackedResponse(
  operation: Awaited<ReturnType<typeof finished>>,
): CreateProjectJobResponse | undefined {
  return unpacked(
    operation.response,
    `${PACKAGE}.CreateProjectJobResponse`,
    CreateProjectJobResponse,
  );
}

/** Drafts that earlier starts of the attempt made and that were not executed. */
export async function findDrafts(
  { session }: Pick<DataSphereEngine, "session">,
  { project, attempt }: Pick<DraftRequest, "project" | "attempt">,
): Promise<readonly string[]> {
  const found: string[] = [];
  const mark = markOf(attempt);
  let pageToken = "";
  for (let page = 0; page < limits.datasphereDraftPages; page += 1) {
    const request = ListProjectJobRequest.fromPartial({
      projectId: project,
      pageSize: limits.datasphereDraftPageRows,
      pageToken,
      filter: "status IN (CREATING)",
    });
    const answer = await session.call(jobs.list, request);
    const ours = answer.jobs.filter(
      ({ desc, status }) => status === JobStatus.CREATING && desc.split("\n").includes(mark),
    );
    found.push(...ours.map(({ id }) => id));
    pageToken = answer.nextPageToken;
    if (pageToken === "") break;
  }
  return found;
}

/** A job as it is by now; undefined where there is none. */
export async function getJob(
  { session }: Pick<DataSphereEngine, "session">,
  jobId: string,
): Promise<Job | undefined> {
  try {
    return await session.call(jobs.get, { jobId });
  } catch (error) {
    if (error instanceof DataSphereFailure && error.kind === "notFound") return undefined;
    throw error;
  }
}

/** Deletes a job that was not executed: true once nobody can execute it any more. */
export async function deleteDraft(engine: DataSphereEngine, jobId: string): Promise<boolean> {
  try {
    await finished(engine, await engine.session.call(jobs.delete, { jobId }, { effect: "some" }));
    return true;
  } catch (error) {
    if (!(error instanceof DataSphereFailure)) throw error;
    return error.kind === "notFound" || (await getJob(engine, jobId)) === undefined;
  }
}
