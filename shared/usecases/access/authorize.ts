import { assertNever } from "../../core/assert.ts";
import {
  callerId,
  higherRole,
  includesRole,
  type Caller,
  type Role,
} from "../../core/access/access.ts";
import { ownerOf, type ProjectId } from "../../core/ids.ts";
import type { Reader } from "../../ports/store.ts";
import { readProject } from "../../records/project-record.ts";
import { denied, hidden, notFound, refused, unauthenticated, type Named } from "./denial.ts";
import { heldRole, heldRoleInProject } from "./held-role.ts";
import type { Demand, Found } from "./look-up.ts";

/** What was learnt on the way. */
export interface Permitted {
  /** The project that the call concerns, where it concerns one. */
  readonly project?: ProjectId;
}

/** Who asks for what. */
export interface Asking {
  readonly caller: Caller;
  readonly demand: Demand;
  /** What `lookUp` found of the demand, in the same snapshot. */
  readonly found: Found;
}

/** Who asks for a resource by its id. */
interface AskingFor extends Asking {
  readonly demand: Named;
}

/**
 * Lets a caller pass, or throws. Whoever may not look gets the same answer whether the thing exists
 * or not: `PERMISSION_DENIED` for projects and communities, not found for what is inside them. An
 * anonymous caller gets `UNAUTHENTICATED` instead, and the platform's own token the truth.
 */
export async function authorize(reader: Reader, asking: Asking): Promise<Permitted> {
  const { caller, demand, found } = asking;
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
      return await authorizeCommunity(reader, { caller, demand, found });
    case "project":
      return await authorizeProject(reader, { caller, demand, found });
    case "job":
    case "run":
    case "schedule":
      return await authorizeInside(reader, { caller, demand, found });
    case "operation":
      return await authorizeOperation(reader, { caller, demand, found });
    default:
      return assertNever(demand);
  }
}

async function authorizeCommunity(reader: Reader, asking: AskingFor): Promise<Permitted> {
  const { caller, demand, found } = asking;
  const { community } = found;
  if (caller.kind === "platform") {
    // A folder is there as soon as somebody names it; the first project in it makes its row.
    if (community === undefined && demand.resource === "community") throw notFound(demand);
    return {};
  }
  const role = community && (await heldRole(reader, caller, { kind: "community", id: demand.id }));
  if (!includesRole(role, demand.role)) throw denied(caller, demand);
  return {};
}

async function authorizeProject(reader: Reader, asking: AskingFor): Promise<Permitted> {
  const { caller, demand, found } = asking;
  const project = found.project?.deletedAt === undefined ? found.project : undefined;
  if (caller.kind === "platform" && project === undefined) throw notFound(demand);
  const role = project && (await heldRoleInProject(reader, caller, project));
  if (project === undefined || !includesRole(role, demand.role)) throw denied(caller, demand);
  return { project: project.id };
}

/** Jobs, runs and schedules: what a caller may do with them is what it may do in their project. */
async function authorizeInside(reader: Reader, asking: AskingFor): Promise<Permitted> {
  const { caller, demand, found } = asking;
  const { owner } = found;
  if (owner === undefined) throw hidden(caller, demand);
  const [project, own] = await Promise.all([
    readProject(reader, owner),
    heldRole(reader, caller, { kind: "project", id: owner }),
  ]);
  const isDeleted = project?.deletedAt !== undefined;
  if (caller.kind === "platform") {
    // Runs outlive their project, and may be older than its row; a job goes with its project.
    if (isDeleted && demand.resource === "job") throw notFound(demand);
    return { project: owner };
  }
  if (project === undefined || isDeleted) throw hidden(caller, demand);
  if (includesRole(own, demand.role)) return { project: owner };
  const community = { kind: "community", id: project.community } as const;
  const role = higherRole(own, await heldRole(reader, caller, community));
  if (includesRole(role, demand.role)) return { project: owner };
  throw mayLook(role) ? denied(caller, demand) : hidden(caller, demand);
}

/**
 * Operations are polled until they are done, that of a deletion too: roles count on a project that
 * is being deleted, and whoever started an operation may look at it for good.
 */
async function authorizeOperation(reader: Reader, asking: AskingFor): Promise<Permitted> {
  const { caller, demand, found } = asking;
  const { project, passed, startedBy = passed?.startedBy } = found;
  const owner = passed === undefined ? ownerOf(demand.id) : passed.resource?.id;
  // The platform's own token may look at any operation of a provider, whoever started it there.
  if (owner === undefined && startedBy === undefined && caller.kind !== "platform") {
    throw hidden(caller, demand);
  }
  const role =
    project === undefined
      ? await heldRole(reader, caller, { kind: "community", id: owner ?? "" })
      : await heldRoleInProject(reader, caller, project);
  const isStarter = caller.kind === "subject" && startedBy === callerId(caller);
  const isShown = mayLook(role) || isStarter;
  if (includesRole(role, demand.role) || (isShown && demand.role === "viewer")) {
    return project === undefined ? {} : { project: project.id };
  }
  throw isShown ? denied(caller, demand) : hidden(caller, demand);
}

function mayLook(role: Role | undefined): boolean {
  return includesRole(role, "viewer");
}
