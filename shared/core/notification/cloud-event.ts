import { digest } from "../ids.ts";
import { attemptOperationId } from "../operation/attempt-operation.ts";
import type { Run } from "../run/run.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import type { RunNotificationType } from "./notification-type.ts";
import type { ProjectEvent } from "./project-event.ts";

/**
 * A CloudEvents 1.0 event in structured JSON form. The id is derived from the run, the type, the
 * attempt, the instant and the reason, so a transaction that runs twice tells the same event, and a
 * run that waits for the same limit once more tells another one.
 * Source: CloudEvents specification 1.0.2, "Required attributes".
 */
export interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: string;
  readonly subject: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  /** Source: CloudEvents, "Distributed Tracing" extension. */
  readonly traceparent?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Tells what happened to a run at `at`. The data holds no variable's value: those may be secret. */
export function runCloudEvent(type: RunNotificationType, run: Run, at: Instant): CloudEvent {
  const attempt = run.attempts.at(-1);
  const number = attempt?.number ?? 0;
  return {
    specversion: "1.0",
    id: digest([run.id, type, String(number), formatInstant(at), run.reason?.code ?? ""], 32),
    source: `/orrery/projects/${run.project}/schedules/${run.schedule}`,
    type: `orrery.${type}.v1`,
    subject: run.id,
    time: formatInstant(at),
    datacontenttype: "application/json",
    ...(run.traceParent === undefined ? {} : { traceparent: run.traceParent }),
    data: {
      run: run.id,
      schedule: run.schedule,
      project: run.project,
      state: run.state,
      nominalAt: formatInstant(run.nominalAt),
      effectiveAt: formatInstant(run.effectiveAt),
      attempt: number,
      ...(run.reason === undefined ? {} : { reason: run.reason }),
      ...(run.nextEligibleAt === undefined
        ? {}
        : { nextEligibleAt: formatInstant(run.nextEligibleAt) }),
      ...(attempt === undefined
        ? {}
        : { operation: attemptOperationId(run, number), unitsHeld: attempt.unitsHeld }),
      ...(attempt?.startedAt === undefined ? {} : { startedAt: formatInstant(attempt.startedAt) }),
      ...(attempt?.end === undefined
        ? {}
        : {
            endedAt: formatInstant(attempt.end.endedAt),
            exitCode: attempt.end.exitCode,
            unitsSettled: attempt.end.unitsSettled,
            outputs: attempt.end.outputs,
          }),
    },
  };
}

/** Tells what happened to a project or to one of its schedules. */
export function projectCloudEvent(event: ProjectEvent): CloudEvent {
  const { type, project, schedule, at, key, data } = event;
  const home = `/orrery/projects/${project}`;
  return {
    specversion: "1.0",
    id: digest([project, schedule ?? "", type, key], 32),
    source: schedule === undefined ? home : `${home}/schedules/${schedule}`,
    type: `orrery.${type}.v1`,
    subject: schedule ?? project,
    time: formatInstant(at),
    datacontenttype: "application/json",
    data: { project, ...(schedule === undefined ? {} : { schedule }), ...data },
  };
}
