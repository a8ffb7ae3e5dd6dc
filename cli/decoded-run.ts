import { durationMs, timestampMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { assert } from "../shared/core/assert.ts";
import { executionId, jobId, projectId, scheduleName, type RunId } from "../shared/core/ids.ts";
import type { Attempt } from "../shared/core/run/attempt.ts";
import type { Reason, ReasonCode } from "../shared/core/run/reason.ts";
import type { Run, RunCause, RunState } from "../shared/core/run/run.ts";
import type { RunOverrides } from "../shared/core/run/run-overrides.ts";
import type { OnLimit, Priority } from "../shared/core/schedule/schedule-definition.ts";
import { instant, type Instant } from "../shared/core/time/instant.ts";
import type {
  Attempt as AttemptMessage,
  Reason as ReasonMessage,
  Run as RunMessage,
  RunOverrides as OverridesMessage,
} from "../shared/gen/orrery/v1/run_pb.ts";

/**
 * A run as the API showed it, for words and tables. What the API does not show is not here: the
 * values of inputs, the rate, and how often it was polled.
 */
export function decodeRun(message: RunMessage | undefined): Run {
  assert(message !== undefined, "the API answers with a run");
  return {
    id: message.run as RunId,
    schedule: scheduleName(message.schedule),
    project: projectId(message.project),
    cause: decodeCause(message),
    priority: message.priority as Priority,
    nominalAt: required(message.nominalAt),
    effectiveAt: required(message.effectiveAt),
    state: message.state as RunState,
    ...(message.reason === undefined ? {} : { reason: decodeReason(message.reason) }),
    ...optional("nextEligibleAt", message.nextEligibleAt),
    ...optional("cancelRequestedAt", message.cancelRequestedAt),
    ...optional("finishedAt", message.finishedAt),
    inputs: Object.fromEntries(message.inputs.map((name) => [name, ""])),
    attempts: message.attempts.map(decodeAttempt),
    ...(message.overrides === undefined ? {} : { overrides: decodeOverrides(message.overrides) }),
    ...(message.retryOf === "" ? {} : { retryOf: message.retryOf as RunId }),
    ...optional("inputsAt", message.inputsAt),
  };
}

function decodeOverrides({ priority, timeout, onLimit }: OverridesMessage): RunOverrides {
  return {
    ...(priority === "" ? {} : { priority: priority as Priority }),
    ...(timeout === undefined ? {} : { timeoutMs: durationMs(timeout) }),
    ...(onLimit === "" ? {} : { onLimit: onLimit as OnLimit }),
  };
}

export function decodeReason({ code, text }: ReasonMessage): Reason {
  return { code: code as ReasonCode, text };
}

/** An instant that the API always sends. */
export function required(at: Timestamp | undefined): Instant {
  return instant(at === undefined ? 0 : timestampMs(at));
}

/** An instant that the API sends where there is one. */
function optional<const Name extends string>(
  name: Name,
  at: Timestamp | undefined,
): { readonly [K in Name]?: Instant } {
  return at === undefined ? {} : ({ [name]: required(at) } as { [K in Name]: Instant });
}

function decodeAttempt(message: AttemptMessage): Attempt {
  const { softLimit, hardLimit } = message;
  return {
    number: message.number,
    admittedAt: required(message.admittedAt),
    instanceType: message.instanceType,
    rate: 0,
    unitsHeld: Number(message.unitsHeld),
    softLimitMs: softLimit === undefined ? 0 : durationMs(softLimit),
    hardLimitMs: hardLimit === undefined ? 0 : durationMs(hardLimit),
    ...optional("startedAt", message.startedAt),
    ...(message.endedAt === undefined ? {} : { end: decodeEnd(message, message.endedAt) }),
  };
}

function decodeEnd(message: AttemptMessage, endedAt: Timestamp): NonNullable<Attempt["end"]> {
  return {
    endedAt: required(endedAt),
    ...(message.exitCode === undefined ? {} : { exitCode: message.exitCode }),
    unitsSettled: Number(message.unitsSettled ?? 0n),
    outputs: message.outputs.map(({ path, variable, sha256, bytes }) => ({
      path,
      ...(variable === "" ? {} : { variable }),
      sha256,
      bytes: Number(bytes),
    })),
  };
}

function decodeCause({ cause, causeId }: RunMessage): RunCause {
  switch (cause) {
    case "message":
    case "person":
      return { kind: cause, id: causeId };
    case "upstream":
      return { kind: "upstream", run: causeId as RunId };
    case "job":
      return { kind: "job", job: jobId(causeId) };
    case "notebook":
      return { kind: "notebook", execution: executionId(causeId) };
    default:
      return { kind: "occurrence" };
  }
}
