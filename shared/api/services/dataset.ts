import { DatasetService } from "../../gen/yandex/cloud/datasphere/v2/dataset_service_pb.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { switchOff, switchOn } from "./switch-methods.ts";

export function datasetService(services: ApiServices): ServedService {
  return serve(DatasetService, {
    activate: async ({ projectId: project, datasetId: id }, call) =>
      await switchOn(services, call, { project, kind: "dataset", id, field: "dataset_id" }),
    deactivate: async ({ projectId: project, datasetId: id }, call) =>
      await switchOff(services, call, { project, kind: "dataset", id, field: "dataset_id" }),
  });
}
