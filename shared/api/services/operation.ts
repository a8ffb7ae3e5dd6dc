import { operationId } from "../../core/ids.ts";
import { OperationService } from "../../gen/yandex/cloud/operation/operation_service_pb.ts";
import { cancelOperation, findOperation } from "../../usecases/operations/cancel-operation.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { viewForCaller } from "./operation-view.ts";

/** What every client polls. */
export function operationService(services: ApiServices): ServedService {
  const view = viewForCaller(services);
  return serve(OperationService, {
    get: async (request, call) =>
      await view(call, findOperation(services, operationId(request.operationId))),
    cancel: async (request, call) =>
      await view(call, cancelOperation(services, operationId(request.operationId))),
  });
}
