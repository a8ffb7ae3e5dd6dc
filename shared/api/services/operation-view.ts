import { create } from "@bufbuild/protobuf";
import { callerId, type Caller } from "../../core/access/access.ts";
import { messageOf } from "../../core/errors.ts";
import type { AnyJson } from "../../core/json.ts";
import type { Operation as StoredOperation } from "../../core/operation/operation.ts";
import { OperationSchema, type Operation } from "../../gen/yandex/cloud/operation/operation_pb.ts";
import { anyFromJson } from "../any.ts";
import type { ApiServices } from "../api-services.ts";
import type { Call } from "../call.ts";
import { EMPTY_RESPONSE, operationMessage } from "../operation-message.ts";
import { currentJobOperation } from "./job-operation-view.ts";
import { currentNotebookOperation } from "./notebook-operation.ts";
import { readFollowed, type SeenOperation } from "./seen-operation.ts";

type ViewServices = Pick<ApiServices, "clock" | "executor" | "files" | "log">;

/**
 * An operation as a caller polls it. It never fails for an operation that is there: a client that
 * waits has nobody to tell it otherwise. What only the operation's starter may see is left out for
 * everybody else, and for nobody in particular.
 */
export async function viewOperation(
  services: ViewServices,
  seen: SeenOperation,
  caller?: Caller,
): Promise<Operation> {
  const current = await currentView(services, seen);
  return create(OperationSchema, operationMessage(readable(withoutSecrets(current, caller))));
}

/** Answers a call that changed something with its operation. */
export function viewForCaller(
  services: ViewServices & Pick<ApiServices, "store">,
): (call: Call, changed: Promise<StoredOperation>) => Promise<Operation> {
  return async (call, changed) => {
    const operation = await changed;
    const [followed] = await Promise.allSettled([
      services.store.snapshot(async (reader) => await readFollowed(reader, operation)),
    ]);
    return await viewOperation(services, { operation, followed }, call.caller);
  };
}

/**
 * What a stored operation means by now: that of a job or a notebook tells of what it follows. Where
 * that cannot be told at the moment, the operation goes on, and its next poll may know more.
 */
async function currentView(
  services: ViewServices,
  { operation, followed }: SeenOperation,
): Promise<StoredOperation> {
  try {
    if (followed.status === "rejected") throw followed.reason;
    const { run, job, execution } = followed.value;
    if (job !== undefined) return await currentJobOperation(services, operation, { job, run });
    if (execution !== undefined) return currentNotebookOperation(operation, execution, run);
    return operation;
  } catch (error) {
    services.log.write({
      level: "warn",
      name: "operation.unreadable",
      message: `Operation ${operation.id} is shown as going on: ${messageOf(error)}`,
      fields: { operation: operation.id },
    });
    const { result: _result, metadata: _metadata, ...rest } = operation;
    return rest;
  }
}

/** Fields of responses that are their starter's own, by the last word of the message's name. */
export const STARTERS_OWN: Readonly<Record<string, string>> = {
  OpenProjectResponse: "sessionToken",
  // Limits need the role editor; an operation needs no more than viewer.
  Project: "limits",
};

function withoutSecrets(operation: StoredOperation, caller: Caller | undefined): StoredOperation {
  const { result, createdBy } = operation;
  if (result === undefined || !("response" in result)) return operation;
  const isStarter =
    caller?.kind === "platform" || (caller?.kind === "subject" && callerId(caller) === createdBy);
  const secret = STARTERS_OWN[result.response["@type"].split(".").at(-1) ?? ""];
  if (isStarter || secret === undefined) return operation;
  const { [secret]: _kept, ...response } = result.response;
  return { ...operation, result: { response: response as AnyJson } };
}

/** A message that a later program wrote, or that a former one wrote otherwise, is left out. */
function readable(operation: StoredOperation): StoredOperation {
  const { metadata, result, ...rest } = operation;
  const response = result !== undefined && "response" in result ? result.response : undefined;
  return {
    ...rest,
    ...(metadata !== undefined && isReadable(metadata) ? { metadata } : {}),
    ...(result === undefined
      ? {}
      : { result: response === undefined || isReadable(response) ? result : EMPTY_RESULT }),
  };
}

const EMPTY_RESULT = { response: EMPTY_RESPONSE } as const;

function isReadable(json: AnyJson): boolean {
  try {
    anyFromJson(json);
    return true;
  } catch {
    return false;
  }
}
