import { S3Service } from "../../gen/yandex/cloud/datasphere/v2/s3_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { switchOff, switchOn } from "./switch-methods.ts";

export function s3Service(services: ApiServices): ServedService {
  return serve(S3Service, {
    activate: async ({ projectId: project, s3Id: id }, call) =>
      await switchOn(services, call, { project, kind: "s3", id, field: "s3_id" }),
    deactivate: async ({ projectId: project, s3Id: id }, call) =>
      await switchOff(services, call, { project, kind: "s3", id, field: "s3_id" }),
  });
}
