import { OrreryError } from "../../../core/errors.ts";
import type { UsageService } from "../../../gen/orrery/v1/usage_service_pb.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";

export function forecastMethods(
  _services: ApiServices,
): Pick<ServiceHandlers<typeof UsageService>, "getForecast"> {
  return {
    getForecast: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
  };
}
