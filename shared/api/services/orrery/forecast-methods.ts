import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { projectId, scheduleName } from "../../../core/ids.ts";
import { limits } from "../../../core/limits.ts";
import type {
  ForecastSchema,
  ScheduleForecastSchema,
  UsageService,
} from "../../../gen/orrery/v1/usage_service_pb.ts";
import {
  forecast,
  type Forecast,
  type ScheduleForecast,
} from "../../../usecases/forecast/forecast.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { estimateMessage } from "./estimate-message.ts";
import { units } from "./units-field.ts";
import { durationOf, timestamp } from "./wire.ts";

export function forecastMethods(
  services: ApiServices,
): Pick<ServiceHandlers<typeof UsageService>, "getForecast"> {
  return {
    getForecast: async ({ project, days, paused }) =>
      forecastMessage(
        await forecast(services, {
          project: projectId(project),
          days: days === 0 ? limits.forecastDays : days,
          paused: paused.map(scheduleName),
        }),
      ),
  };
}

function forecastMessage(told: Forecast): MessageInitShape<typeof ForecastSchema> {
  const { project, at, until, peak, schedules, truncated } = told;
  return {
    project,
    at: timestampFromMs(at),
    until: timestampFromMs(until),
    ...units("balance", told.balance),
    ...timestamp("balanceEndsAt", told.balanceEndsAt),
    ...timestamp("lowAt", told.lowAt),
    ...units("unitsPerHour", told.unitsPerHour),
    plannedUnits: BigInt(told.plannedUnits),
    peakHourUnits: BigInt(peak.units),
    peakHourAt: timestampFromMs(peak.at),
    schedules: schedules.map(scheduleMessage),
    truncated,
  };
}

function scheduleMessage(told: ScheduleForecast): MessageInitShape<typeof ScheduleForecastSchema> {
  const { estimate, without } = told;
  return {
    schedule: told.schedule,
    fires: BigInt(told.fires),
    starts: BigInt(told.starts),
    waits: BigInt(told.waits),
    refusals: BigInt(told.refusals),
    skips: BigInt(told.skips),
    waiting: BigInt(told.waiting),
    longestWait: durationOf(told.longestWaitMs),
    plannedUnits: BigInt(told.plannedUnits),
    ...(estimate === undefined ? {} : { estimate: estimateMessage(estimate) }),
    ...timestamp("balanceEndsWithoutAt", without?.balanceEndsAt),
    lastsWithout: without?.isSure === true && without.balanceEndsAt === undefined,
  };
}
