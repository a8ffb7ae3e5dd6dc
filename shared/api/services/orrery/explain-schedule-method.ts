import type { MessageInitShape } from "@bufbuild/protobuf";
import { scheduleName } from "../../../core/ids.ts";
import type {
  ScheduleExplanationSchema,
  ScheduleService,
} from "../../../gen/orrery/v1/schedule_service_pb.ts";
import { explainSchedule, type ScheduleExplanation } from "../../../usecases/explain-schedule.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { estimateMessage } from "./estimate-message.ts";
import { checkMessage, decisionMessage } from "./explanation-message.ts";
import { fireMessage } from "./schedule-message.ts";
import { instantOf, timestamp } from "./wire.ts";

export function explainScheduleMethod(
  services: ApiServices,
): Pick<ServiceHandlers<typeof ScheduleService>, "explain"> {
  return {
    explain: async ({ schedule, at }) =>
      explanationMessage(
        await explainSchedule(services, {
          schedule: scheduleName(schedule),
          at: at && instantOf(at),
        }),
      ),
  };
}

function explanationMessage(
  explanation: ScheduleExplanation,
): MessageInitShape<typeof ScheduleExplanationSchema> {
  const { schedule, fire, decision, checks, blockers, startsAt, estimate } = explanation;
  return {
    schedule,
    ...(fire === undefined ? {} : { fire: fireMessage(fire) }),
    ...(decision === undefined ? {} : { decision: decisionMessage(decision) }),
    checks: checks.map(checkMessage),
    blockers: [...blockers],
    ...timestamp("startsAt", startsAt),
    ...(estimate === undefined ? {} : { estimate: estimateMessage(estimate) }),
  };
}
