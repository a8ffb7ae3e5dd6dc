import { OrreryError } from "../shared/core/errors.ts";
import { limits } from "../shared/core/limits.ts";
import { SECOND_MS } from "../shared/core/time/duration.ts";
import { formatInstant } from "../shared/core/time/instant.ts";
import { didYouMean } from "../shared/config/did-you-mean.ts";
import {
  ScheduleService,
  type Fire,
  type Schedule,
} from "../shared/gen/orrery/v1/schedule_service_pb.ts";
import type { Estimate } from "../shared/gen/orrery/v1/usage_service_pb.ts";
import { isNotFound } from "./api-client.ts";
import { required } from "./decoded-run.ts";
import { readableMs } from "./run-text.ts";
import type { Target } from "./target.ts";

/** What several commands say of a schedule. */

/** A schedule as programs read it. */
export function viewSchedule(schedule: Schedule): object {
  const { project, timezone, nextFire, latestRun, latestRunState, pause, skips, estimate } =
    schedule;
  return {
    schedule: schedule.schedule,
    project,
    timezone,
    ...(nextFire === undefined ? {} : { nextFire: viewFire(nextFire) }),
    ...(latestRun === "" ? {} : { latestRun: { run: latestRun, state: latestRunState } }),
    ...(pause === undefined
      ? {}
      : {
          pause: {
            at: formatInstant(required(pause.at)),
            ...(pause.by === "" ? {} : { by: pause.by }),
            ...(pause.note === "" ? {} : { note: pause.note }),
          },
        }),
    ...(skips.length === 0 ? {} : { skips: skips.map((skip) => formatInstant(required(skip))) }),
    ...(estimate === undefined ? {} : { estimate: viewEstimate(estimate) }),
  };
}

/** What a run is expected to come to, as programs read it. */
function viewEstimate({ units, seconds, source, runs }: Estimate): object {
  return { units: Number(units), seconds: Number(seconds), source, runs };
}

/** What a run is expected to come to, and who says so. */
export function estimateText({ units, seconds, source, runs }: Estimate): string {
  const expected = `${units} units in ${readableMs(Number(seconds) * SECOND_MS)}`;
  switch (source) {
    case "history":
      return `${expected}, by its latest ${runs} settled runs`;
    case "configured":
      return `${expected}, by the schedules file`;
    default:
      return `at most ${expected}`;
  }
}

export function viewFire({ nominalAt, effectiveAt }: Fire): object {
  return {
    nominalAt: formatInstant(required(nominalAt)),
    effectiveAt: formatInstant(required(effectiveAt)),
  };
}

/** Makes a call about a schedule; where there is none of that name, the nearest one is told as well. */
export async function callForSchedule<T>(
  { api }: Pick<Target, "api">,
  { schedule, nothing }: { readonly schedule: string; readonly nothing: string },
  call: () => Promise<T>,
): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const { schedules } = await api.call(ScheduleService.method.list, {
      pageSize: BigInt(limits.scanRows),
    });
    const names = schedules.map((known) => known.schedule);
    const hint = didYouMean(schedule, names);
    const text = `schedule ${schedule} is not configured: apply a YAML that has it`;
    throw new OrreryError("SCHEDULE_NOT_FOUND", `${nothing}: ${text}${hint}`);
  }
}
