import type { CommunityId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Community } from "../../core/project/project.ts";
import { writeCommunity } from "../../records/project-record.ts";
import type { CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { checkCommunity } from "./check-community.ts";
import { requireCommunity } from "./require-community.ts";

export interface CommunityUpdate extends CallerRequest {
  readonly community: string;
  /** What is absent stays as it is. */
  readonly fields: Partial<Pick<Community, "name" | "description" | "labels">>;
  readonly metadata: (id: CommunityId) => AnyJson;
  readonly response: (community: Community) => AnyJson;
}

export async function updateCommunity(
  services: CallServices,
  request: CommunityUpdate,
): Promise<Operation> {
  return await runCall(services, request, "update-community", async (tx) => {
    const before = await requireCommunity(tx, request.community);
    const community: Community = { ...before, ...request.fields };
    await checkCommunity(tx, before, community);
    writeCommunity(tx, before, community);
    return {
      owner: community.id,
      description: "Update community",
      metadata: request.metadata(community.id),
      response: request.response(community),
    };
  });
}
