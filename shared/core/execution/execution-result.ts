import type { NotebookResult } from "../notebook/notebook-definition.ts";
import type { Instant } from "../time/instant.ts";

/** How an execution ended. */
export interface ExecutionResult {
  /**
   * `exited`: the program ended by itself. `lost`: it vanished without a trace of its end.
   * `noCapacity`: its provider had no machine for it. `limited`: its provider's own limit of units,
   * or the balance there, stopped it.
   */
  readonly ending: "exited" | "timedOut" | "cancelled" | "lost" | "noCapacity" | "limited";
  /** What a provider said about an end that is not the program's own. */
  readonly detail?: string;
  /** The program's exit code; 128 + n where signal n ended it. Absent when lost. */
  readonly exitCode?: number;
  readonly startedAt: Instant;
  readonly finishedAt: Instant;
  /** Empty where its provider does not say which of several it was: the dearest is settled then. */
  readonly instanceType: string;
  readonly outputs: readonly OutputFile[];
  readonly outputErrors: readonly OutputError[];
  /** What the execution wrote besides its outputs: its standard streams and the platform's own logs. */
  readonly logs?: readonly LogFile[];
  /** Present where the work was a notebook. */
  readonly notebook?: NotebookResult;
}

/** A log that an execution left. `diagnostic` ones are the platform's, not the program's. */
export interface LogFile {
  readonly path: string;
  readonly kind: "log" | "diagnostic";
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A file that an execution left, by content. */
export interface OutputFile {
  readonly path: string;
  readonly variable?: string;
  /** Lower-case hex. */
  readonly sha256: string;
  readonly bytes: number;
}

/** A declared output that could not be collected: DataSphere's `FileUploadError`. */
export interface OutputError {
  readonly path: string;
  readonly type: "NOT_FOUND" | "UPLOAD_FAILED";
  readonly description: string;
}
