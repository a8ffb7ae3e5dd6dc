import { DockerImageService } from "../../gen/yandex/cloud/datasphere/v2/docker_image_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { switchOn } from "./switch-methods.ts";

export function dockerImageService(services: ApiServices): ServedService {
  return serve(DockerImageService, {
    activate: async ({ projectId: project, dockerId: id }, call) =>
      await switchOn(services, call, { project, kind: "dockerImage", id, field: "docker_id" }),
  });
}
