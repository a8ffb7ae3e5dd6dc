import { OrreryError } from "../../core/errors.ts";
import type { CommunityId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import { deleteCommunity as deleteRow, scanProjects } from "../../records/project-record.ts";
import { forgetHolder } from "../bindings/forget-holder.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { DEFAULT_COMMUNITY } from "./ensure-community.ts";
import { requireCommunity } from "./require-community.ts";

export interface CommunityDeletion extends CallerRequest {
  readonly community: string;
  readonly metadata: (id: CommunityId) => AnyJson;
  readonly response: AnyJson;
}

/**
 * Removes a community with its access bindings and shared resources. `COMMUNITY_NOT_EMPTY` while
 * it has projects, and always for the one that holds the configured projects.
 */
export async function deleteCommunity(
  services: CallServices,
  request: CommunityDeletion,
): Promise<Operation> {
  return await runCall(services, request, "delete-community", async (tx) => {
    const community = await requireCommunity(tx, request.community);
    const { id } = community;
    if (id === DEFAULT_COMMUNITY) {
      throw new OrreryError(
        "COMMUNITY_NOT_EMPTY",
        `Community ${id} is where configured projects live: it cannot be deleted`,
      );
    }
    const [project] = await scanProjects(tx, id, { limit: 1 });
    if (project !== undefined) {
      throw new OrreryError(
        "COMMUNITY_NOT_EMPTY",
        `Community ${id} still has projects, ${project.id} among them: delete those first`,
      );
    }
    await forgetHolder(tx, { kind: "community", id });
    deleteRow(tx, community);
    return {
      owner: id,
      description: "Delete community",
      metadata: request.metadata(id),
      response: request.response,
    };
  });
}
