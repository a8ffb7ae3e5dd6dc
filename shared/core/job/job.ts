import type { LogFile, OutputError, OutputFile } from "../execution/execution-result.ts";
import type { Json } from "../json.ts";
import type { JobId, ProjectId, RunId } from "../ids.ts";
import type { Run } from "../run/run.ts";
import { isFinal } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";
import type { JobDefinition, StoredFile } from "./job-definition.ts";

/** DataSphere's statuses of a job, by its names. */
export const JOB_STATUSES = [
  "CREATING",
  "PREPARING",
  "EXECUTING",
  "UPLOADING_OUTPUT",
  "CANCELLING",
  "SUCCESS",
  "ERROR",
  "CANCELLED",
] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** A job created through the API: what to execute, once, and what became of it. */
export interface Job {
  readonly id: JobId;
  readonly project: ProjectId;
  readonly name: string;
  readonly description: string;
  /** The YAML text that the client sent along; kept, never read. */
  readonly config: string;
  readonly createdAt: Instant;
  readonly createdBy: string;
  /** `JobParameters` in its JSON form, as given but for passwords. */
  readonly parameters: { readonly [name: string]: Json | undefined };
  readonly definition: JobDefinition;
  /** Every content the job needs, each once. */
  readonly files: readonly StoredFile[];
  readonly parent?: JobId;
  /** How long its data is kept, counted from its end, or from its creation while it has none. */
  readonly dataTtlMs?: number;
  readonly dataCleared: boolean;
  /** Set while cleared data is still being removed: since when. */
  readonly clearingAt?: Instant;
  /** The run of its execution, once it was executed. */
  readonly run?: RunId;
  readonly end?: JobEnd;
}

/** What a caller decides about a job; the rest follows from who asks, and when. */
export type JobDraft = Pick<
  Job,
  "name" | "description" | "config" | "parameters" | "definition" | "files" | "dataTtlMs"
>;

/** How a job ended: it outlives the run's own row. */
export interface JobEnd {
  readonly status: "SUCCESS" | "ERROR" | "CANCELLED";
  readonly details: string;
  readonly startedAt?: Instant;
  readonly finishedAt: Instant;
  readonly returnCode?: number;
  readonly instanceType?: string;
  readonly outputs: readonly OutputFile[];
  readonly outputErrors: readonly OutputError[];
  readonly logs: readonly LogFile[];
}

/** Where a job stands; `run` is that of its execution, if it has one. */
export function jobStatus(job: Job, run: Run | undefined): JobStatus {
  if (job.end !== undefined) return job.end.status;
  if (run === undefined) return "CREATING";
  if (run.cancelRequestedAt !== undefined) return "CANCELLING";
  if (isFinal(run.state)) return run.state === "succeeded" ? "SUCCESS" : "ERROR";
  if (run.state !== "running") return "PREPARING";
  return run.attempts.at(-1)?.collectingAt === undefined ? "EXECUTING" : "UPLOADING_OUTPUT";
}

/** Whether it was executed and has not ended. */
export function isExecuting(job: Job): boolean {
  return job.run !== undefined && job.end === undefined;
}

/** When the job's data is cleared; undefined where it is kept. A running job keeps its data. */
export function dataExpiresAt(job: Job): number | undefined {
  if (job.dataTtlMs === undefined || job.dataCleared) return undefined;
  return (job.end?.finishedAt ?? job.createdAt) + job.dataTtlMs;
}
