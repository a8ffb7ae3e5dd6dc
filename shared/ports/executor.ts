import type { ExecutionResult } from "../core/execution/execution-result.ts";
import type { AttemptId, ProjectId } from "../core/ids.ts";
import type { LogStream } from "../core/job/log-order.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Work } from "../core/work.ts";

export type {
  ExecutionResult,
  OutputError,
  OutputFile,
} from "../core/execution/execution-result.ts";

export interface StartRequest {
  readonly project: ProjectId;
  /** Also the idempotency key: starting the same attempt again finds the execution it has. */
  readonly attempt: AttemptId;
  readonly work: Work;
  /** Variables of this run, laid over the work's own environment and `${VAR}` values. */
  readonly variables: Readonly<Record<string, string>>;
  /** When the program is asked to end, counted from its start. */
  readonly softLimitMs: number;
  /**
   * When it is killed whatever it does: never later, even if nobody watches. An engine elsewhere that
   * bounds nothing leaves both limits to whoever polls, who stops it.
   */
  readonly hardLimitMs: number;
}

/** Why an executor will not take a job: found before anything runs, final for this job. */
export interface Refusal {
  readonly reason: string;
}

/** Where a file's bytes are. */
export type FileLocation =
  { readonly kind: "path"; readonly path: string } | { readonly kind: "url"; readonly url: string };

export type ExecutionReport =
  | { readonly state: "unknown" }
  | { readonly state: "preparing" }
  | { readonly state: "running"; readonly startedAt: Instant }
  /** The program has ended, and its outputs are being taken over; the next poll goes on with it. */
  | { readonly state: "collecting"; readonly startedAt: Instant }
  | { readonly state: "ended"; readonly result: ExecutionResult };

export type { LogStream };

/** The last thing a program said about how far it is, through `JOB_PROGRESS_FILENAME`. */
export interface Progress {
  readonly message: string;
  /** 0 to 100. */
  readonly percent: number;
  readonly at: Instant;
}

/** A file of an execution, for whoever may read its job. */
export type ExecutionFile =
  | { readonly kind: "output"; readonly path: string; readonly variable?: string }
  | { readonly kind: "log"; readonly path: string };

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
  /** What this executor cannot honour in the work, or undefined. Runs nothing. */
  check(project: ProjectId, work: Work): Promise<Refusal | undefined>;
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
  /** The program's latest progress; undefined where it reported none. */
  progress(attempt: AttemptId): Promise<Progress | undefined>;
  /**
   * Where an ended execution's file can be read on this machine, or undefined where it is not there
   * (any more). An executor that keeps files elsewhere answers with a URL of its own.
   */
  locate(attempt: AttemptId, file: ExecutionFile): Promise<FileLocation | undefined>;
  /**
   * Removes everything an ended attempt left: outputs, logs, its working directory. Repeatable. The
   * attempt is then like one that never started, so its run is settled before; one that is prepared
   * or runs is an assertion.
   */
  clear(attempt: AttemptId): Promise<void>;
  /** Tells when an execution may have ended, where the engine knows: a hint, never a promise. */
  onEnded(listener: (attempt: AttemptId) => void): () => void;
}
