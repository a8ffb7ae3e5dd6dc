import type { RunService } from "../../../gen/orrery/v1/run_service_pb.ts";
import { retryRun } from "../../../usecases/retry-run.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { madeRun, wishId } from "./wish.ts";

export function retryMethod(
  services: ApiServices,
): Pick<ServiceHandlers<typeof RunService>, "retry"> {
  return {
    retry: async (request, call) => {
      const { run, inputs } = request;
      const id = wishId(services, request, call);
      return madeRun(await retryRun(services, { run, id, inputs }), call);
    },
  };
}
