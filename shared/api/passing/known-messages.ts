import {
  clone,
  isMessage,
  type DescMessage,
  type Message,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyPack, anyUnpack, type Any } from "@bufbuild/protobuf/wkt";
import { assert } from "../../core/assert.ts";
import { communityId, NAME_PATTERN, projectId } from "../../core/ids.ts";
import { ListProjectsResponseSchema as ListProjectsV1Schema } from "../../gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import { ProjectSchema as ProjectV1Schema } from "../../gen/yandex/cloud/datasphere/v1/project_pb.ts";
import { ListCommunitiesResponseSchema } from "../../gen/yandex/cloud/datasphere/v2/community_service_pb.ts";
import {
  CommunitySchema,
  type Community,
} from "../../gen/yandex/cloud/datasphere/v2/community_pb.ts";
import { ListProjectsResponseSchema } from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { ProjectSchema } from "../../gen/yandex/cloud/datasphere/v2/project_pb.ts";
import type { MirroredProject } from "../../usecases/provider/mirror-project.ts";
import { registry } from "../any.ts";

/** A project in an answer, of either version. */
export type ShownProject =
  MessageShape<typeof ProjectSchema> | MessageShape<typeof ProjectV1Schema>;

export function isProject(message: Message): message is ShownProject {
  return isMessage(message, ProjectSchema) || isMessage(message, ProjectV1Schema);
}

export function isProjectList(
  message: Message,
): message is
  MessageShape<typeof ListProjectsResponseSchema> | MessageShape<typeof ListProjectsV1Schema> {
  return isMessage(message, ListProjectsResponseSchema) || isMessage(message, ListProjectsV1Schema);
}

export function isCommunityList(
  message: Message,
): message is MessageShape<typeof ListCommunitiesResponseSchema> {
  return isMessage(message, ListCommunitiesResponseSchema);
}

export function isCommunity(message: Message): message is Community {
  return isMessage(message, CommunitySchema);
}

/** What our row repeats of a project; undefined for one whose ids cannot be ids. */
export function factsOf(project: ShownProject): MirroredProject | undefined {
  const community = "communityId" in project ? project.communityId : project.folderId;
  if (!NAME_PATTERN.test(project.id) || !NAME_PATTERN.test(community)) return undefined;
  const spec =
    "communityId" in project && project.settings !== undefined
      ? { defaultInstanceType: project.settings.defaultDedicatedSpec }
      : {};
  return {
    id: projectId(project.id),
    community: communityId(community),
    name: project.name,
    ...spec,
  };
}

/** The message in an `Any`, where it is one of those that we know. */
export function unpacked(any: Any | undefined): Message | undefined {
  return any === undefined ? undefined : anyUnpack(any, registry);
}

/** A message with other values in some fields; what is unknown to us stays in it. */
export function withFields<M extends Message>(message: M, fields: Partial<M>): M {
  const schema = schemaOf(message);
  return Object.assign(clone(schema, message) as M, fields);
}

export function packed(message: Message): Any {
  return anyPack(schemaOf(message), message);
}

function schemaOf(message: Message): DescMessage {
  const schema = registry.getMessage(message.$typeName);
  assert(schema !== undefined, `${message.$typeName} is a message of ours`);
  return schema;
}

/** What a message's metadata says of an id, such as `projectId`. */
export function idIn(
  message: Message | undefined,
  field: "projectId" | "communityId",
): string | undefined {
  const id = message && (message as unknown as Record<string, unknown>)[field];
  return typeof id === "string" && NAME_PATTERN.test(id) ? id : undefined;
}
