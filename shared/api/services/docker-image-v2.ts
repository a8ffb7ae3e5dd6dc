import { DockerImageV2Service } from "../../gen/yandex/cloud/datasphere/v2/docker_image_v2_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { switchOn } from "./switch-methods.ts";

/** The same images under the newer name: setting one active is activating it. */
export function dockerImageV2Service(services: ApiServices): ServedService {
  return serve(DockerImageV2Service, {
    setActive: async ({ projectId: project, imageId: id }, call) =>
      await switchOn(services, call, { project, kind: "dockerImage", id, field: "image_id" }),
  });
}
