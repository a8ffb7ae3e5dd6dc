import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { projectId } from "../../../core/ids.ts";
import { SECOND_MS } from "../../../core/time/duration.ts";
import type { BudgetPolicy } from "../../../core/units/budget-policy.ts";
import type { Exposure } from "../../../core/units/exposure.ts";
import {
  UsageService,
  type BudgetSchema,
  type ExposureSchema,
} from "../../../gen/orrery/v1/usage_service_pb.ts";
import { projectUsage, type Usage } from "../../../usecases/project-usage.ts";
import type { ApiServices } from "../../api-services.ts";
import { serve, type ServedService } from "../../handlers.ts";
import { forecastMethods } from "./forecast-methods.ts";
import { ledgerMethods } from "./ledger-methods.ts";
import { spendingMethods } from "./spending-methods.ts";
import { units } from "./units-field.ts";

export function usageService(services: ApiServices): ServedService {
  return serve(UsageService, {
    get: async ({ project }) => {
      const usage = await projectUsage(services, projectId(project));
      const { unitsPerHour, unitsPerExecution, concurrentRuns } = usage.limits;
      return {
        project: usage.project,
        ...units("unitsPerHour", unitsPerHour),
        ...units("unitsPerExecution", unitsPerExecution),
        ...units("concurrentRuns", concurrentRuns),
        ...units("balance", usage.balance),
        heldUnits: BigInt(usage.heldUnits),
        runningAttempts: BigInt(usage.runningAttempts),
        spentLastHourUnits: BigInt(usage.spentLastHourUnits),
        spentTodayUnits: BigInt(usage.spentTodayUnits),
        spentMonthUnits: BigInt(usage.spentMonthUnits),
        ...units("fundedUnits", usage.funded),
        ...(usage.budget === undefined ? {} : { budget: budgetMessage(usage.budget, usage) }),
        unanswered: usage.unanswered ?? "",
        ...(usage.exposure === undefined ? {} : { exposure: exposureMessage(usage.exposure) }),
      };
    },
    ...ledgerMethods(services),
    ...spendingMethods(services),
    ...forecastMethods(services),
  });
}

function budgetMessage(
  { warnAtPercent, warnAheadMs = 0 }: BudgetPolicy,
  { lowAtUnits, isLow }: Usage,
): MessageInitShape<typeof BudgetSchema> {
  return {
    warnAtPercent: [...warnAtPercent],
    warnAheadSeconds: BigInt(warnAheadMs / SECOND_MS),
    ...units("lowAtUnits", lowAtUnits),
    low: isLow,
  };
}

function exposureMessage(exposure: Exposure): MessageInitShape<typeof ExposureSchema> {
  const { lookedAt, untoldUnits, elsewhereUnits } = exposure;
  return {
    lookedAt: timestampFromMs(lookedAt),
    untoldUnits: BigInt(untoldUnits),
    ...units("elsewhereUnits", elsewhereUnits),
  };
}
