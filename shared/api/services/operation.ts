import { operationId } from "../../core/ids.ts";
import { OperationService } from "../../gen/yandex/cloud/operation/operation_service_pb.ts";
import { cancelOperation, findOperation } from "../../usecases/operations/cancel-operation.ts";
import type { ApiServices } from "../api-services.ts";
import { reads, serve, type ServedService } from "../handlers.ts";
import { viewForCaller, viewOperation } from "./operation-view.ts";
import { seeOperation } from "./seen-operation.ts";

/** What every client polls. */
export function operationService(services: ApiServices): ServedService {
  const view = viewForCaller(services);
  return serve(OperationService, {
    get: reads(
      async (reader, request) =>
        await seeOperation(reader, await findOperation(reader, operationId(request.operationId))),
      async (seen, call) => await viewOperation(services, seen, call.caller),
    ),
    cancel: async (request, call) =>
      await view(call, cancelOperation(services, operationId(request.operationId))),
  });
}
