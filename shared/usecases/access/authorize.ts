import { callerId, type Caller, type Role } from "../../core/access/access.ts";
import { assertNever } from "../../core/assert.ts";
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
import type { Reader } from "../../ports/store.ts";
import { readJob } from "../../records/job-record.ts";
import { readOperation } from "../../records/operation-record.ts";
import { readCommunity, readProject } from "../../records/project-record.ts";
import { readRun } from "../../records/run-record.ts";
import { readDefinition } from "../../records/schedule-record.ts";
import { denied, hidden, notFound, refused, unauthenticated, type Named } from "./denial.ts";
import { holds, holdsOnProject } from "./holds.ts";

/** What a caller needs before a method runs. */
export type Demand =
  /** Nothing, not even a token. */
  | { readonly resource: "open" }
  /** A token that is known. */
  | { readonly resource: "nothing" }
  /** The installation's own token. */
  | { readonly resource: "platform" }
  | Named;

/** What was learnt on the way. */
export interface Permitted {
  /** The project that the call concerns, where it concerns one. */
  readonly project?: ProjectId;
}

/**
 * Lets a caller pass, or throws. Whoever may not look gets the same answer whether the thing exists
 * or not: `PERMISSION_DENIED` for projects and communities, not found for what is inside them. An
 * anonymous caller gets `UNAUTHENTICATED` instead, and the platform's own token the truth.
 */
export async function authorize(
  reader: Reader,
  caller: Caller,
  demand: Demand,
): Promise<Permitted> {
  switch (demand.resource) {
    case "open":
      return {};
    case "nothing":
      if (caller.kind === "anonymous") throw unauthenticated();
      return {};
    case "platform":
      if (caller.kind === "platform") return {};
      throw refused(caller, "Permission denied: only the installation's own token may do this");
    case "community":
    case "folder":
      return await authorizeCommunity(reader, caller, demand);
    case "project":
      return await authorizeProject(reader, caller, demand);
    case "job":
    case "run":
    case "schedule":
      return await authorizeInside(reader, caller, demand);
    case "operation":
      return await authorizeOperation(reader, caller, demand);
    default:
      return assertNever(demand);
  }
}

async function authorizeCommunity(
  reader: Reader,
  caller: Caller,
  named: Named,
): Promise<Permitted> {
  const { resource, id, role } = named;
  const community = NAME_PATTERN.test(id)
    ? await readCommunity(reader, communityId(id))
    : undefined;
  if (caller.kind === "platform") {
    // A folder is there as soon as somebody names it; the first project in it makes its row.
    if (community === undefined && resource === "community") throw notFound(named);
    return {};
  }
  const isHeld =
    community !== undefined && (await holds(reader, caller, { kind: "community", id }, role));
  if (!isHeld) throw denied(caller, named);
  return {};
}

async function authorizeProject(reader: Reader, caller: Caller, named: Named): Promise<Permitted> {
  const { id, role } = named;
  const project = NAME_PATTERN.test(id) ? await readProject(reader, projectId(id)) : undefined;
  const isThere = project !== undefined && project.deletedAt === undefined;
  if (caller.kind === "platform" && !isThere) throw notFound(named);
  if (!isThere || !(await holdsOnProject(reader, caller, project, role))) {
    throw denied(caller, named);
  }
  return { project: project.id };
}

/** Jobs, runs and schedules: what a caller may do with them is what it may do in their project. */
async function authorizeInside(reader: Reader, caller: Caller, named: Named): Promise<Permitted> {
  const owner = await projectOf(reader, named);
  if (owner === undefined) throw hidden(caller, named);
  const project = await readProject(reader, owner);
  const isDeleted = project?.deletedAt !== undefined;
  if (caller.kind === "platform") {
    // Runs outlive their project, and may be older than its row; a job goes with its project.
    if (isDeleted && named.resource === "job") throw notFound(named);
    return { project: owner };
  }
  if (project === undefined || isDeleted) throw hidden(caller, named);
  if (await holdsOnProject(reader, caller, project, named.role)) return { project: owner };
  const mayLook = await holdsOnProject(reader, caller, project, "viewer");
  throw mayLook ? denied(caller, named) : hidden(caller, named);
}

/**
 * Operations are polled until they are done, that of a deletion too: roles count on a project that
 * is being deleted, and whoever started an operation may look at it for good.
 */
async function authorizeOperation(
  reader: Reader,
  caller: Caller,
  named: Named,
): Promise<Permitted> {
  const owner = ownerOf(named.id);
  if (owner === undefined) throw hidden(caller, named);
  const project = await readProject(reader, projectId(owner));
  const permitted = project === undefined ? {} : { project: project.id };
  const holdsHere = async (role: Role): Promise<boolean> =>
    project === undefined
      ? await holds(reader, caller, { kind: "community", id: owner }, role)
      : await holdsOnProject(reader, caller, project, role);

  if (await holdsHere(named.role)) return permitted;
  const mayLook = (await holdsHere("viewer")) || (await hasStarted(reader, caller, named.id));
  if (mayLook && named.role === "viewer") return permitted;
  throw mayLook ? denied(caller, named) : hidden(caller, named);
}

async function hasStarted(reader: Reader, caller: Caller, id: string): Promise<boolean> {
  if (caller.kind !== "subject") return false;
  const record = await readOperation(reader, operationId(id));
  return record?.operation.createdBy === callerId(caller);
}

async function projectOf(reader: Reader, { resource, id }: Named): Promise<ProjectId | undefined> {
  if (resource === "run") {
    const run = runKeyOf(id)?.run;
    return run && (await readRun(reader, run))?.run.project;
  }
  if (!NAME_PATTERN.test(id)) return undefined;
  return resource === "job"
    ? (await readJob(reader, jobId(id)))?.job.project
    : (await readDefinition(reader, scheduleName(id)))?.definition.project;
}
