import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { NextFire } from "../../../core/schedule/next-fire.ts";
import type { Pause } from "../../../core/schedule/operator-state.ts";
import type {
  FireSchema,
  PauseSchema,
  ScheduleSchema,
} from "../../../gen/orrery/v1/schedule_service_pb.ts";
import type { LiveSchedule } from "../../../usecases/list-schedules.ts";
import { estimateMessage } from "./estimate-message.ts";
import { durationOf } from "./wire.ts";

/** A schedule as the API shows it. */
export function scheduleMessage({
  definition,
  next,
  latest,
  pause,
  skips,
  estimate,
}: LiveSchedule): MessageInitShape<typeof ScheduleSchema> {
  const { work } = definition;
  return {
    schedule: definition.name,
    project: definition.project,
    timezone: definition.timezone,
    ...(next === undefined ? {} : { nextFire: fireMessage(next) }),
    latestRun: latest?.id ?? "",
    latestRunState: latest?.state ?? "",
    overlap: definition.overlap,
    onLimit: definition.onLimit,
    priority: definition.priority,
    timeout: durationOf(definition.timeoutMs),
    jitter: durationOf(definition.jitterMs),
    after: definition.after.map(({ schedule }) => schedule),
    instanceTypes: [...work.instanceTypes],
    work: work.kind,
    ...(pause === undefined ? {} : { pause: pauseMessage(pause) }),
    skips: skips.map(({ nominalAt }) => timestampFromMs(nominalAt)),
    ...(estimate === undefined ? {} : { estimate: estimateMessage(estimate) }),
  };
}

export function fireMessage({
  nominalAt,
  effectiveAt,
}: NextFire): MessageInitShape<typeof FireSchema> {
  return { nominalAt: timestampFromMs(nominalAt), effectiveAt: timestampFromMs(effectiveAt) };
}

function pauseMessage({ at, by = "", note = "" }: Pause): MessageInitShape<typeof PauseSchema> {
  return { at: timestampFromMs(at), by, note };
}
