import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { wrongFields } from "../../../core/errors.ts";
import { projectId } from "../../../core/ids.ts";
import { INSTANT_MAX, type Instant } from "../../../core/time/instant.ts";
import type { UsageService } from "../../../gen/orrery/v1/usage_service_pb.ts";
import { projectSpending } from "../../../usecases/project-spending.ts";
import type { ApiServices } from "../../api-services.ts";
import type { ServiceHandlers } from "../../handlers.ts";
import { instantOf } from "./wire.ts";

export function spendingMethods(
  services: ApiServices,
): Pick<ServiceHandlers<typeof UsageService>, "getSpending"> {
  return {
    getSpending: async (request) => {
      const { steps, schedules, units } = await projectSpending(services, {
        project: projectId(request.project),
        fromAt: boundOf("from", request.from),
        untilAt: boundOf("until", request.until),
        step: request.step === "hour" ? "hour" : "day",
      });
      return {
        project: request.project,
        steps: steps.map(({ beginsAt, ...spent }) => {
          return { beginsAt: timestampFromMs(beginsAt), ...inBigInts(spent) };
        }),
        schedules: schedules.map(({ schedule, ...spent }) => ({ schedule, ...inBigInts(spent) })),
        units: BigInt(units),
      };
    },
  };
}

function inBigInts({ units, executions }: { readonly units: number; readonly executions: number }) {
  return { units: BigInt(units), executions: BigInt(executions) };
}

function boundOf(field: "from" | "until", at: Timestamp | undefined): Instant | undefined {
  if (at === undefined) return undefined;
  const seconds = Number(at.seconds);
  if (seconds >= 0 && seconds * 1_000 <= INSTANT_MAX) return instantOf(at);
  throw wrongFields([{ field, description: "must be in the years 1970 to 9999" }]);
}
