import { ProjectJobServiceService as jobs } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { JobStatus, type StorageFile } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { digest, type AttemptId } from "../../core/ids.ts";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import { limits } from "../../core/limits.ts";
import type { ExecutionClaim, Revocation } from "../../ports/execution-claims.ts";
import type { StartRequest } from "../../ports/executor.ts";
import { createDraft, deleteDraft, findDrafts, getJob, type Draft } from "./draft-job.ts";
import { refuse, rest, type DataSphereEngine } from "./engine.ts";
import { DataSphereFailure } from "./failure.ts";
import { hashed, type HashedFile } from "./hash-file.ts";
import { jobParameters } from "./job-message.ts";
import { planFiles, requirementsOf } from "./plan-files.ts";
import { overtaken, revoked } from "./start-failure.ts";
import { uploadAll, UploadRefusedError, type WantedUpload } from "./upload-file.ts";

/**
 * How a job is started, so that it is paid for once at the most.
 *
 * J1 A draft is created and its files are uploaded: that costs nothing, however often it happens.
 * J2 One draft is claimed. Only a claimed one is executed; a starter that loses deletes its own.
 * J3 A claimed draft is executed under the attempt's key. DataSphere executes a job once, and answers
 *    a repeat with the operation there is; so whoever finds a claim may ask for it again.
 * J4 Where the answer to that is lost, the job itself tells whether it was executed.
 * J5 A draft whose execution was refused is deleted before its claim is revoked and its attempt
 *    ends: a starter that comes late finds nothing that it could execute.
 */
export async function startJob(
  engine: DataSphereEngine,
  request: StartRequest & { readonly work: JobDefinition },
  found: Revocation | undefined,
): Promise<void> {
  const { project, attempt, work } = request;
  const files = await planFiles(engine, { project, job: work });
  const inputs = await inTurn(files.inputs, hashed);
  const modules = await inTurn(files.modules, hashed);
  checkHashed(inputs, modules);
  const requirements = await requirementsOf(engine, work);
  const { variables } = request;
  const parameters = jobParameters({ job: work, variables, inputs, modules, requirements });

  const drafts = new Set(await findDrafts(engine, request));
  let draft: Draft | undefined;
  try {
    for (let tries = 1; draft === undefined; tries += 1) {
      const edition = `${found?.revision ?? 0}.${tries}`;
      const made = await createDraft(engine, { project, attempt, job: work, parameters, edition });
      drafts.add(made.job);
      if (made.hasTwin) for (const id of await findDrafts(engine, request)) drafts.add(id);
      draft = await filled(engine, made, { files: [...inputs, ...modules], tries });
    }
  } catch (error) {
    const isForGood = !(error instanceof DataSphereFailure) || isFinal(error);
    if (isForGood) await dropDrafts(engine, attempt, drafts);
    throw error;
  }

  const claim: ExecutionClaim = {
    project,
    attempt,
    execution: draft.job,
    claimedAt: engine.clock.now(),
    work: { kind: "job", instanceTypes: work.instanceTypes },
  };
  const held = await engine.claims.claim(claim, found);
  if (held.kind === "claim") drafts.delete(held.claim.execution);
  await deleteDrafts(engine, drafts);
  if (held.kind === "revoked") throw revoked(attempt);
  await executeClaimed(engine, held.claim);
}

/** The draft once its files are there; undefined where its URLs are over, and a new one is needed. */
async function filled(
  engine: DataSphereEngine,
  draft: Draft,
  { files, tries }: { readonly files: readonly HashedFile[]; readonly tries: number },
): Promise<Draft | undefined> {
  try {
    await uploadAll(
      engine,
      draft.uploads.flatMap((wanted) => wantedUpload(wanted, files)),
    );
    return draft;
  } catch (error) {
    if (!(error instanceof UploadRefusedError)) throw error;
    if (tries < limits.datasphereTries) return undefined;
    return refuse(`${error.message}: the job was not executed.`, error);
  }
}

/** An entry without a URL is there already. */
function wantedUpload(
  { file, url }: StorageFile,
  files: readonly HashedFile[],
): readonly WantedUpload[] {
  if (url === "") return [];
  const ours = files.find(({ content }) => content.sha256 === file?.sha256);
  if (ours === undefined) return refuse("DataSphere asks for a file that the job does not have.");
  return [{ file: ours, url }];
}

/** Archives have a size only now, and a folder may have grown since it was listed. */
function checkHashed(...lists: readonly (readonly HashedFile[])[]): void {
  for (const { path, content } of lists.flat()) {
    if (content.bytes <= limits.jobFileBytes) continue;
    refuse(`The input "${path}" has ${content.bytes} bytes, more than ${limits.jobFileBytes}.`);
  }
}

/** Deletes what nobody needs any more; fails where another starter has claimed one meanwhile. */
async function dropDrafts(
  engine: DataSphereEngine,
  attempt: AttemptId,
  drafts: ReadonlySet<string>,
): Promise<void> {
  const held = await engine.claims.find(attempt);
  if (held?.kind === "claim") throw overtaken(attempt);
  await deleteDrafts(engine, drafts);
}

async function deleteDrafts(engine: DataSphereEngine, ids: ReadonlySet<string>): Promise<void> {
  for (const id of ids) {
    // One that stays costs nothing, and its project shows it as never executed.
    await deleteDraft(engine, id).catch(() => false);
  }
}

/** The key under which the job of an attempt is executed. */
function executionKey(attempt: AttemptId): string {
  return digest(["execute", attempt], 32);
}

/** Executes a claimed draft, or finds that it was executed (J3, J4). */
export async function executeClaimed(
  engine: DataSphereEngine,
  claim: ExecutionClaim,
): Promise<void> {
  for (let attempts = 1; claim.operation === undefined; attempts += 1) {
    try {
      await execute(engine, claim);
      return;
    } catch (error) {
      if (!(error instanceof DataSphereFailure)) throw error;
      if (await isExecuted(engine, claim)) return;
      if (error.kind === "unknownOutcome" && attempts < limits.datasphereTries) {
        await rest(engine, limits.datasphereRetryMs * 2 ** attempts);
        continue;
      }
      if (isFinal(error)) await withdraw(engine, claim);
      // Somebody deleted it before it was executed: the next start makes another one.
      if (error.kind === "notFound") throw revoked(claim.attempt);
      throw error;
    }
  }
}

async function execute(engine: DataSphereEngine, claim: ExecutionClaim): Promise<void> {
  const { attempt, execution: jobId } = claim;
  const key = executionKey(attempt);
  const operation = await engine.session.call(jobs.execute, { jobId }, { effect: "some", key });
  await engine.claims.amend(attempt, { operation: operation.id });
}

/** Whether the job was executed or cancelled. Where it goes on, its operation is asked for as well. */
async function isExecuted(engine: DataSphereEngine, claim: ExecutionClaim): Promise<boolean> {
  const job = await getJob(engine, claim.execution);
  if (job === undefined || job.status === JobStatus.CREATING) return false;
  await attach(engine, claim, job.status);
  return true;
}

const UNDER_WAY: ReadonlySet<JobStatus> = new Set([
  JobStatus.PREPARING,
  JobStatus.EXECUTING,
  JobStatus.UPLOADING_OUTPUT,
]);

/**
 * Learns the operation of a job that is seen to be under way, by the same call under the same key.
 * One that has ended is not asked about in this way: what it left says enough, but its exit code.
 */
export async function attach(
  engine: DataSphereEngine,
  claim: ExecutionClaim,
  status: JobStatus,
): Promise<void> {
  if (!UNDER_WAY.has(status)) return;
  await execute(engine, claim).catch((error: unknown) => {
    if (!(error instanceof DataSphereFailure)) throw error;
  });
}

function isFinal({ kind }: DataSphereFailure): boolean {
  return ["capacity", "limit", "refused", "denied", "notFound"].includes(kind);
}

/** Sees to it that nobody executes a claimed draft (J5); fails where that cannot be known. */
export async function withdraw(engine: DataSphereEngine, claim: ExecutionClaim): Promise<void> {
  const { attempt, execution } = claim;
  if (!(await deleteDraft(engine, execution))) {
    const message = `job ${execution} could not be deleted after its execution was refused`;
    throw new DataSphereFailure("UNAVAILABLE", "unavailable", message);
  }
  await engine.claims.revoke(attempt, execution);
}

async function inTurn<T, U>(
  list: readonly T[],
  step: (each: T) => Promise<U>,
): Promise<readonly U[]> {
  const results: U[] = [];
  for (const each of list) results.push(await step(each));
  return results;
}
