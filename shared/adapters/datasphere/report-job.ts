import { ExecuteProjectJobResponse } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  FileUploadError_ErrorType as ErrorType,
  JobStatus,
  type File,
  type FileUploadError,
  type Job,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import type {
  ExecutionResult,
  LogFile,
  OutputError,
  OutputFile,
} from "../../core/execution/execution-result.ts";
import { limits } from "../../core/limits.ts";
import { instant, later, plusMs, type Instant } from "../../core/time/instant.ts";
import type { ExecutionClaim } from "../../ports/execution-claims.ts";
import type { ExecutionReport } from "../../ports/executor.ts";
import { CANCELLED } from "../../core/operation/operation-state.ts";
import { operationFailure } from "./failure.ts";
import { unpacked } from "./operations.ts";

/** What DataSphere says of a claimed job at one moment. */
export interface SeenJob {
  readonly claim: ExecutionClaim;
  /** Undefined where there is no such job (any more). */
  readonly job: Job | undefined;
  /** Undefined where it is not known, or not kept any more. */
  readonly operation: Operation | undefined;
  readonly now: Instant;
}

/** A code that says nothing by itself: the words do. */
const FAILED_PRECONDITION = 9;

const RESPONSE = "yandex.cloud.datasphere.v2.jobs.ExecuteProjectJobResponse";

/**
 * How an execution stands. Its operation decides that it has ended, and its job what it left; the
 * two are written apart and may be a moment apart. Where one of them lacks, the other is believed
 * after that moment.
 */
export function jobReport(seen: SeenJob): ExecutionReport {
  const { job, operation, claim, now } = seen;
  const isSettled = (since: Date | undefined): boolean =>
    now > plusMs(instantOf(since) ?? claim.claimedAt, limits.datasphereSettleMs);
  if (operation?.done === true) {
    const response = unpacked(operation.response, RESPONSE, ExecuteProjectJobResponse);
    const hasResult = operation.error !== undefined || response?.result !== undefined;
    // What its job says completes the end, so that is waited for as well, for a moment.
    const isWhole = job !== undefined && isOver(job.status);
    if (hasResult && (isWhole || isSettled(operation.modifiedAt))) {
      return ended(seen, operationEnd(seen, operation, response));
    }
    if (!isSettled(operation.modifiedAt)) return underWay(seen);
  }
  if (job === undefined) {
    if (!isSettled(undefined)) return { state: "preparing" };
    const detail = `Job ${claim.execution} is not in DataSphere any more: somebody deleted it`;
    return ended(seen, { ending: "lost", detail });
  }
  // Without an operation to wait for, the job's own word is the last one.
  const isLast = operation === undefined || isSettled(job.finishedAt);
  if (isOver(job.status) && isLast) return ended(seen, statusEnd(seen, job));
  if (operation?.done === true) {
    const detail = `Operation ${operation.id} of job ${job.id} is done, and holds no result`;
    return ended(seen, { ending: "lost", detail });
  }
  return underWay(seen);
}

function isOver(status: JobStatus): boolean {
  return [JobStatus.SUCCESS, JobStatus.ERROR, JobStatus.CANCELLED].includes(status);
}

/** A job that goes on. A status that goes back is no news for a run, which only goes forward. */
function underWay({ job, operation }: SeenJob): ExecutionReport {
  const startedAt = instantOf(job?.startedAt);
  const isStarted = job !== undefined && startedAt !== undefined;
  if (!isStarted) {
    // A program that runs and has no start is billed, so it counts from when it was asked for.
    const since = job?.status === JobStatus.EXECUTING ? instantOf(operation?.createdAt) : undefined;
    return since === undefined ? { state: "preparing" } : { state: "running", startedAt: since };
  }
  const isCollecting = isOver(job.status) || job.status === JobStatus.UPLOADING_OUTPUT;
  return { state: isCollecting ? "collecting" : "running", startedAt };
}

type End = Pick<ExecutionResult, "ending" | "exitCode" | "detail">;

function operationEnd(
  { claim, job }: SeenJob,
  { error }: Operation,
  response: ExecuteProjectJobResponse | undefined,
): End {
  if (response?.result !== undefined) {
    return { ending: "exited", exitCode: response.result.returnCode };
  }
  if (error === undefined || error.code === CANCELLED) return stopped(claim);
  const { kind, message, code } = operationFailure(error.code, error.message);
  const detail = `${message} (${code})`;
  if (kind === "capacity") return { ending: "noCapacity", detail };
  if (kind === "limit") return { ending: "limited", detail };
  if (job?.status === JobStatus.CANCELLED) return stopped(claim);
  return { ending: "lost", detail: `DataSphere ended it: ${detail}` };
}

function statusEnd({ claim }: SeenJob, job: Job): End {
  if (job.status === JobStatus.SUCCESS) return { ending: "exited", exitCode: 0 };
  if (job.status === JobStatus.CANCELLED) return stopped(claim);
  const failed = operationFailure(FAILED_PRECONDITION, job.statusDetails);
  if (failed.kind === "capacity") return { ending: "noCapacity", detail: failed.message };
  if (failed.kind === "limit") return { ending: "limited", detail: failed.message };
  const why = job.statusDetails === "" ? "" : `: ${job.statusDetails}`;
  return {
    ending: "lost",
    detail: `Job ${job.id} ended with ERROR, and its exit code is not known any more${why}`,
  };
}

/** Whose wish it was is in the claim; anybody else's in DataSphere is a cancellation. */
function stopped({ stopping }: ExecutionClaim): End {
  return { ending: stopping ?? "cancelled" };
}

function ended({ claim, job, operation, now }: SeenJob, end: End): ExecutionReport {
  const finishedAt = instantOf(job?.finishedAt) ?? instantOf(operation?.modifiedAt) ?? now;
  // What never began to run has no start. What is gone may have run all the time.
  const began =
    job === undefined ? (instantOf(operation?.createdAt) ?? claim.claimedAt) : undefined;
  const startedAt = instantOf(job?.startedAt) ?? began ?? finishedAt;
  return {
    state: "ended",
    result: {
      ...end,
      startedAt,
      finishedAt: later(startedAt, finishedAt),
      instanceType: instanceTypeOf(claim, job),
      outputs: (job?.outputFiles ?? []).map(outputOf),
      outputErrors: (job?.fileErrors ?? []).flatMap(outputErrorOf),
      logs: [
        ...(job?.logFiles ?? []).map((file) => logOf(file, "log")),
        ...(job?.diagnosticFiles ?? []).map((file) => logOf(file, "diagnostic")),
      ],
    },
  };
}

function instanceTypeOf({ work }: ExecutionClaim, job: Job | undefined): string {
  const actual = job?.actualCloudInstanceType?.name ?? "";
  if (actual !== "" || work.kind !== "job") return actual;
  const [only = "", ...others] = work.instanceTypes;
  return others.length === 0 ? only : "";
}

function outputOf({ desc, sha256, sizeBytes }: File): OutputFile {
  const { path = "", var: variable = "" } = desc ?? {};
  return { path, ...(variable === "" ? {} : { variable }), sha256, bytes: sizeBytes };
}

/** A log that could not be kept is nobody's output. */
function outputErrorOf(error: FileUploadError): readonly OutputError[] {
  const { outputFileDesc, description, type } = error;
  if (outputFileDesc === undefined) return [];
  const kind = type === ErrorType.NOT_FOUND ? "NOT_FOUND" : "UPLOAD_FAILED";
  return [{ path: outputFileDesc.path, type: kind, description }];
}

function logOf({ desc, sha256, sizeBytes }: File, kind: LogFile["kind"]): LogFile {
  return { path: desc?.path ?? "", kind, sha256, bytes: sizeBytes };
}

/** The SDK gives dates; one that cannot be is passed over. */
export function instantOf(date: Date | undefined): Instant | undefined {
  const ms = date?.getTime() ?? Number.NaN;
  return Number.isSafeInteger(ms) && ms > 0 ? instant(ms) : undefined;
}
