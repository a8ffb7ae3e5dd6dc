import { OrreryError, wrongFields } from "../../core/errors.ts";
import type { AnyJson } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { ResourceKind, SharedResource } from "../../core/project/shared-resource.ts";
import {
  deleteResource,
  readResource,
  scanResources,
  writeResource,
  type Holder,
} from "../../records/resource-record.ts";
import { requireHolder } from "../bindings/require-holder.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";

export interface ResourceRequest extends CallerRequest {
  readonly holder: Holder;
  readonly kind: ResourceKind;
  readonly id: string;
  readonly response: AnyJson;
}

/** Shares a resource with a project or a community. One that is shared already stays as it is. */
export async function addResource(
  services: CallServices,
  request: ResourceRequest,
): Promise<Operation> {
  const { holder, kind, id, response } = request;
  checkResourceId(id, "resource_id");
  return await runCall(services, request, "add-resource", async (tx, now) => {
    const owner = await requireHolder(tx, holder);
    const before = await readResource(tx, holder, { kind, id });
    if (before === undefined) {
      checkRoom(holder, await scanResources(tx, holder, { limit: limits.sharedResources }));
    }
    if (before === undefined || before.through !== undefined) {
      const active = before?.active ?? false;
      const addedBy = askedBy(request);
      writeResource(tx, holder, { kind, id, addedAt: now, addedBy, active });
    }
    return { owner, description: "Add resource", response };
  });
}

/** Takes a resource away from a project or a community; one that is not there is fine. */
export async function removeResource(
  services: CallServices,
  request: ResourceRequest,
): Promise<Operation> {
  const { holder, kind, id, response } = request;
  checkResourceId(id, "resource_id");
  return await runCall(services, request, "remove-resource", async (tx) => {
    const owner = await requireHolder(tx, holder);
    deleteResource(tx, holder, { kind, id });
    return { owner, description: "Remove resource", response };
  });
}

/** An id of the cloud, an image with its tag, or any name on a laptop. */
const RESOURCE_ID = /^[^\s\p{C}]{1,200}$/u;

/** Throws `ARGUMENT_INVALID` for what is no resource id; `field` is where it stands in the request. */
export function checkResourceId(id: string, field: string): void {
  if (RESOURCE_ID.test(id)) return;
  const description = "An id has 1 to 200 characters, no white space and no control characters";
  throw wrongFields([{ field, description }]);
}

/** Throws `ARGUMENT_INVALID` where a holder has as many resources as it can. */
export function checkRoom({ kind, id }: Holder, held: readonly SharedResource[]): void {
  if (held.length < limits.sharedResources) return;
  const description = `The ${kind} has ${held.length} resources, as many as it can: remove others first`;
  throw new OrreryError("ARGUMENT_INVALID", `${kind} ${id}: ${description}`, {
    fields: [{ field: "resource_id", description }],
  });
}
