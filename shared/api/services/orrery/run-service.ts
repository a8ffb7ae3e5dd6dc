import { create, toBinary } from "@bufbuild/protobuf";
import { OrreryError } from "../../../core/errors.ts";
import { runKeyOf, scheduleName } from "../../../core/ids.ts";
import { FINAL_STATES, LIVE_STATES, type Run, type RunState } from "../../../core/run/run.ts";
import { instant, INSTANT_MAX } from "../../../core/time/instant.ts";
import { RunSchema } from "../../../gen/orrery/v1/run_pb.ts";
import {
  RunService,
  type CreateRunRequest,
  type ListRunsRequest,
} from "../../../gen/orrery/v1/run_service_pb.ts";
import type { RunPlace } from "../../../records/run-record.ts";
import { cancelRun } from "../../../usecases/cancel-run.ts";
import { explainRun } from "../../../usecases/explain-run.ts";
import { findRun, parseRunId } from "../../../usecases/find-run.ts";
import { placeOf } from "../../../usecases/latest-runs.ts";
import { listRuns } from "../../../usecases/list-runs.ts";
import { requestRun } from "../../../usecases/request-run.ts";
import type { ApiServices } from "../../api-services.ts";
import type { Call } from "../../call.ts";
import { fitPage } from "../../fit-page.ts";
import { reads, serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";
import { explanationMessage } from "./explanation-message.ts";
import { retryMethod } from "./retry-method.ts";
import { readRunLogs } from "./run-logs.ts";
import { runMessage } from "./run-message.ts";
import { madeRun, overridesOf, wishId } from "./wish.ts";

const PAGE = "runs";

export function runService(services: ApiServices): ServedService {
  const find = async (text: string): Promise<Run> =>
    await services.store.snapshot(async (reader) => await findRun(reader, text));
  return serve(RunService, {
    get: reads(async (reader, { run }) => await findRun(reader, run), runMessage),
    list: async (request, call) => await list(services, request, call),
    create: async (request, call) => await make(services, request, call),
    cancel: async ({ run }) => runMessage(await cancelRun(services, parseRunId(run))),
    ...retryMethod(services),
    explain: async ({ run }) => explanationMessage(await explainRun(services, run)),
    readLogs: (request, call) =>
      readRunLogs(services, call, {
        find: async () => await find(request.run),
        attempt: Number(request.attempt),
        stream: request.stream === "" ? "stdout" : (request.stream as "stdout"),
        offset: Number(request.offset),
        follows: request.follow,
      }),
  });
}

async function make(
  services: ApiServices,
  request: CreateRunRequest,
  call: Call,
): Promise<ReturnType<typeof madeRun>> {
  const overrides = overridesOf(request.overrides);
  const requested = await requestRun(services, {
    schedule: scheduleName(request.schedule),
    cause: { kind: "person", id: wishId(services, request, call) },
    inputs: request.inputs,
    ...(overrides === undefined ? {} : { overrides }),
  });
  return madeRun(requested, call);
}

async function list(
  services: ApiServices,
  request: ListRunsRequest,
  call: Call,
): Promise<{ runs: ReturnType<typeof runMessage>[]; nextPageToken: string }> {
  const state = stateOf(request.state);
  const after = placeIn(request.pageToken);
  const page = await listRuns(services, {
    size: pageSize(request.pageSize),
    caller: call.caller,
    ...(request.schedule === "" ? {} : { schedule: request.schedule }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined ? {} : { after }),
  });
  const { items, next } = fitPage(page, {
    bytesOf: (run) => toBinary(RunSchema, create(RunSchema, runMessage(run))).length,
    keyOf: placeOf,
  });
  return {
    runs: items.map(runMessage),
    nextPageToken: encodePageToken(PAGE, next && [next.run === "" ? next.nominalAt : next.run]),
  };
}

/** Behind a run, or behind all runs of an instant. */
function placeIn(token: string): RunPlace | undefined {
  const [place] = decodePageToken(PAGE, token) ?? [];
  if (place === undefined) return undefined;
  if (typeof place === "number") {
    if (place < 0 || place > INSTANT_MAX) throw wrongPageToken();
    return { nominalAt: instant(place), run: "" };
  }
  const key = runKeyOf(place);
  if (key === undefined) throw wrongPageToken();
  return key;
}

function stateOf(text: string): RunState | undefined {
  if (text === "") return undefined;
  const states: readonly RunState[] = [...LIVE_STATES, ...FINAL_STATES];
  const state = states.find((each) => each === text);
  if (state !== undefined) return state;
  throw new OrreryError("ARGUMENT_INVALID", `state: there is no state ${text}`, {
    fields: [{ field: "state", description: `one of ${states.join(", ")}` }],
  });
}
