import { wrongFields } from "../../core/errors.ts";
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { AccessResource } from "../../core/access/access.ts";
import type { ResourceKind } from "../../core/project/shared-resource.ts";
import { ResourceType } from "../../gen/yandex/cloud/datasphere/v2/resource_types_pb.ts";
import type { OperationSchema } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import { addResource, removeResource } from "../../usecases/resources/share-resource.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { EMPTY_RESPONSE, operationMessage } from "../operation-message.ts";

type OperationInit = MessageInitShape<typeof OperationSchema>;

/** A resource as the requests of both services name it. */
interface ResourceWish {
  readonly resourceType: ResourceType;
  readonly resourceId: string;
}

const KINDS: Readonly<Partial<Record<ResourceType, ResourceKind>>> = {
  [ResourceType.SECRET]: "secret",
  [ResourceType.DOCKER_IMAGE]: "dockerImage",
  [ResourceType.DATASET]: "dataset",
  [ResourceType.S3]: "s3",
  [ResourceType.NODE]: "node",
  [ResourceType.ALIAS]: "alias",
};

/** Shares a resource with a project or a community. */
export async function share(
  services: ApiServices,
  call: Call,
  holder: AccessResource,
  { resourceType, resourceId: id }: ResourceWish,
): Promise<OperationInit> {
  const wanted = { holder, kind: kindOf(resourceType), id, response: EMPTY_RESPONSE };
  return operationMessage(await addResource(services, { ...call, ...wanted }));
}

/** Takes a resource away from a project or a community. */
export async function unshare(
  services: ApiServices,
  call: Call,
  holder: AccessResource,
  { resourceType, resourceId: id }: ResourceWish,
): Promise<OperationInit> {
  const wanted = { holder, kind: kindOf(resourceType), id, response: EMPTY_RESPONSE };
  return operationMessage(await removeResource(services, { ...call, ...wanted }));
}

function kindOf(type: ResourceType): ResourceKind {
  const kind = KINDS[type];
  if (kind !== undefined) return kind;
  const field = "resource_type";
  const description = "must be one of SECRET, DOCKER_IMAGE, DATASET, S3, NODE and ALIAS";
  throw wrongFields([{ field, description }]);
}
