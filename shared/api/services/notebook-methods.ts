import type { JsonObject } from "@bufbuild/protobuf";
import { timestampFromMs, type Timestamp } from "@bufbuild/protobuf/wkt";
import { instant, type Instant } from "../../core/time/instant.ts";
import type {
  ProjectExecutionRequest as ExecutionRequestV1,
  ProjectService as ProjectServiceV1,
} from "../../gen/yandex/cloud/datasphere/v1/project_service_pb.ts";
import type {
  CellOutputsRequest,
  GetStateVariablesRequest,
  ProjectExecutionRequest,
  ProjectService,
} from "../../gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import {
  executeNotebook,
  type NotebookRequest,
} from "../../usecases/notebooks/execute-notebook.ts";
import { getNotebookMetadata } from "../../usecases/notebooks/notebook-metadata.ts";
import { getCellOutputs, getStateVariables } from "../../usecases/notebooks/read-checkpoint.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import type { ServiceHandlers } from "../handlers.ts";
import { viewForCaller } from "./operation-view.ts";

/** What v2 does with a project's notebooks. */
export function notebookMethods(
  services: ApiServices,
): Pick<
  ServiceHandlers<typeof ProjectService>,
  "execute" | "getCellOutputs" | "getStateVariables"
> {
  const view = viewForCaller(services);
  return {
    execute: async (request, call) => {
      const { spec, sparkConnectorId: sparkConnector } = request;
      const asked = { ...asking(request, call), apiVersion: "v2", spec, sparkConnector } as const;
      return await view(call, executeNotebook(services, asked));
    },
    ...reading(services),
  };
}

/** What v1 does with them: an instance type is not for its callers to choose. */
export function notebookMethodsV1(
  services: ApiServices,
): Pick<
  ServiceHandlers<typeof ProjectServiceV1>,
  "execute" | "getCellOutputs" | "getStateVariables" | "getNotebookMetadata"
> {
  const view = viewForCaller(services);
  return {
    execute: async (request, call) => {
      const usual = { spec: "", sparkConnector: "" };
      const asked = { ...asking(request, call), ...usual, apiVersion: "v1" } as const;
      return await view(call, executeNotebook(services, asked));
    },
    ...reading(services),
    getNotebookMetadata: async ({ projectId, notebookPath }) => {
      const asked = { project: projectId, path: notebookPath };
      const { file, cells } = await getNotebookMetadata(services, asked);
      return {
        notebookId: file.path,
        createdAt: timestampFromMs(file.createdAt),
        modifiedAt: timestampFromMs(file.modifiedAt),
        contentLength: BigInt(file.bytes),
        cellIds: [...cells],
      };
    },
  };
}

function asking(
  request: ExecutionRequestV1 | ProjectExecutionRequest,
  call: Call,
): Omit<NotebookRequest, "apiVersion" | "spec" | "sparkConnector"> {
  const { projectId, target, inputVariables, outputVariableNames } = request;
  return {
    ...call,
    project: projectId,
    ...targetOf(target),
    inputVariables: inputVariables ?? {},
    outputVariables: outputVariableNames,
  };
}

function targetOf({
  case: kind,
  value,
}: ExecutionRequestV1["target"]): Pick<NotebookRequest, "notebookId" | "cellId"> {
  return kind === undefined ? {} : { [kind]: value };
}

type Reading<Request, Response> = (request: Omit<Request, "$typeName">) => Promise<Response>;

/** The two versions have the same messages, under names of their own. */
function reading(services: ApiServices): {
  readonly getCellOutputs: Reading<CellOutputsRequest, { outputs: string[] }>;
  readonly getStateVariables: Reading<GetStateVariablesRequest, { variables: JsonObject }>;
} {
  return {
    getCellOutputs: async ({ projectId: project, cellId: cell, checkpointId, startAt }) => {
      const since = startAt === undefined ? {} : { startAt: atOrAfter(startAt) };
      const asked = { project, cell, checkpoint: checkpointId, ...since };
      return { outputs: [...(await getCellOutputs(services, asked))] };
    },
    getStateVariables: async ({ projectId, notebookId, variableNames, checkpointId }) => {
      const variables = await getStateVariables(services, {
        project: projectId,
        notebook: notebookId,
        names: variableNames,
        checkpoint: checkpointId,
      });
      return { variables: variables as JsonObject };
    },
  };
}

/** The first whole millisecond that is not before it. */
function atOrAfter({ seconds, nanos }: Timestamp): Instant {
  return instant(Number(seconds) * 1_000 + Math.ceil(nanos / 1_000_000));
}
