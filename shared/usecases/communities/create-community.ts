import { communityId, type CommunityId } from "../../core/ids.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation } from "../../core/operation/operation.ts";
import type { Community } from "../../core/project/project.ts";
import { writeCommunity } from "../../records/project-record.ts";
import { askedBy, type CallerRequest } from "../caller-request.ts";
import { runCall, type CallServices } from "../operations/run-call.ts";
import { checkCommunity } from "./check-community.ts";

export interface NewCommunity
  extends
    CallerRequest,
    Pick<Community, "name" | "description" | "labels" | "organization" | "zone"> {
  readonly metadata: (id: CommunityId) => AnyJson;
  readonly response: (community: Community) => AnyJson;
}

/** Makes a community. `NAME_TAKEN` where another has its name; an empty name is free to all. */
export async function createCommunity(
  services: CallServices,
  request: NewCommunity,
): Promise<Operation> {
  const { name, description, labels, organization, zone } = request;
  // As DataSphere's ids look: 20 lower-case letters and digits.
  const id = communityId(`bt1${services.random.id().slice(0, 17)}`);
  return await runCall(services, request, "create-community", async (tx, now) => {
    const community: Community = {
      id,
      name,
      description,
      labels,
      organization,
      zone,
      createdAt: now,
      createdBy: askedBy(request),
      restrictions: [],
    };
    await checkCommunity(tx, undefined, community);
    writeCommunity(tx, undefined, community);
    return {
      owner: id,
      description: "Create community",
      metadata: request.metadata(id),
      response: request.response(community),
    };
  });
}
