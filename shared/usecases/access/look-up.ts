import {
  communityId,
  jobId,
  NAME_PATTERN,
  operationId,
  ownerOf,
  projectId,
  runKeyOf,
  scheduleName,
  type ProjectId,
} from "../../core/ids.ts";
import type { Community, Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { readJob } from "../../records/job-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import {
  readPassedOperation,
  type PassedOperation,
} from "../../records/passed-operation-record.ts";
import { readCommunity, readProject } from "../../records/project-record.ts";
import { readRun } from "../../records/run-record.ts";
import { readDefinition } from "../../records/schedule-record.ts";
import type { Named } from "./denial.ts";

/** What a caller needs before a method runs. */
export type Demand =
  /** Nothing, not even a token. */
  | { readonly resource: "open" }
  /** A token that is known. */
  | { readonly resource: "nothing" }
  /** The installation's own token. */
  | { readonly resource: "platform" }
  | Named;

/** What a demand's id alone leads to; what is not there is absent. */
export interface Found {
  readonly community?: Community | undefined;
  /** The project that is named, or whose operation is. */
  readonly project?: Project | undefined;
  /** Whose job, run or schedule is named. */
  readonly owner?: ProjectId | undefined;
  /** Who started the operation that is named. */
  readonly startedBy?: string | undefined;
  /** The operation that is named is a provider's, and a call that passed through us started it. */
  readonly passed?: PassedOperation | undefined;
}

/**
 * Reads what a demand names. It needs no caller, so it is asked for together with the token: nobody
 * hears of what was found before `authorize` has let them pass.
 */
export async function lookUp(reader: Reader, demand: Demand): Promise<Found> {
  switch (demand.resource) {
    case "community":
    case "folder":
      return NAME_PATTERN.test(demand.id)
        ? { community: await readCommunity(reader, communityId(demand.id)) }
        : {};
    case "project":
      return NAME_PATTERN.test(demand.id)
        ? { project: await readProject(reader, projectId(demand.id)) }
        : {};
    case "run":
      return { owner: await runOwner(reader, demand.id) };
    case "job":
    case "schedule":
      return NAME_PATTERN.test(demand.id) ? { owner: await ownerNamed(reader, demand) } : {};
    case "operation":
      return await operationNamed(reader, demand.id);
    default:
      return {};
  }
}

async function runOwner(reader: Reader, id: string): Promise<ProjectId | undefined> {
  const run = runKeyOf(id)?.run;
  return run && (await readRun(reader, run))?.run.project;
}

async function ownerNamed(reader: Reader, { resource, id }: Named): Promise<ProjectId | undefined> {
  return resource === "job"
    ? (await readJob(reader, jobId(id)))?.job.project
    : (await readDefinition(reader, scheduleName(id)))?.definition.project;
}

/**
 * The id of an operation of ours says whose it is, so both are asked for at once. One of a provider
 * has an id of any form.
 */
async function operationNamed(reader: Reader, id: string): Promise<Found> {
  const owner = ownerOf(id);
  const [project, operation] = await Promise.all([
    owner && readProject(reader, projectId(owner)),
    owner && readOperation(reader, operationId(id)),
  ]);
  if (operation !== undefined) return { project, startedBy: operation.createdBy };
  const passed = await readPassedOperation(reader, id);
  if (passed?.resource?.kind !== "project") return { project, passed };
  return { project: await readProject(reader, projectId(passed.resource.id)), passed };
}
