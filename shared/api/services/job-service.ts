import { toBinary, create, type MessageInitShape } from "@bufbuild/protobuf";
import { limits } from "../../core/limits.ts";
import { INSTANT_MAX, instant, plusMs } from "../../core/time/instant.ts";
import { JobSchema, type File } from "../../gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import {
  DeleteAllProjectJobDataMetadataSchema,
  DeleteProjectJobDataMetadataSchema,
  DeleteProjectJobMetadataSchema,
  ProjectJobService,
  type DownloadProjectJobFilesRequest,
  type DownloadProjectJobFilesResponseSchema,
  type ListProjectJobRequest,
  type ListProjectJobResponseSchema,
} from "../../gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { cancelJob } from "../../usecases/jobs/cancel-job.ts";
import { cloneJob } from "../../usecases/jobs/clone-job.ts";
import { createJob } from "../../usecases/jobs/create-job.ts";
import { deleteAllJobData, deleteJob, deleteJobData } from "../../usecases/jobs/delete-job-data.ts";
import { executeJob } from "../../usecases/jobs/execute-job.ts";
import { filesOf, findJobFile } from "../../usecases/jobs/find-job-files.ts";
import { findJob, findJobWithRun, requireData } from "../../usecases/jobs/find-job.ts";
import { jobFileUrl } from "../../usecases/jobs/job-file-url.ts";
import { listJobs, type JobCursor } from "../../usecases/jobs/list-jobs.ts";
import { setDataTtl } from "../../usecases/jobs/set-data-ttl.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import { reads, serve, type ServedService, type ServiceHandlers } from "../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../page-token.ts";
import { clonedDraft, createdDraft, ttlMsOf } from "./job-draft.ts";
import { parseJobFilter } from "./job-filter.ts";
import { readLogs, readStdLogs } from "./job-logs.ts";
import { presentCloned, presentCreated } from "./job-operation.ts";
import { fileMessage, jobMessage } from "./job-view.ts";
import { viewForCaller } from "./operation-view.ts";

/** Jobs: their files, their execution, and what becomes of them. */
export function jobService(services: ApiServices): ServedService {
  return serve(ProjectJobService, {
    ...making(services),
    ...running(services),
    ...reading(services),
    ...clearing(services),
  });
}

type Handlers = ServiceHandlers<typeof ProjectJobService>;

function making(services: ApiServices): Pick<Handlers, "create" | "clone"> {
  const view = viewForCaller(services);
  return {
    create: async (request, call) =>
      await view(
        call,
        createJob(services, call, {
          project: request.projectId,
          draft: (rates) => createdDraft(request, rates),
          present: presentCreated,
        }),
      ),
    clone: async (request, call) =>
      await view(
        call,
        cloneJob(services, call, {
          source: request.sourceJobId,
          draft: (source, rates) => clonedDraft(request, source, rates),
          present: presentCloned,
        }),
      ),
  };
}

function running(
  services: ApiServices,
): Pick<Handlers, "execute" | "cancel" | "readLogs" | "readStdLogs"> {
  const view = viewForCaller(services);
  return {
    execute: async ({ jobId }, call) => await view(call, executeJob(services, call, jobId)),
    cancel: async ({ jobId, reason, graceful }) => {
      await cancelJob(services, { job: jobId, reason, graceful });
      return {};
    },
    readLogs: (request, call) => readLogs(services, request, call),
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- clients of 2023 still call it
    readStdLogs: (request, call) => readStdLogs(services, request, call),
  };
}

function reading(services: ApiServices): Pick<Handlers, "get" | "list" | "downloadJobFiles"> {
  return {
    get: reads(
      async (reader, { jobId }) => await findJobWithRun(reader, jobId),
      ({ job, run }) => jobMessage(job, run),
    ),
    list: async (request) => await list(services, request),
    downloadJobFiles: async (request) => await downloadUrls(services, request),
  };
}

function clearing(
  services: ApiServices,
): Pick<Handlers, "delete" | "deleteData" | "deleteAllData" | "setDataTtl"> {
  const view = viewForCaller(services);
  return {
    delete: async ({ jobId: job }, call) => {
      const metadata = anyJson(DeleteProjectJobMetadataSchema, { jobId: job });
      return await view(call, deleteJob(services, call, { job, metadata }));
    },
    deleteData: async ({ jobId: job }, call) => {
      const metadata = anyJson(DeleteProjectJobDataMetadataSchema, { jobId: job });
      return await view(call, deleteJobData(services, call, { job, metadata }));
    },
    deleteAllData: async ({ projectId: project }, call) => {
      const metadata = anyJson(DeleteAllProjectJobDataMetadataSchema, { projectId: project });
      return await view(call, deleteAllJobData(services, call, { project, metadata }));
    },
    setDataTtl: async ({ jobId, ttl }) => {
      await setDataTtl(services, { job: jobId, ttlMs: ttlMsOf(ttl) });
      return {};
    },
  };
}

const LISTING = "jobs";

async function list(
  services: ApiServices,
  request: ListProjectJobRequest,
): Promise<MessageInitShape<typeof ListProjectJobResponseSchema>> {
  const statuses = parseJobFilter(request.filter);
  const after = cursorOf(request.pageToken);
  const { jobs, next } = await listJobs(services, {
    project: request.projectId,
    limit: pageSize(request.pageSize),
    sizeOf: ({ job, run }) => toBinary(JobSchema, create(JobSchema, jobMessage(job, run))).length,
    ...(statuses === undefined ? {} : { statuses }),
    ...(after === undefined ? {} : { after }),
  });
  return {
    jobs: jobs.map(({ job, run }) => jobMessage(job, run)),
    nextPageToken: encodePageToken(LISTING, next && [next.createdAt, next.job]),
  };
}

function cursorOf(token: string): JobCursor | undefined {
  const place = decodePageToken(LISTING, token);
  if (place === undefined) return undefined;
  const [createdAt, job] = place;
  const isTime = typeof createdAt === "number" && createdAt >= 0 && createdAt <= INSTANT_MAX;
  if (!isTime || typeof job !== "string") throw wrongPageToken();
  return { createdAt: instant(createdAt), job };
}

async function downloadUrls(
  services: ApiServices,
  { jobId, files }: DownloadProjectJobFilesRequest,
): Promise<MessageInitShape<typeof DownloadProjectJobFilesResponseSchema>> {
  const { job } = await services.store.snapshot(async (reader) => await findJob(reader, jobId));
  requireData(job);
  const known = filesOf(job);
  const expiresAt = plusMs(services.clock.now(), limits.fileUrlMs);
  // All are looked for before the first URL is made: one that the job does not have refuses them all.
  const found = files.map(({ desc, sha256 }: File) =>
    findJobFile(job, known, { path: desc?.path ?? "", variable: desc?.var ?? "", sha256 }),
  );
  const downloadFiles = await Promise.all(
    found.map(async ({ download, ...file }) => {
      const url = await jobFileUrl(services, { job, file: download, expiresAt });
      return { file: fileMessage(file), url };
    }),
  );
  return { downloadFiles };
}
