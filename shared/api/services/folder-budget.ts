import type { FolderBudget } from "../../core/project/project.ts";
import {
  FolderBudgetService,
  SetFolderBudgetRequestSchema,
  type SetFolderBudgetRequest,
} from "../../gen/yandex/cloud/datasphere/v1/folder_budget_service_pb.ts";
import { getFolderBudget, setFolderBudget } from "../../usecases/budgets/folder-budget.ts";
import type { ApiServices } from "../api-services.ts";
import { serve, type ServedService } from "../handlers.ts";
import { EMPTY_RESPONSE } from "../operation-message.ts";
import { updatePaths } from "../update-mask.ts";
import { requireNone, unitsProblems } from "./project-view.ts";

/** The paths of a mask, and under which name we keep what each sets. */
const NAMES = {
  unit_balance: "unitBalance",
  max_units_per_hour: "maxUnitsPerHour",
  max_units_per_execution: "maxUnitsPerExecution",
} as const satisfies Record<string, keyof FolderBudget>;

export function folderBudgetService(services: ApiServices): ServedService {
  return serve(FolderBudgetService, {
    get: async ({ folderId }) => {
      const { unitBalance, maxUnitsPerHour, maxUnitsPerExecution } = await getFolderBudget(
        services,
        folderId,
      );
      return {
        ...(unitBalance === undefined ? {} : { unitBalance: BigInt(unitBalance) }),
        ...(maxUnitsPerHour === undefined ? {} : { maxUnitsPerHour: BigInt(maxUnitsPerHour) }),
        ...(maxUnitsPerExecution === undefined
          ? {}
          : { maxUnitsPerExecution: BigInt(maxUnitsPerExecution) }),
      };
    },
    set: async (request, call) => {
      const set = changeOf(request);
      await setFolderBudget(services, {
        ...call,
        folder: request.folderId,
        change: set,
        response: EMPTY_RESPONSE,
      });
      return {};
    },
  });
}

/** Every limit that the mask names becomes what the request says; one that is unset is lifted. */
function changeOf(request: SetFolderBudgetRequest): (current: FolderBudget) => FolderBudget {
  const paths = updatePaths(SetFolderBudgetRequestSchema, request.setMask, Object.keys(NAMES));
  const named = Object.entries(NAMES).filter(([path]) => paths.includes(path));
  requireNone(named.flatMap(([path, name]) => unitsProblems(path, request[name])));
  const wanted = named.map(([, name]) => [name, request[name]] as const);
  return (current) => {
    const kept = Object.entries(current).filter(
      ([name]) => !wanted.some(([each]) => each === name),
    );
    const set = wanted.flatMap(([name, units]) =>
      units === undefined ? [] : [[name, Number(units)] as const],
    );
    return Object.fromEntries([...kept, ...set]);
  };
}
