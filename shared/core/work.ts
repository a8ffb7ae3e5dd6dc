import type { JobDefinition } from "./job/job-definition.ts";
import type { NotebookDefinition } from "./notebook/notebook-definition.ts";

/** What an attempt executes. */
export type Work = JobDefinition | NotebookDefinition;
