import type { MessageInitShape } from "@bufbuild/protobuf";
import type { OperationSchema } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import {
  activateResource,
  deactivateResource,
  type SwitchRequest,
} from "../../usecases/resources/switch-resource.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { EMPTY_RESPONSE, operationMessage } from "../operation-message.ts";

type OperationInit = MessageInitShape<typeof OperationSchema>;
type Switched = Pick<SwitchRequest, "project" | "kind" | "id" | "field">;

export async function switchOn(
  services: ApiServices,
  call: Call,
  switched: Switched,
): Promise<OperationInit> {
  const request = { ...call, ...switched, response: EMPTY_RESPONSE };
  return operationMessage(await activateResource(services, request));
}

export async function switchOff(
  services: ApiServices,
  call: Call,
  switched: Switched,
): Promise<OperationInit> {
  const request = { ...call, ...switched, response: EMPTY_RESPONSE };
  return operationMessage(await deactivateResource(services, request));
}
