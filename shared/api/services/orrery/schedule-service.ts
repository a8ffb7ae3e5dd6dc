import { NAME_PATTERN, scheduleName, type ScheduleName } from "../../../core/ids.ts";
import { limits } from "../../../core/limits.ts";
import { ScheduleService } from "../../../gen/orrery/v1/schedule_service_pb.ts";
import { findSchedule, listFires, listSchedules } from "../../../usecases/list-schedules.ts";
import type { ApiServices } from "../../api-services.ts";
import { reads, serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { explainScheduleMethod } from "./explain-schedule-method.ts";
import { pauseMethods } from "./pause-methods.ts";
import { fireMessage, scheduleMessage } from "./schedule-message.ts";
import { instantOf } from "./wire.ts";

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
