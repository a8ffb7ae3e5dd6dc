import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { attemptIdOf } from "../../../core/ids.ts";
import { attemptOperationId } from "../../../core/operation/attempt-operation.ts";
import type { Attempt } from "../../../core/run/attempt.ts";
import type { Run, RunCause } from "../../../core/run/run.ts";
import type { RunOverrides } from "../../../core/run/run-overrides.ts";
import type {
  AttemptSchema,
  RunOverridesSchema,
  RunSchema,
} from "../../../gen/orrery/v1/run_pb.ts";
import { durationOf, timestamp } from "./wire.ts";

/** A run as the API shows it. Inputs are named but not shown: they may be secret. */
export function runMessage(run: Run): MessageInitShape<typeof RunSchema> {
  return {
    run: run.id,
    schedule: run.schedule,
    project: run.project,
    state: run.state,
    ...(run.reason === undefined ? {} : { reason: run.reason }),
    cause: run.cause.kind,
    causeId: causeId(run.cause),
    priority: run.priority,
    nominalAt: timestampFromMs(run.nominalAt),
    effectiveAt: timestampFromMs(run.effectiveAt),
    ...timestamp("nextEligibleAt", run.nextEligibleAt),
    ...timestamp("cancelRequestedAt", run.cancelRequestedAt),
    ...timestamp("finishedAt", run.finishedAt),
    inputs: Object.keys(run.inputs),
    attempts: run.attempts.map((attempt) => attemptMessage(run, attempt)),
    ...(run.overrides === undefined ? {} : { overrides: overridesMessage(run.overrides) }),
    retryOf: run.retryOf ?? "",
    ...timestamp("inputsAt", run.inputsAt),
  };
}

function overridesMessage({
  priority,
  timeoutMs,
  onLimit,
}: RunOverrides): MessageInitShape<typeof RunOverridesSchema> {
  const timeout = timeoutMs === undefined ? {} : { timeout: durationOf(timeoutMs) };
  return { priority: priority ?? "", ...timeout, onLimit: onLimit ?? "" };
}

function attemptMessage(run: Run, attempt: Attempt): MessageInitShape<typeof AttemptSchema> {
  const { end, number } = attempt;
  return {
    attempt: attemptIdOf(run.id, number),
    number,
    operation: attemptOperationId(run, number),
    instanceType: attempt.instanceType,
    unitsHeld: BigInt(attempt.unitsHeld),
    ...(end === undefined ? {} : { unitsSettled: BigInt(end.unitsSettled) }),
    ...(end?.exitCode === undefined ? {} : { exitCode: end.exitCode }),
    admittedAt: timestampFromMs(attempt.admittedAt),
    ...timestamp("startedAt", attempt.startedAt),
    ...timestamp("endedAt", end?.endedAt),
    softLimit: durationOf(attempt.softLimitMs),
    hardLimit: durationOf(attempt.hardLimitMs),
    outputs: (end?.outputs ?? []).map(({ path, variable, sha256, bytes }) => ({
      path,
      variable: variable ?? "",
      sha256,
      bytes: BigInt(bytes),
    })),
  };
}

function causeId(cause: RunCause): string {
  switch (cause.kind) {
    case "occurrence":
      return "";
    case "message":
    case "person":
      return cause.id;
    case "upstream":
      return cause.run;
    case "job":
      return cause.job;
    case "notebook":
      return cause.execution;
  }
}
