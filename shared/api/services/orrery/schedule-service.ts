import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { NAME_PATTERN, scheduleName, type ScheduleName } from "../../../core/ids.ts";
import { limits } from "../../../core/limits.ts";
import type { NextFire } from "../../../core/schedule/next-fire.ts";
import {
  ScheduleService,
  type FireSchema,
  type ScheduleSchema,
} from "../../../gen/orrery/v1/schedule_service_pb.ts";
import {
  findSchedule,
  listFires,
  listSchedules,
  type LiveSchedule,
} from "../../../usecases/list-schedules.ts";
import type { ApiServices } from "../../api-services.ts";
import { reads, serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { explainScheduleMethod } from "./explain-schedule-method.ts";
import { pauseMethods } from "./pause-methods.ts";
import { durationOf, instantOf } from "./wire.ts";

const PAGE = "schedules";

export function scheduleService(services: ApiServices): ServedService {
  return serve(ScheduleService, {
    get: reads(
      async (reader, { schedule }) =>
        await findSchedule(reader, scheduleName(schedule), services.clock.now()),
      scheduleMessage,
    ),
    list: async (request, { caller }) => {
      const after = placeIn(request.pageToken);
      const { items, next } = await listSchedules(services, caller, {
        size: pageSize(request.pageSize),
        ...(after === undefined ? {} : { after }),
      });
      return {
        schedules: items.map(scheduleMessage),
        nextPageToken: encodePageToken(PAGE, next && [next]),
      };
    },
    listFires: reads(
      async (reader, { schedule, from, pageSize: wanted }) => ({
        schedule: await findSchedule(reader, scheduleName(schedule), services.clock.now()),
        afterAt: from === undefined ? services.clock.now() : instantOf(from),
        limit: wanted === 0n ? limits.firesShown : Number(wanted),
      }),
      ({ schedule, ...window }) => ({ fires: listFires(schedule, window).map(fireMessage) }),
    ),
    ...explainScheduleMethod(services),
    ...pauseMethods(services),
  });
}

function placeIn(token: string): ScheduleName | undefined {
  const place = decodePageToken(PAGE, token);
  if (place === undefined) return undefined;
  const name = String(place[0]);
  if (!NAME_PATTERN.test(name)) throw wrongPageToken();
  return scheduleName(name);
}

function scheduleMessage({
  definition,
  next,
  latest,
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
  };
}

function fireMessage({ nominalAt, effectiveAt }: NextFire): MessageInitShape<typeof FireSchema> {
  return { nominalAt: timestampFromMs(nominalAt), effectiveAt: timestampFromMs(effectiveAt) };
}
