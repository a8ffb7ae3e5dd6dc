import type { ApiServices } from "../../api-services.ts";
import type { ServedService } from "../../handlers.ts";
import { deliveryService } from "./delivery-service.ts";
import { platformService } from "./platform-service.ts";
import { runService } from "./run-service.ts";
import { scheduleService } from "./schedule-service.ts";
import { usageService } from "./usage-service.ts";

/** The services of our own API, which commands use too. */
export function orreryServices(services: ApiServices): readonly ServedService[] {
  return [
    platformService(services),
    scheduleService(services),
    runService(services),
    usageService(services),
    deliveryService(services),
  ];
}
