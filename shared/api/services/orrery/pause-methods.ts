import { OrreryError } from "../../../core/errors.ts";
import type { ScheduleService } from "../../../gen/orrery/v1/schedule_service_pb.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";

export function pauseMethods(
  _services: ApiServices,
): Pick<ServiceHandlers<typeof ScheduleService>, "pause" | "resume" | "skip"> {
  return {
    pause: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
    resume: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
    skip: async () => await Promise.reject(new OrreryError("ARGUMENT_INVALID", "Not there yet")),
  };
}
