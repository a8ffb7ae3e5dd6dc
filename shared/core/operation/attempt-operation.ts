import { attemptIdOf, operationIdOf, type OperationId } from "../ids.ts";
import type { AnyJson } from "../json.ts";
import type { Attempt, AttemptEnd } from "../run/attempt.ts";
import type { Run } from "../run/run.ts";
import { formatInstant, instant, type Instant } from "../time/instant.ts";
import type { Operation } from "./operation.ts";

/** The id of the operation that follows a run's n-th attempt. */
export function attemptOperationId(run: Pick<Run, "id" | "project">, number: number): OperationId {
  return operationIdOf(run.project, attemptIdOf(run.id, number));
}

/**
 * The operation of a run's n-th attempt: open until the attempt has ended, and then the same for
 * good. It is told from the run alone, so it is never a step behind or ahead of it. It was modified
 * when its attempt was admitted, started or settled, whichever came last.
 */
export function attemptOperation(run: Run, number: number): Operation | undefined {
  const attempt = run.attempts.find((each) => each.number === number);
  if (attempt === undefined) return undefined;
  const { admittedAt, startedAt, end } = attempt;
  return {
    id: attemptOperationId(run, number),
    owner: run.project,
    description: describe(run, number),
    createdAt: admittedAt,
    createdBy: run.createdBy ?? "orrery",
    // Not simply the last of them: an executor's clock may differ from ours.
    modifiedAt: latest(admittedAt, startedAt, end?.settledAt ?? end?.endedAt),
    subject: { kind: "attempt", run: run.id, number },
    metadata: attemptMetadata({ run: run.id, number, status: statusOf(run, attempt), startedAt }),
    ...(end === undefined ? {} : { result: resultOf(run, end) }),
  };
}

function describe(run: Run, number: number): string {
  switch (run.cause.kind) {
    case "job":
      return "Execute job";
    case "notebook":
      return "Execute notebook";
    default:
      return `Run ${run.schedule}, attempt ${number}`;
  }
}

/** The state of its run while it is live, and then the state in which it left its run. */
function statusOf(run: Run, { startedAt, end }: Attempt): string {
  if (end === undefined) return startedAt === undefined ? "starting" : "running";
  // A run that ended with this attempt never changes again.
  return end.retriedBecause === undefined ? run.state : "waiting";
}

function resultOf(run: Run, end: AttemptEnd): NonNullable<Operation["result"]> {
  const { operationError: code } = end;
  return code === undefined
    ? { response: attemptResponse(end.exitCode ?? 0) }
    : { error: { code, message: messageOf(run, end) } };
}

function messageOf(run: Run, end: AttemptEnd): string {
  if (end.retriedBecause !== undefined) return end.retriedBecause;
  // Whoever cancelled it said why, in words that its caller may know.
  const given = run.state === "cancelled" ? run.cancelText : undefined;
  return given ?? run.reason?.text ?? run.state;
}

function latest(...instants: readonly (Instant | undefined)[]): Instant {
  return instant(Math.max(...instants.map((each) => each ?? 0)));
}

/** The metadata of an attempt's operation: `orrery.v1.AttemptMetadata` in JSON. */
export function attemptMetadata(attempt: {
  readonly run: Run["id"];
  readonly number: number;
  readonly status: string;
  readonly startedAt?: Instant | undefined;
}): AnyJson {
  const { run, number, status, startedAt } = attempt;
  return {
    "@type": "type.googleapis.com/orrery.v1.AttemptMetadata",
    run,
    attempt: number,
    status,
    ...(startedAt === undefined ? {} : { startedAt: formatInstant(startedAt) }),
  };
}

/** The response of an attempt whose program spoke: `orrery.v1.AttemptResponse` in JSON. */
function attemptResponse(returnCode: number): AnyJson {
  return {
    "@type": "type.googleapis.com/orrery.v1.AttemptResponse",
    returnCode: String(returnCode),
  };
}
