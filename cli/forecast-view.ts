import { durationMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { formatInstant } from "../shared/core/time/instant.ts";
import type {
  Estimate,
  Forecast,
  ScheduleForecast,
} from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { required } from "./decoded-run.ts";

/** A forecast as programs read it: `orrery forecast --json` prints this. */
export function viewForecast(forecast: Forecast): object {
  const { project, balance, unitsPerHour } = forecast;
  return {
    project,
    at: formatInstant(required(forecast.at)),
    until: formatInstant(required(forecast.until)),
    truncated: forecast.truncated,
    ...(balance === undefined ? {} : { balance: Number(balance) }),
    ...viewAt("balanceEndsAt", forecast.balanceEndsAt),
    ...viewAt("lowAt", forecast.lowAt),
    plannedUnits: Number(forecast.plannedUnits),
    peakHour: {
      units: Number(forecast.peakHourUnits),
      at: formatInstant(required(forecast.peakHourAt)),
      ...(unitsPerHour === undefined ? {} : { unitsPerHour: Number(unitsPerHour) }),
    },
    schedules: forecast.schedules.map(viewSchedule),
  };
}

function viewSchedule(told: ScheduleForecast): object {
  const { schedule, longestWait, estimate } = told;
  return {
    schedule,
    fires: Number(told.fires),
    starts: Number(told.starts),
    waits: Number(told.waits),
    longestWaitMs: longestWait === undefined ? 0 : durationMs(longestWait),
    refusals: Number(told.refusals),
    skips: Number(told.skips),
    waiting: Number(told.waiting),
    plannedUnits: Number(told.plannedUnits),
    ...(estimate === undefined ? {} : { estimate: viewEstimate(estimate) }),
    ...viewAt("balanceEndsWithoutAt", told.balanceEndsWithoutAt),
    ...(told.lastsWithout ? { lastsWithout: true } : {}),
  };
}

/** An estimate as programs read it. */
export function viewEstimate({ units, seconds, source, runs }: Estimate): object {
  return { units: Number(units), seconds: Number(seconds), source, runs };
}

function viewAt(name: string, at: Timestamp | undefined): Readonly<Record<string, string>> {
  return at === undefined ? {} : { [name]: formatInstant(required(at)) };
}
