import { assertNever } from "../assert.ts";
import type { ExecutionResult, OutputFile } from "../execution/execution-result.ts";
import { CANCELLED, INTERNAL, RESOURCE_EXHAUSTED } from "../operation/operation-state.ts";
import type { FailureClass } from "./retry-policy.ts";
import type { Reason } from "./reason.ts";

/** What the end of an attempt means for its run and its operation. */
export interface Outcome {
  readonly state: "succeeded" | "failed" | "timedOut" | "cancelled";
  /** Absent for a success, and for a cancelled attempt, which nobody wants again. */
  readonly failure?: FailureClass;
  readonly reason?: Reason;
  readonly exitCode?: number;
  /** The gRPC status of the operation's error; absent where the program spoke for itself. */
  readonly operationError?: number;
  readonly outputs: readonly OutputFile[];
}

/**
 * Judges an execution. A program that exits with zero but leaves a declared output behind has
 * failed: DataSphere Jobs ends such a job with ERROR too.
 */
export function outcomeOf(result: ExecutionResult): Outcome {
  const { outputs } = result;
  const exit = result.exitCode === undefined ? {} : { exitCode: result.exitCode };
  switch (result.ending) {
    case "exited":
      return exited(result, { ...exit, outputs });
    case "timedOut":
      return {
        state: "timedOut",
        failure: "timedOut",
        reason: { code: "timeout", text: "It ran out of time and was stopped" },
        operationError: CANCELLED,
        ...exit,
        outputs,
      };
    case "cancelled":
      return {
        state: "cancelled",
        reason: { code: "cancelled", text: "It was cancelled while it ran" },
        operationError: CANCELLED,
        ...exit,
        outputs,
      };
    case "lost":
      return {
        state: "failed",
        failure: "system",
        reason: {
          code: "lost",
          text: result.detail ?? "Its process vanished without reporting an exit code",
        },
        operationError: INTERNAL,
        outputs,
      };
    case "noCapacity":
      return { ...noCapacity(result.detail ?? "There was no machine for it"), outputs };
    case "limited":
      return {
        ...limitedElsewhere(result.detail ?? "A limit of its provider stopped it"),
        outputs,
      };
    default:
      return assertNever(result.ending);
  }
}

function exited(result: ExecutionResult, ended: Pick<Outcome, "exitCode" | "outputs">): Outcome {
  if (result.exitCode !== 0) {
    const text = whyExited(result);
    return { state: "failed", failure: "failed", reason: { code: "exit_code", text }, ...ended };
  }
  const [missing] = result.outputErrors;
  if (missing !== undefined) {
    const text = `Output ${missing.path}: ${missing.description}`;
    return {
      state: "failed",
      failure: "failed",
      reason: { code: "output_missing", text },
      ...ended,
    };
  }
  return { state: "succeeded", ...ended };
}

/** A notebook says itself why it did not end well; of a long message the beginning is enough. */
function whyExited({ exitCode, notebook }: ExecutionResult): string {
  const error = notebook?.error;
  if (error === undefined) return `Its program ended with exit code ${exitCode ?? "unknown"}`;
  const [line = ""] = error.message.split("\n");
  const message = line.length > 200 ? `${line.slice(0, 200).toWellFormed()}…` : line;
  return `Its notebook ended with ${error.name}: ${message}`;
}

/** An attempt that never ran because it could not be prepared: its inputs or its environment. */
export function prepareFailed(text: string): Outcome {
  return {
    state: "failed",
    failure: "system",
    reason: { code: "prepare_failed", text },
    operationError: INTERNAL,
    outputs: [],
  };
}

/** An attempt for which its provider had no machine. */
export function noCapacity(text: string): Outcome {
  return {
    state: "failed",
    failure: "capacity",
    reason: { code: "no_capacity", text },
    operationError: RESOURCE_EXHAUSTED,
    outputs: [],
  };
}

/** An attempt that its provider's own limits, which we do not keep, refused or stopped. */
export function limitedElsewhere(text: string): Outcome {
  return {
    state: "failed",
    failure: "system",
    reason: { code: "provider_limit", text },
    operationError: RESOURCE_EXHAUSTED,
    outputs: [],
  };
}

/** An attempt that was cancelled before anything of it ran. */
export function cancelledBeforeStart(): Outcome {
  return {
    state: "cancelled",
    reason: { code: "cancelled", text: "It was cancelled before it started" },
    operationError: CANCELLED,
    outputs: [],
  };
}
