import { OrreryError } from "../../../core/errors.ts";
import type { ScheduleService } from "../../../gen/orrery/v1/schedule_service_pb.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";

export function explainScheduleMethod(
  _services: ApiServices,
): Pick<ServiceHandlers<typeof ScheduleService>, "explain"> {
  return {
    explain: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
  };
}
