import { toBinary, create, type MessageInitShape } from "@bufbuild/protobuf";
import { communityId } from "../../core/ids.ts";
import type { Community } from "../../core/project/project.ts";
import { CommunitySchema } from "../../gen/yandex/cloud/datasphere/v2/community_pb.ts";
import {
  CommunityService,
  CreateCommunityMetadataSchema,
  DeleteCommunityMetadataSchema,
  UpdateCommunityMetadataSchema,
  UpdateCommunityRequestSchema,
  type ListCommunitiesRequest,
  type ListCommunitiesResponseSchema,
  type UpdateCommunityRequest,
} from "../../gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import { createCommunity } from "../../usecases/communities/create-community.ts";
import { deleteCommunity } from "../../usecases/communities/delete-community.ts";
import { listCommunities } from "../../usecases/communities/list-communities.ts";
import { requireCommunity } from "../../usecases/communities/require-community.ts";
import {
  updateCommunity,
  type CommunityUpdate,
} from "../../usecases/communities/update-community.ts";
import { anyJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { fitPage } from "../fit-page.ts";
import { reads, serve, type ServedService } from "../handlers.ts";
import { EMPTY_RESPONSE, operationMessage } from "../operation-message.ts";
import { decodePageToken, encodePageToken, pageSize } from "../page-token.ts";
import { updatePaths } from "../update-mask.ts";
import { accessMethods } from "./access-methods.ts";
import { communityMessage } from "./community-message.ts";
import { share, unshare } from "./resource-methods.ts";
import { replaceRestrictions, restrictionsMeta, restrictionsOf } from "./restriction-methods.ts";

const UPDATABLE = ["name", "description", "labels"] as const;
const LISTING = "communities";

const response = (community: Community) => anyJson(CommunitySchema, communityMessage(community));
const community = (id: string) => ({ kind: "community", id }) as const;

export function communityService(services: ApiServices): ServedService {
  return serve(CommunityService, {
    create: async (request, call) => {
      const operation = await createCommunity(services, {
        ...call,
        name: request.name,
        description: request.description,
        labels: request.labels,
        organization: request.organizationId,
        zone: request.zoneId,
        metadata: (id) => anyJson(CreateCommunityMetadataSchema, { communityId: id }),
        response,
      });
      return operationMessage(operation);
    },
    get: reads(
      async (reader, { communityId: id }) => await requireCommunity(reader, id),
      communityMessage,
    ),
    update: async (request, call) => {
      const operation = await updateCommunity(services, {
        ...call,
        community: request.communityId,
        fields: fieldsOf(request),
        metadata: (id) => anyJson(UpdateCommunityMetadataSchema, { communityId: id }),
        response,
      });
      return operationMessage(operation);
    },
    delete: async ({ communityId: id }, call) => {
      const operation = await deleteCommunity(services, {
        ...call,
        community: id,
        metadata: (deleted) => anyJson(DeleteCommunityMetadataSchema, { communityId: deleted }),
        response: EMPTY_RESPONSE,
      });
      return operationMessage(operation);
    },
    list: async (request, call) => await list(services, request, call),
    ...accessMethods(services, "community"),
    addResource: async (request, call) =>
      await share(services, call, community(request.communityId), request),
    removeResource: async (request, call) =>
      await unshare(services, call, community(request.communityId), request),
    getRestrictionsMeta: async () => await Promise.resolve(restrictionsMeta()),
    getRestrictions: async ({ communityId: id }) => await restrictionsOf(services, community(id)),
    setRestrictions: async ({ communityId: id, restrictions }, call) =>
      await replaceRestrictions(services, call, community(id), restrictions),
  });
}

function fieldsOf(request: UpdateCommunityRequest): CommunityUpdate["fields"] {
  const paths = updatePaths(UpdateCommunityRequestSchema, request.updateMask, UPDATABLE);
  return Object.fromEntries(
    UPDATABLE.filter((name) => paths.includes(name)).map((name) => [name, request[name]]),
  );
}

async function list(
  services: ApiServices,
  request: ListCommunitiesRequest,
  call: Call,
): Promise<MessageInitShape<typeof ListCommunitiesResponseSchema>> {
  const after = decodePageToken(LISTING, request.pageToken)?.[0];
  const page = await listCommunities(services, {
    caller: call.caller,
    organization: request.organizationId,
    pattern: request.nameOrDescriptionPattern,
    createdBy: request.ownedById,
    which: request.listPublic ? "public" : "all",
    size: pageSize(request.pageSize),
    after: after === undefined ? undefined : communityId(String(after)),
  });
  const { items, next } = fitPage(page, { bytesOf, keyOf: ({ id }) => id });
  return {
    communities: items.map(communityMessage),
    nextPageToken: encodePageToken(LISTING, next === undefined ? undefined : [next]),
  };
}

function bytesOf(item: Community): number {
  return toBinary(CommunitySchema, create(CommunitySchema, communityMessage(item))).length;
}
