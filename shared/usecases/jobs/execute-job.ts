import { assert } from "../../core/assert.ts";
import { OrreryError } from "../../core/errors.ts";
import type { Job } from "../../core/job/job.ts";
import type { StoredFile } from "../../core/job/job-definition.ts";
import { attemptOperationId } from "../../core/operation/attempt-operation.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { writeJob } from "../../records/job-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import { requireProject } from "../projects/require-project.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { sendNudges, type Nudge } from "../nudge.ts";
import { earlierOperation, remember } from "../operations/run-call.ts";
import { followProvider } from "../provider/follow-provider.ts";
import type { Services } from "../services.ts";
import type { Seen as AdmissionSeen } from "../admission-facts.ts";
import { adHocRun, startAdHoc, type AdHocRequest } from "../start-ad-hoc.ts";
import { findJob, requireData } from "./find-job.ts";
import { missingFiles } from "./missing-files.ts";

/**
 * Executes a job once. Asked again, with or without an Idempotency-Key, it answers with the
 * operation there is, finished or not. What cannot start now leaves nothing behind, so the same
 * call may be made again later.
 */
export async function executeJob(
  services: Services,
  request: CallerRequest,
  id: string,
): Promise<Operation> {
  const now = services.clock.now();
  const seen = await services.store.snapshot(
    async (reader) => await look(reader, request, id, now),
  );
  // A key that comes for the first time is still to be remembered with its answer.
  if (seen.operation !== undefined && (seen.isRepeat || request.once === undefined)) {
    return seen.operation;
  }
  if (seen.operation === undefined) await requireExecutable(services, seen.job);
  const unanswered = await followProvider(services, seen.job.project);
  const traceParent = services.telemetry.here();

  const { operation, nudges } = await services.store.transact("execute-job", async (tx) => {
    const again = await look(tx, request, id, now);
    if (again.operation === undefined)
      return await start(tx, again.job, { request, now, unanswered, traceParent });
    if (!again.isRepeat) remember(tx, request.once, again.operation.id, now);
    return { operation: again.operation, nudges: [] };
  });
  await sendNudges(services, nudges, now);
  return operation;
}

async function requireExecutable(services: Services, job: Job): Promise<void> {
  await requireFiles(services, job);
  await requireSupport(services, job);
}

interface Seen {
  readonly job: Job;
  /** What an earlier call, or this one, led to already. */
  readonly operation: Operation | undefined;
  /** This very call came before, under its key. */
  readonly isRepeat: boolean;
}

/** Reads the job, and throws where it cannot be executed any more. */
async function look(
  reader: Reader,
  request: CallerRequest,
  id: string,
  now: Instant,
): Promise<Seen> {
  const earlier = await earlierOperation(reader, request.once, now);
  const { job } = await findJob(reader, id);
  if (earlier !== undefined) return { job, operation: earlier, isRepeat: true };
  if (job.run !== undefined) {
    return { job, operation: await operationOf(reader, job), isRepeat: false };
  }
  if (job.end !== undefined) {
    throw new OrreryError(
      "JOB_FINISHED",
      `Job ${id} was cancelled before it was executed: clone it and execute the clone`,
    );
  }
  requireData(job);
  await requireProject(reader, job.project);
  return { job, operation: undefined, isRepeat: false };
}

async function operationOf(reader: Reader, job: Job): Promise<Operation | undefined> {
  if (job.run === undefined) return undefined;
  const id = attemptOperationId({ id: job.run, project: job.project }, 1);
  const operation = await readOperation(reader, id);
  if (operation === undefined) {
    throw new OrreryError(
      "OPERATION_NOT_FOUND",
      `Job ${job.id} was executed, and its operation ${id} is no longer kept: Get tells how it ended`,
    );
  }
  return operation;
}

async function requireFiles(services: Services, job: Job): Promise<void> {
  const missing = await missingFiles(services, job);
  if (missing.length === 0) return;
  const names = missing.slice(0, NAMED_FILES).map((file) => `"${pathOf(job, file)}"`);
  const more = missing.length > names.length ? ` and ${missing.length - names.length} more` : "";
  throw new OrreryError(
    "JOB_FILES_MISSING",
    `Job ${job.id} lacks ${names.join(", ")}${more}: upload each to its URL of upload_files`,
  );
}

/** Files that an error names: they travel in a header. */
const NAMED_FILES = 5;

function pathOf(job: Job, { sha256 }: StoredFile): string {
  const { inputs, python } = job.definition;
  const files = [...inputs, ...(python?.localModules ?? [])];
  return files.find(({ stored }) => stored?.sha256 === sha256)?.path ?? sha256;
}

async function requireSupport(services: Services, job: Job): Promise<void> {
  const refusal = await services.executor.check(job.project, job.definition);
  if (refusal !== undefined) throw new OrreryError("EXECUTION_UNSUPPORTED", refusal.reason);
}

async function start(
  tx: Transaction,
  job: Job,
  asked: { readonly request: CallerRequest } & Pick<AdHocRequest, "traceParent"> &
    Pick<AdmissionSeen, "now" | "unanswered">,
): Promise<{ readonly operation: Operation; readonly nudges: readonly Nudge[] }> {
  const { request, now, unanswered, traceParent } = asked;
  const record = await findJob(tx, job.id);
  const cause = { kind: "job", job: job.id } as const;
  const { project } = job;
  const run = adHocRun({ project, cause, createdBy: askedBy(request), traceParent }, now);
  writeJob(tx, record, { ...job, run: run.id });
  const started = await startAdHoc(tx, run, { now, unanswered });
  remember(tx, request.once, started.operation, now);
  const operation = await readOperation(tx, started.operation);
  assert(operation !== undefined, "an admitted attempt has an operation");
  return { operation, nudges: started.nudges };
}
