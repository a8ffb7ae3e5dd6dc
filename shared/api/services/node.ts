import { create } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import { ResourceInfoSchema } from "../../gen/google/rpc/error_details_pb.ts";
import { NodeService } from "../../gen/yandex/cloud/datasphere/v1/node_service_pb.ts";
import { ApiError } from "../api-error.ts";
import { Code } from "../code.ts";
import { cutText } from "../error-details.ts";
import { serve, type ServedService } from "../handlers.ts";

/**
 * Nodes and their aliases are made in DataSphere's console alone, and there is none here: whichever
 * one a caller names, the true answer is that there is no such node.
 */
export function nodeService(): ServedService {
  return serve(NodeService, {
    execute: async ({ nodeId, folderId }) =>
      await Promise.reject(unknown("node", nodeId, folderId)),
    executeAlias: async ({ aliasName, folderId }) =>
      await Promise.reject(unknown("alias", aliasName, folderId)),
  });
}

function unknown(kind: "node" | "alias", name: string, folder: string): ApiError {
  const resourceName = cutText(name);
  const description = `Unknown ${kind} ${resourceName} in folder ${cutText(folder)}: nodes cannot be made here`;
  const resourceType = `datasphere.${kind}`;
  const info = create(ResourceInfoSchema, { resourceType, resourceName, description });
  return new ApiError(Code.NOT_FOUND, description, [anyPack(ResourceInfoSchema, info)]);
}
