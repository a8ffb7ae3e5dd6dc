import {
  ProjectExecutionRequest,
  ProjectServiceService as projects,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { digest, type AttemptId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { NotebookDefinition } from "../../core/notebook/notebook-definition.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { ExecutionClaim, Revocation } from "../../ports/execution-claims.ts";
import type { StartRequest } from "../../ports/executor.ts";
import { rest, type DataSphereEngine } from "./engine.ts";
import { DataSphereFailure } from "./failure.ts";
import { revoked } from "./start-failure.ts";

type NotebookStart = StartRequest & { readonly work: NotebookDefinition };

/**
 * How a notebook is started, so that it is paid for once at the most.
 *
 * N1 There is no draft, so the claim is written before the only call, and names nothing yet.
 * N2 That call carries the attempt's key, whichever instance type it asks for. A repeat under a key
 *    gets the operation there is: so a lost answer is asked for again, by whoever finds the claim.
 * N3 For how long DataSphere knows a key is not documented. A claim without an operation that is
 *    older than `limits.datasphereKeyMs` is therefore never asked about again, and its attempt is
 *    lost: perhaps it was never executed, but it is not executed twice.
 */
export async function startNotebook(
  engine: DataSphereEngine,
  request: NotebookStart,
  found: Revocation | undefined,
): Promise<void> {
  const { project, attempt, work } = request;
  const claim: ExecutionClaim = {
    project,
    attempt,
    execution: executionName(attempt),
    claimedAt: engine.clock.now(),
    work: {
      kind: "notebook",
      target: targetOf(work),
      instanceType: work.instanceTypes.length === 1 ? work.instanceTypes[0] : "",
      outputVariables: work.outputVariables,
    },
  };
  const held = await engine.claims.claim(claim, found);
  if (held.kind === "revoked") throw revoked(attempt);
  await executeNotebook(engine, request, held.claim);
}

/** Executes a claimed notebook, or finds its operation, while its key is surely known (N2, N3). */
export async function executeNotebook(
  engine: DataSphereEngine,
  request: NotebookStart,
  claim: ExecutionClaim,
): Promise<void> {
  if (claim.operation !== undefined || isPastKey(engine, claim)) return;
  try {
    const operation = await firstAvailable(engine, request);
    await engine.claims.amend(claim.attempt, { operation: operation.id });
  } catch (error) {
    if (!(error instanceof DataSphereFailure)) throw error;
    const now = await engine.claims.find(claim.attempt);
    // Another starter of the same attempt may have had more luck.
    if (now?.kind === "claim" && now.claim.operation !== undefined) return;
    if (["capacity", "limit", "refused", "denied", "notFound"].includes(error.kind)) {
      await engine.claims.revoke(claim.attempt, claim.execution);
    }
    throw error;
  }
}

export function isPastKey({ clock }: DataSphereEngine, { claimedAt }: ExecutionClaim): boolean {
  return clock.now() > plusMs(claimedAt, limits.datasphereKeyMs);
}

/** A notebook takes one instance type, so the next one is asked for where the one before is not free. */
async function firstAvailable(
  engine: DataSphereEngine,
  request: NotebookStart,
): Promise<Operation> {
  let last: unknown;
  for (const spec of request.work.instanceTypes) {
    try {
      return await answered(engine, request, spec);
    } catch (error) {
      last = error;
      if (!(error instanceof DataSphereFailure && error.kind === "capacity")) throw error;
    }
  }
  throw last;
}

/** Asks again where the answer is lost, under the same key. */
async function answered(
  engine: DataSphereEngine,
  { project, attempt, work, variables }: NotebookStart,
  spec: string,
): Promise<Operation> {
  const { target, outputVariables } = work;
  const asked = ProjectExecutionRequest.fromPartial({
    projectId: project,
    ...(target.kind === "cell" ? { cellId: target.cell } : { notebookId: notebookId(target.path) }),
    inputVariables: { ...work.variables, ...variables },
    outputVariableNames: [...outputVariables],
    spec,
  });
  const options = { effect: "some", key: executionName(attempt) } as const;
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await engine.session.call(projects.execute, asked, options);
    } catch (error) {
      const isLost = error instanceof DataSphereFailure && error.kind === "unknownOutcome";
      if (!isLost || attempts >= limits.datasphereTries) throw error;
      await rest(engine, limits.datasphereRetryMs * 2 ** attempts);
    }
  }
}

const PROJECT_HOME = "/home/jupyter/datasphere/project/";

/** A notebook by its place on the project's machine, as DataSphere wants it. */
function notebookId(path: string): string {
  return path.startsWith("/") ? path : `${PROJECT_HOME}${path}`;
}

function targetOf({ target }: NotebookDefinition): string {
  return target.kind === "cell" ? target.cell : target.path;
}

/** The attempt's key; there is no id of DataSphere's by which the claim could name it. */
function executionName(attempt: AttemptId): string {
  return digest(["notebook", attempt], 32);
}
