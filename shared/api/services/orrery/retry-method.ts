import { OrreryError } from "../../../core/errors.ts";
import type { RunService } from "../../../gen/orrery/v1/run_service_pb.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";

export function retryMethod(
  _services: ApiServices,
): Pick<ServiceHandlers<typeof RunService>, "retry"> {
  return {
    retry: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
  };
}
