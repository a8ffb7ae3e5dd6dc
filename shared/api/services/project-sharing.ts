import type { ProjectService } from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import type { ServiceHandlers } from "../handlers.ts";
import { accessMethods } from "./access-methods.ts";
import { share, unshare } from "./resource-methods.ts";
import { replaceRestrictions, restrictionsMeta, restrictionsOf } from "./restriction-methods.ts";

type ProjectSharing = Pick<
  ServiceHandlers<typeof ProjectService>,
  | "listAccessBindings"
  | "setAccessBindings"
  | "updateAccessBindings"
  | "addResource"
  | "removeResource"
  | "getRestrictionsMeta"
  | "getRestrictions"
  | "setRestrictions"
>;

const project = (id: string) => ({ kind: "project", id }) as const;

/** What a project shares with a community: access bindings, resources and restrictions. */
export function projectSharing(services: ApiServices): ProjectSharing {
  return {
    ...accessMethods(services, "project"),
    addResource: async (request, call) =>
      await share(services, call, project(request.projectId), request),
    removeResource: async (request, call) =>
      await unshare(services, call, project(request.projectId), request),
    getRestrictionsMeta: async () => await Promise.resolve(restrictionsMeta()),
    getRestrictions: async ({ projectId: id }) => await restrictionsOf(services, project(id)),
    setRestrictions: async ({ projectId: id, restrictions }, call) =>
      await replaceRestrictions(services, call, project(id), restrictions),
  };
}
