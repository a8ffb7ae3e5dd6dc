import type { MessageInitShape } from "@bufbuild/protobuf";
import { wrongFields } from "../../../core/errors.ts";
import { scheduleName } from "../../../core/ids.ts";
import type { NextFire } from "../../../core/schedule/next-fire.ts";
import type {
  ScheduleService,
  SkipOccurrencesRequest,
  SkipOccurrencesResponseSchema,
} from "../../../gen/orrery/v1/schedule_service_pb.ts";
import { askedBy } from "../../../usecases/caller-request.ts";
import { pauseSchedule, resumeSchedule } from "../../../usecases/pause-schedule.ts";
import { skipOccurrences, unskipOccurrences } from "../../../usecases/skip-occurrences.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { fireMessage, scheduleMessage } from "./schedule-message.ts";
import { instantOf } from "./wire.ts";

export function pauseMethods(
  services: ApiServices,
): Pick<ServiceHandlers<typeof ScheduleService>, "pause" | "resume" | "skip"> {
  return {
    pause: async ({ schedule, note }, call) =>
      scheduleMessage(
        await pauseSchedule(services, scheduleName(schedule), {
          by: askedBy(call),
          ...(note === "" ? {} : { note }),
        }),
      ),
    resume: async ({ schedule }, call) =>
      scheduleMessage(await resumeSchedule(services, scheduleName(schedule), askedBy(call))),
    skip: async (request) => await skip(services, request),
  };
}

async function skip(
  services: ApiServices,
  request: SkipOccurrencesRequest,
): Promise<MessageInitShape<typeof SkipOccurrencesResponseSchema>> {
  const { count, undo } = request;
  const schedule = scheduleName(request.schedule);
  const nominalAt = request.nominalAt && instantOf(request.nominalAt);
  if (count !== 0 && (undo || nominalAt !== undefined)) {
    const description = "expected nothing beside nominal_at or undo: they say which occurrences";
    throw wrongFields([{ field: "count", description }]);
  }
  let skips: readonly NextFire[];
  if (undo) skips = await unskipOccurrences(services, schedule, nominalAt);
  else {
    const wanted = nominalAt === undefined ? { count: count === 0 ? 1 : count } : { nominalAt };
    skips = await skipOccurrences(services, schedule, wanted);
  }
  return { skips: skips.map(fireMessage) };
}
