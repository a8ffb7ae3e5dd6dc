import type { ExecutionResult } from "../core/execution/execution-result.ts";
import type { AttemptId, ProjectId } from "../core/ids.ts";
import type { JobDefinition } from "../core/job/job-definition.ts";
import type { Instant } from "../core/time/instant.ts";

export type {
  ExecutionResult,
  OutputError,
  OutputFile,
} from "../core/execution/execution-result.ts";

export interface StartRequest {
  readonly project: ProjectId;
  /** Also the idempotency key: starting the same attempt again finds the execution it has. */
  readonly attempt: AttemptId;
  readonly job: JobDefinition;
  /** Variables of this run, laid over the job's own environment and `${VAR}` values. */
  readonly variables: Readonly<Record<string, string>>;
  /** When the program is asked to end, counted from its start. */
  readonly softLimitMs: number;
  /** When it is killed whatever it does: never later, even if nobody watches. */
  readonly hardLimitMs: number;
}

/** Why an executor will not take a job: found before anything runs, final for this job. */
export interface Refusal {
  readonly reason: string;
}

export type ExecutionReport =
  | { readonly state: "unknown" }
  | { readonly state: "preparing" }
  | { readonly state: "running"; readonly startedAt: Instant }
  | { readonly state: "ended"; readonly result: ExecutionResult };

export type LogStream = "stdout" | "stderr" | "system";

export interface LogChunk {
  readonly bytes: Uint8Array;
  /** Byte offset to resume from. */
  readonly nextOffset: number;
}

/**
 * Runs jobs.
 *
 * X1 One attempt has at most one execution, however often `start` is called, from however many
 *    processes, and whatever crashed in between.
 * X2 An execution outlives the process that started it; `poll` finds it again by its attempt.
 * X3 `poll` of an attempt that never started answers `unknown`, and after that answer nothing of
 *    the attempt runs unless `start` is called again.
 */
export interface Executor {
  /** What this executor cannot honour in the job, or undefined. Runs nothing. */
  check(job: JobDefinition): Promise<Refusal | undefined>;
  /** Resolves once the execution is on its way. Rejects with `EXECUTION_PREPARE_FAILED` for bad inputs. */
  start(request: StartRequest): Promise<void>;
  poll(attempt: AttemptId): Promise<ExecutionReport>;
  /** Asks the program to end (its signal, then SIGKILL after its grace), or kills at once. */
  stop(
    attempt: AttemptId,
    how: "graceful" | "kill",
    because: "cancelled" | "timedOut",
  ): Promise<void>;
  /** Bytes of one stream from an offset; empty at its present end. */
  readLog(attempt: AttemptId, stream: LogStream, offset: number): Promise<LogChunk>;
  /** Tells when an execution may have ended, where the engine knows: a hint, never a promise. */
  onEnded(listener: (attempt: AttemptId) => void): () => void;
}
