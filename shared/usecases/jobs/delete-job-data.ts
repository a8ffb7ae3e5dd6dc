import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { requireProject } from "../projects/require-project.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall } from "../operations/run-call.ts";
import type { Services } from "../services.ts";
import { markCleared } from "./clear-job-data.ts";
import { findJob, requireNotRunning } from "./find-job.ts";

/**
 * Clears a job's data; the job itself stays. Nothing uses the data from now on, and the operation
 * is done once it is gone. `JOB_RUNNING` where the job runs.
 */
export async function deleteJobData(
  services: Services,
  request: CallerRequest,
  ask: { readonly job: string; readonly metadata: AnyJson },
): Promise<Operation> {
  return await clearing(services, request, {
    ...ask,
    thenDelete: false,
    description: "Delete job data",
  });
}

/** Clears a job's data and removes the job with it. `JOB_RUNNING` where the job runs. */
export async function deleteJob(
  services: Services,
  request: CallerRequest,
  ask: { readonly job: string; readonly metadata: AnyJson },
): Promise<Operation> {
  return await clearing(services, request, { ...ask, thenDelete: true, description: "Delete job" });
}

async function clearing(
  services: Services,
  request: CallerRequest,
  ask: {
    readonly job: string;
    readonly metadata: AnyJson;
    readonly thenDelete: boolean;
    readonly description: string;
  },
): Promise<Operation> {
  const { thenDelete, description } = ask;
  return await runCall(services, request, "delete-job-data", async (tx, now) => {
    const record = await findJob(tx, ask.job);
    const { job } = record;
    requireNotRunning(job);
    markCleared(tx, record, now);
    return {
      owner: job.project,
      description,
      metadata: ask.metadata,
      work: { kind: "clearJob", job: job.id, thenDelete },
    };
  });
}

/**
 * Clears the data of all jobs of a project that do not run; what still runs keeps its data, and so
 * does what is created while this goes on.
 */
export async function deleteAllJobData(
  services: Services,
  request: CallerRequest,
  ask: { readonly project: string; readonly metadata: AnyJson },
): Promise<Operation> {
  return await runCall(services, request, "delete-all-job-data", async (tx) => {
    const project = await requireProject(tx, ask.project);
    return {
      owner: project.id,
      description: "Delete data of all jobs",
      metadata: ask.metadata,
      work: { kind: "clearProject" },
    };
  });
}
