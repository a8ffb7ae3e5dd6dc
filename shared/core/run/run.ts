import { runIdOf } from "../ids.ts";
import type { ExecutionId, JobId, ProjectId, RunId, RunKey, ScheduleName } from "../ids.ts";
import type { Priority } from "../schedule/schedule-definition.ts";
import type { TraceParent } from "../telemetry/traceparent.ts";
import type { Instant } from "../time/instant.ts";
import type { Attempt } from "./attempt.ts";
import type { Reason } from "./reason.ts";
import type { RunOverrides } from "./run-overrides.ts";

export const LIVE_STATES = ["queued", "waiting", "starting", "running"] as const;
export const FINAL_STATES = [
  "succeeded",
  "failed",
  "cancelled",
  "timedOut",
  "skipped",
  "refused",
  "expired",
] as const;
export type FinalState = (typeof FINAL_STATES)[number];
export type RunState = (typeof LIVE_STATES)[number] | FinalState;

/** What asked for a run. */
export type RunCause =
  | { readonly kind: "occurrence" }
  | { readonly kind: "message"; readonly id: string }
  | { readonly kind: "person"; readonly id: string }
  | { readonly kind: "upstream"; readonly run: RunId }
  /** A job or a notebook execution that a caller of the API started; it belongs to no schedule. */
  | { readonly kind: "job"; readonly job: JobId }
  | { readonly kind: "notebook"; readonly execution: ExecutionId };

/** One execution owed. */
export interface Run {
  readonly id: RunId;
  readonly schedule: ScheduleName;
  readonly project: ProjectId;
  readonly cause: RunCause;
  /** The subject id of the caller who started it; absent for what Orrery started by itself. */
  readonly createdBy?: string;
  /** As the schedule had it when the run was made, unless whoever asked for it said otherwise. */
  readonly priority: Priority;
  /** What it does otherwise than its schedule says; absent where nobody said so. */
  readonly overrides?: RunOverrides;
  /** The run that it tries anew. */
  readonly retryOf?: RunId;
  /** The nominal time that its inputs show, where it is not its own: that of a run before it. */
  readonly inputsAt?: Instant;
  /** The instant the schedule names, and the instant we aim at (jitter added). */
  readonly nominalAt: Instant;
  readonly effectiveAt: Instant;
  readonly state: RunState;
  /** Why it waits, or why it ended as it did; absent while it is queued or runs. */
  readonly reason?: Reason;
  /** When a waiting run is looked at again at the latest. */
  readonly nextEligibleAt?: Instant;
  /** Since when it waits for its project's limits: its age in the order of waiting runs. */
  readonly waitingSince?: Instant;
  /** Of a run that a low balance left out: the nominal time of the started run it came too soon after. */
  readonly spacedFrom?: Instant;
  readonly cancelRequestedAt?: Instant;
  /** Set where its program is to be killed at once; else it is asked to end first. */
  readonly cancelKills?: true;
  /** The reason that whoever cancelled it while it ran gave, if they gave one. */
  readonly cancelText?: string;
  /** Variables that the cause brought along; they win over the schedule's `inputs`. */
  readonly inputs: Readonly<Record<string, string>>;
  /** Every attempt, oldest first; the last one is live while the run is starting or running. */
  readonly attempts: readonly Attempt[];
  /** The trace that all looks at it belong to; absent where nobody listened when it was made. */
  readonly traceParent?: TraceParent | undefined;
  readonly finishedAt?: Instant;
}

export function isFinal(state: RunState): state is FinalState {
  return (FINAL_STATES as readonly RunState[]).includes(state);
}

/** The attempt that is live now, if one is. */
export function liveAttempt(run: Run): Attempt | undefined {
  return run.state === "starting" || run.state === "running" ? run.attempts.at(-1) : undefined;
}

/** Whether a run belongs to no schedule: nothing overlaps with it, precedes it or follows it. */
export function isAdHoc(run: Pick<Run, "cause">): boolean {
  return run.cause.kind === "job" || run.cause.kind === "notebook";
}

/** The name under which a run's cause enters its id. */
export function causeKey(cause: RunCause): string {
  switch (cause.kind) {
    case "occurrence":
      return "occurrence";
    case "message":
    case "person":
      return `${cause.kind}:${cause.id}`;
    case "upstream":
      return `upstream:${cause.run}`;
    case "job":
      return `job:${cause.job}`;
    case "notebook":
      return `notebook:${cause.execution}`;
  }
}

/** Names the run of an occurrence. */
export function occurrenceRunId(key: RunKey): RunId {
  return runIdOf(key, causeKey({ kind: "occurrence" }));
}
