import {
  ExecuteProjectJobMetadata,
  ProjectJobServiceService as jobs,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { OperationServiceService as operations } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import { assert } from "../../core/assert.ts";
import { OrreryError } from "../../core/errors.ts";
import type { AttemptId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { ExecutionClaim } from "../../ports/execution-claims.ts";
import type { Executor, Progress, StartRequest } from "../../ports/executor.ts";
import { checkWork } from "./check-work.ts";
import { claimMemory } from "./claim-memory.ts";
import type { DataSphereEngine } from "./engine.ts";
import { DataSphereFailure } from "./failure.ts";
import { locateFile } from "./locate-file.ts";
import { LogTape } from "./log-tape.ts";
import { finished, getOperation, unpacked } from "./operations.ts";
import { pollExecution, type PollEngine } from "./poll-execution.ts";
import { instantOf } from "./report-job.ts";
import { startFailure } from "./start-failure.ts";
import { executeClaimed, startJob } from "./start-job.ts";
import { executeNotebook, startNotebook } from "./start-notebook.ts";

/**
 * Executes in DataSphere. All that is known of an execution is its claim and what DataSphere says, so
 * any number of processes may share it; `start-job.ts` and `start-notebook.ts` have the protocols.
 *
 * DataSphere bounds neither the time nor the cost of one execution: whoever watches ends it at its
 * limits, through `stop`.
 */
export function createDatasphereExecutor(parts: DataSphereEngine): Executor {
  const engine: PollEngine = { ...parts, claims: claimMemory(parts.claims) };
  return {
    ...beginning(engine),
    ...ending(engine),
    ...reading(engine),
    poll: async (attempt) => await answered(async () => await pollExecution(engine, attempt)),
    // DataSphere tells nobody when something ends: polling finds it.
    onEnded: () => () => undefined,
  };
}

function beginning(engine: PollEngine): Pick<Executor, "check" | "start"> {
  const starting = new Map<AttemptId, Promise<void>>();
  return {
    async check(project, work) {
      try {
        await checkWork(engine, project, work);
        return undefined;
      } catch (error) {
        const isRefusal =
          error instanceof OrreryError &&
          ["EXECUTION_PREPARE_FAILED", "FILE_REJECTED", "FILE_NOT_FOUND"].includes(error.code);
        if (isRefusal) return { reason: error.message };
        throw error;
      }
    },

    async start(request) {
      const present = starting.get(request.attempt);
      const launching = present ?? startOnce(engine, request);
      starting.set(request.attempt, launching);
      try {
        await launching;
      } catch (error) {
        throw startFailure(error);
      } finally {
        starting.delete(request.attempt);
      }
    },
  };
}

function ending(engine: PollEngine): Pick<Executor, "stop" | "clear"> {
  /** Programs that this process has asked to end: once is enough, while a kill is repeated. */
  const asked = new Map<AttemptId, true>();
  return {
    async stop(attempt, how, because) {
      const claim = await engine.claims.recall(attempt);
      if (claim === undefined || (how === "graceful" && asked.has(attempt))) return;
      if (claim.stopping === undefined) await engine.claims.amend(attempt, { stopping: because });
      await answered(async () => await cancel(engine, claim, how, because));
      remember(asked, attempt, true, limits.datasphereClaimsKept);
    },

    async clear(attempt) {
      const claim = await engine.claims.recall(attempt);
      if (claim?.work.kind === "job") {
        await answered(async () => await clearData(engine, claim), undefined);
      }
      asked.delete(attempt);
      await engine.claims.release(attempt);
    },
  };
}

function reading(engine: PollEngine): Pick<Executor, "readLog" | "progress" | "locate"> {
  const tapes = new Map<AttemptId, LogTape>();
  return {
    async readLog(attempt, stream, offset) {
      const claim = await engine.claims.recall(attempt);
      const nothing = { bytes: new Uint8Array(), nextOffset: offset };
      if (claim?.work.kind !== "job") return nothing;
      const tape = tapes.get(attempt) ?? new LogTape(engine, claim.execution);
      remember(tapes, attempt, tape, limits.datasphereLogsKept);
      return await answered(async () => await tape.read(stream, offset), nothing);
    },

    async progress(attempt) {
      const claim = await engine.claims.recall(attempt);
      return await answered(async () => await progressOf(engine, claim), undefined);
    },

    async locate(attempt, file) {
      const claim = await engine.claims.recall(attempt);
      if (claim?.work.kind !== "job") return undefined;
      const { execution } = claim;
      return await answered(async () => await locateFile(engine, execution, file), undefined);
    },
  };
}

async function startOnce(engine: PollEngine, request: StartRequest): Promise<void> {
  const { work } = request;
  const held = await engine.claims.find(request.attempt);
  const found = held?.kind === "revoked" ? held.revocation : undefined;
  const claim = held?.kind === "claim" ? held.claim : undefined;
  if (work.kind === "notebook") {
    const asking = { ...request, work };
    if (claim === undefined) await startNotebook(engine, asking, found);
    else await executeNotebook(engine, asking, claim);
    return;
  }
  if (claim === undefined) await startJob(engine, { ...request, work }, found);
  else await executeClaimed(engine, claim);
}

async function cancel(
  { session }: DataSphereEngine,
  claim: ExecutionClaim,
  how: "graceful" | "kill",
  because: "cancelled" | "timedOut",
): Promise<void> {
  const reason = because === "cancelled" ? "Cancelled in Orrery" : "It ran out of time in Orrery";
  try {
    if (claim.work.kind === "job") {
      const request = { jobId: claim.execution, reason, graceful: how === "graceful" };
      await session.call(jobs.cancel, request, { effect: "some" });
    } else if (claim.operation !== undefined) {
      await session.call(operations.cancel, { operationId: claim.operation }, { effect: "some" });
    }
  } catch (error) {
    // What has ended, or is not there, needs no end.
    const isOver =
      error instanceof DataSphereFailure && ["refused", "notFound"].includes(error.kind);
    if (!isOver) throw error;
  }
}

const METADATA = "yandex.cloud.datasphere.v2.jobs.ExecuteProjectJobMetadata";

async function progressOf(
  engine: DataSphereEngine,
  claim: ExecutionClaim | undefined,
): Promise<Progress | undefined> {
  if (claim?.work.kind !== "job" || claim.operation === undefined) return undefined;
  const { metadata } = await getOperation(engine, claim.operation);
  const progress = unpacked(metadata, METADATA, ExecuteProjectJobMetadata)?.progress;
  if (progress === undefined) return undefined;
  return {
    message: progress.message.slice(0, limits.progressMessageChars),
    percent: Math.floor(Math.min(100, Math.max(0, progress.progress))),
    at: instantOf(progress.createTime) ?? engine.clock.now(),
  };
}

async function clearData(engine: DataSphereEngine, claim: ExecutionClaim): Promise<void> {
  const jobId = claim.execution;
  try {
    const operation = await engine.session.call(jobs.deleteData, { jobId }, { effect: "some" });
    await finished(engine, operation);
  } catch (error) {
    const isRefused = error instanceof DataSphereFailure && error.kind === "refused";
    assert(!isRefused, `${claim.attempt} has ended before it is cleared`);
    throw error;
  }
}

/**
 * A call whose failure says nothing about the execution: it may be made again. `absent` stands for
 * the answer where DataSphere does not have what was asked about.
 */
async function answered<T>(
  call: () => Promise<T>,
  ...absent: readonly [] | readonly [T]
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof DataSphereFailure)) throw error;
    const [instead] = absent;
    if (absent.length > 0 && error.kind === "notFound") return instead as T;
    throw new OrreryError(
      "EXECUTOR_UNAVAILABLE",
      `DataSphere did not answer as it should: ${error.message} (${error.code})`,
      { cause: error },
    );
  }
}

/** Keeps the latest entries of a map, within a bound. */
function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
