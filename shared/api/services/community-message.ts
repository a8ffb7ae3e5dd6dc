import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Community } from "../../core/project/project.ts";
import type { CommunitySchema } from "../../gen/yandex/cloud/datasphere/v2/community_pb.ts";

export function communityMessage(community: Community): MessageInitShape<typeof CommunitySchema> {
  const { id, name, description, labels, createdAt, createdBy, organization, zone } = community;
  return {
    id,
    name,
    description,
    labels,
    createdAt: timestampFromMs(createdAt),
    createdById: createdBy,
    organizationId: organization,
    zoneId: zone,
  };
}
