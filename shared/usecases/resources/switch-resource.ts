import { OrreryError } from "../../core/errors.ts";
import type { AnyJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Project } from "../../core/project/project.ts";
import type { ResourceKind, SharedResource } from "../../core/project/shared-resource.ts";
import type { Transaction } from "../../ports/store.ts";
import {
  deleteResource,
  readResource,
  scanResources,
  writeResource,
  type Holder,
} from "../../records/resource-record.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { requireProject } from "../projects/require-project.ts";
import { checkResourceId, checkRoom } from "./share-resource.ts";

export interface SwitchRequest extends CallerRequest {
  readonly project: string;
  readonly kind: ResourceKind;
  readonly id: string;
  /** Where the id stands in the request, for what is said about it. */
  readonly field: string;
  readonly response: AnyJson;
}

/**
 * Switches a resource on in a project. It must be shared with the project or with its community,
 * else `RESOURCE_NOT_FOUND`. Only one Docker image is on at a time: it takes the other's place.
 */
export async function activateResource(
  services: CallServices,
  request: SwitchRequest,
): Promise<Operation> {
  const { kind, id, response } = request;
  checkResourceId(id, request.field);
  return await runCall(services, request, "activate-resource", async (tx, now) => {
    const project = await requireProject(tx, request.project);
    const found = await findShared(tx, project, { kind, id });
    const held = await scanResources(tx, holderOf(project), { limit: limits.sharedResources });
    if (found.on === "community") checkRoom(holderOf(project), held);
    const images = kind === "dockerImage" ? held.filter((each) => each.kind === kind) : [];
    for (const other of images) {
      if (other.id !== id) switchOff(tx, holderOf(project), other);
    }
    if (found.on === "community") {
      const added = { addedAt: now, addedBy: askedBy(request) };
      writeResource(tx, holderOf(project), {
        kind,
        id,
        ...added,
        active: true,
        through: "community",
      });
    } else if (!found.resource.active) {
      writeResource(tx, holderOf(project), { ...found.resource, active: true });
    }
    return { owner: project.id, description: "Activate resource", response };
  });
}

/** Switches a resource off in a project; `RESOURCE_NOT_FOUND` where it is not shared with it. */
export async function deactivateResource(
  services: CallServices,
  request: SwitchRequest,
): Promise<Operation> {
  const { kind, id, response } = request;
  checkResourceId(id, request.field);
  return await runCall(services, request, "deactivate-resource", async (tx) => {
    const project = await requireProject(tx, request.project);
    const found = await findShared(tx, project, { kind, id });
    if (found.on === "project") switchOff(tx, holderOf(project), found.resource);
    return { owner: project.id, description: "Deactivate resource", response };
  });
}

type Key = Pick<SharedResource, "kind" | "id">;
type Found =
  { readonly on: "project"; readonly resource: SharedResource } | { readonly on: "community" };

/**
 * The row of a resource in the project, or that only the community has one so far. What a project
 * has through its community counts only as long as the community shares it.
 */
async function findShared(tx: Transaction, project: Project, key: Key): Promise<Found> {
  const own = await readResource(tx, holderOf(project), key);
  if (own !== undefined && own.through === undefined) return { on: "project", resource: own };
  const community: Holder = { kind: "community", id: project.community };
  const shared = await readResource(tx, community, key);
  if (shared === undefined) throw notShared(project, key);
  return own === undefined ? { on: "community" } : { on: "project", resource: own };
}

function switchOff(tx: Transaction, holder: Holder, resource: SharedResource): void {
  if (resource.through === "community") deleteResource(tx, holder, resource);
  else if (resource.active) writeResource(tx, holder, { ...resource, active: false });
}

const holderOf = (project: Project): Holder => ({ kind: "project", id: project.id });

function notShared(project: Project, { kind, id }: Key): OrreryError {
  const message =
    `No ${kind} ${id} is shared with project ${project.id} or its community ${project.community}: ` +
    `add it with AddResource first`;
  return new OrreryError("RESOURCE_NOT_FOUND", message);
}
