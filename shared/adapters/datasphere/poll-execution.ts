import { JobStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import type { AttemptId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { ClaimedWork, ExecutionClaim } from "../../ports/execution-claims.ts";
import type { ExecutionReport } from "../../ports/executor.ts";
import type { ClaimMemory } from "./claim-memory.ts";
import { getJob } from "./draft-job.ts";
import type { DataSphereEngine } from "./engine.ts";
import { DataSphereFailure } from "./failure.ts";
import { getOperation } from "./operations.ts";
import { jobReport } from "./report-job.ts";
import { lostNotebook, notebookReport } from "./report-notebook.ts";
import { attach, withdraw } from "./start-job.ts";
import { isPastKey } from "./start-notebook.ts";

export type PollEngine = DataSphereEngine & { readonly claims: ClaimMemory };

/**
 * How an attempt's execution stands. Where there is no claim, none can be made any more by whoever
 * began before this: so `unknown` is the truth from then on.
 */
export async function pollExecution(
  engine: PollEngine,
  attempt: AttemptId,
): Promise<ExecutionReport> {
  const claim = (await engine.claims.recall(attempt)) ?? (await firstClaim(engine, attempt));
  if (claim === undefined) return { state: "unknown" };
  const report = await reportOn(engine, claim);
  const isStopped = report.state === "ended" && report.result.ending === "cancelled";
  if (!isStopped || claim.stopping !== undefined) return report;
  // Why it was to end may have been written since the claim was remembered.
  const held = await engine.claims.find(attempt);
  const stopping = held?.kind === "claim" ? held.claim.stopping : undefined;
  if (stopping === undefined) return report;
  return { state: "ended", result: { ...report.result, ending: stopping } };
}

async function firstClaim(
  { claims }: PollEngine,
  attempt: AttemptId,
): Promise<ExecutionClaim | undefined> {
  const held = await claims.revoke(attempt);
  return held.kind === "claim" ? held.claim : undefined;
}

async function reportOn(engine: PollEngine, claim: ExecutionClaim): Promise<ExecutionReport> {
  if (isNotebook(claim)) return await notebookOf(engine, claim);
  return claim.operation === undefined
    ? await jobWithoutOperation(engine, claim)
    : await jobOf(engine, claim);
}

async function jobOf(engine: PollEngine, claim: ExecutionClaim): Promise<ExecutionReport> {
  const [job, operation] = await Promise.all([
    getJob(engine, claim.execution),
    claim.operation === undefined ? undefined : operationIfKept(engine, claim.operation),
  ]);
  return jobReport({ claim, job, operation, now: engine.clock.now() });
}

/** The start was cut short behind its claim, or the answer to the execution was lost for good. */
async function jobWithoutOperation(
  engine: PollEngine,
  claim: ExecutionClaim,
): Promise<ExecutionReport> {
  const job = await getJob(engine, claim.execution);
  const now = engine.clock.now();
  if (job?.status === JobStatus.CREATING) {
    if (now <= plusMs(claim.claimedAt, limits.datasphereClaimMs)) return { state: "preparing" };
    // Nobody is starting it any more; and if somebody is, there is nothing left to execute.
    await withdraw(engine, claim);
    return { state: "unknown" };
  }
  if (job !== undefined) await attach(engine, claim, job.status);
  return jobReport({ claim, job, operation: undefined, now });
}

type NotebookClaim = ExecutionClaim & { readonly work: Extract<ClaimedWork, { kind: "notebook" }> };

function isNotebook(claim: ExecutionClaim): claim is NotebookClaim {
  return claim.work.kind === "notebook";
}

async function notebookOf(engine: PollEngine, claim: NotebookClaim): Promise<ExecutionReport> {
  const now = engine.clock.now();
  if (claim.operation === undefined) {
    return isPastKey(engine, claim) ? lostNotebook(claim, now) : { state: "preparing" };
  }
  const operation = await operationIfKept(engine, claim.operation);
  if (operation !== undefined) return notebookReport(claim, operation, now);
  const isNew = now <= plusMs(claim.claimedAt, limits.datasphereSettleMs);
  return isNew ? { state: "preparing" } : lostNotebook(claim, now);
}

async function operationIfKept(
  engine: DataSphereEngine,
  id: string,
): Promise<Operation | undefined> {
  try {
    return await getOperation(engine, id);
  } catch (error) {
    if (error instanceof DataSphereFailure && error.kind === "notFound") return undefined;
    throw error;
  }
}
