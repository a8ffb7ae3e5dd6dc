import { attemptIdOf } from "../ids.ts";
import { attemptOperationId } from "../operation/attempt-operation.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { Attempt } from "./attempt.ts";
import type { Reason } from "./reason.ts";
import type { Run } from "./run.ts";
import type { RunOverrides } from "./run-overrides.ts";

/**
 * A run as programs read it: `orrery show --json` prints this. Instants are ISO 8601 in UTC; fields
 * are only ever added. Inputs are named but not shown: they may be secret.
 */
export interface RunView {
  readonly run: string;
  readonly schedule: string;
  readonly project: string;
  readonly state: string;
  readonly reason?: Reason;
  readonly cause: string;
  readonly priority: string;
  /** What was said of this run alone. */
  readonly overrides?: RunOverrides;
  readonly retryOf?: string;
  /** The nominal time that its inputs show, where it is not its own. */
  readonly inputsAt?: string;
  readonly nominalAt: string;
  readonly effectiveAt: string;
  readonly nextEligibleAt?: string;
  readonly cancelRequestedAt?: string;
  readonly finishedAt?: string;
  readonly inputs: readonly string[];
  readonly attempts: readonly AttemptView[];
}

interface AttemptView {
  readonly attempt: string;
  readonly operation: string;
  readonly instanceType: string;
  readonly unitsHeld: number;
  readonly unitsSettled?: number;
  readonly exitCode?: number;
  readonly admittedAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly outputs: readonly {
    readonly path: string;
    readonly sha256: string;
    readonly bytes: number;
  }[];
}

export function viewRun(run: Run): RunView {
  return {
    run: run.id,
    schedule: run.schedule,
    project: run.project,
    state: run.state,
    ...(run.reason === undefined ? {} : { reason: run.reason }),
    cause: run.cause.kind,
    priority: run.priority,
    ...(run.overrides === undefined ? {} : { overrides: run.overrides }),
    ...(run.retryOf === undefined ? {} : { retryOf: run.retryOf }),
    ...at("inputsAt", run.inputsAt),
    nominalAt: formatInstant(run.nominalAt),
    effectiveAt: formatInstant(run.effectiveAt),
    ...at("nextEligibleAt", run.nextEligibleAt),
    ...at("cancelRequestedAt", run.cancelRequestedAt),
    ...at("finishedAt", run.finishedAt),
    inputs: Object.keys(run.inputs),
    attempts: run.attempts.map((attempt) => viewAttempt(run, attempt)),
  };
}

function viewAttempt(run: Run, attempt: Attempt): AttemptView {
  const { end } = attempt;
  return {
    attempt: attemptIdOf(run.id, attempt.number),
    operation: attemptOperationId(run, attempt.number),
    instanceType: attempt.instanceType,
    unitsHeld: attempt.unitsHeld,
    ...(end === undefined ? {} : { unitsSettled: end.unitsSettled }),
    ...(end?.exitCode === undefined ? {} : { exitCode: end.exitCode }),
    admittedAt: formatInstant(attempt.admittedAt),
    ...at("startedAt", attempt.startedAt),
    ...at("endedAt", end?.endedAt),
    outputs: (end?.outputs ?? []).map(({ path, sha256, bytes }) => ({ path, sha256, bytes })),
  };
}

function at<const Name extends string>(
  name: Name,
  value: Instant | undefined,
): { readonly [K in Name]?: string } {
  return value === undefined ? {} : ({ [name]: formatInstant(value) } as { [K in Name]: string });
}
