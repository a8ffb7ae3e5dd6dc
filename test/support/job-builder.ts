import { jobId } from "../../shared/core/ids.ts";
import type { Job } from "../../shared/core/job/job.ts";
import { aJob, PROJECT, START_AT } from "./builders.ts";

/** A job of `demo` that was created and not executed. */
export function aStoredJob(fields: Partial<Job> = {}): Job {
  return {
    id: jobId("bt1job00000000000000"),
    project: PROJECT,
    name: "",
    description: "",
    config: "",
    createdAt: START_AT,
    createdBy: "orrery",
    parameters: {},
    definition: aJob(),
    files: [],
    dataCleared: false,
    ...fields,
  };
}
