import type { AccessResource } from "../../core/access/access.ts";
import { OrreryError } from "../../core/errors.ts";
import type { OperationOwner } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Restriction } from "../../core/project/project.ts";
import { checkRestrictions } from "../../core/project/restrictions.ts";
import type { Transaction } from "../../ports/store.ts";
import { writeCommunity, writeProject } from "../../records/project-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { requireCommunity } from "../communities/require-community.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { requireProject } from "../projects/require-project.ts";

export interface RestrictionsRequest extends CallerRequest {
  readonly holder: AccessResource;
  readonly restrictions: readonly Restriction[];
  readonly response: (restrictions: readonly Restriction[]) => AnyJson;
}

/** Replaces the restrictions of a project or a community: one that is not named is lifted. */
export async function setRestrictions(
  services: CallServices,
  request: RestrictionsRequest,
): Promise<Operation> {
  const { holder, restrictions } = request;
  const fields = checkRestrictions(restrictions);
  const [first] = fields;
  if (first !== undefined) {
    const message = `Restrictions of ${holder.kind} ${holder.id}: ${first.field}: ${first.description}`;
    throw new OrreryError("ARGUMENT_INVALID", message, { fields });
  }
  return await runCall(services, request, "set-restrictions", async (tx) => ({
    owner: await write(tx, holder, restrictions),
    description: "Set restrictions",
    response: request.response(restrictions),
  }));
}

async function write(
  tx: Transaction,
  { kind, id }: AccessResource,
  restrictions: readonly Restriction[],
): Promise<OperationOwner> {
  if (kind === "project") {
    const project = await requireProject(tx, id);
    writeProject(tx, project, { ...project, restrictions });
    return project.id;
  }
  const community = await requireCommunity(tx, id);
  writeCommunity(tx, community, { ...community, restrictions });
  return community.id;
}
