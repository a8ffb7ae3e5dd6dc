import { assertNever } from "../assert.ts";
import type { AnyJson } from "../json.ts";
import type { Instant } from "../time/instant.ts";
import type { Operation, OperationWork } from "./operation.ts";

/** gRPC status numbers that an operation's error carries. */
export const CANCELLED = 1;
export const INTERNAL = 13;

export type OperationEvent =
  | {
      readonly kind: "progress";
      readonly metadata: AnyJson;
      /** What is left to do; absent for an attempt. */
      readonly work?: OperationWork;
      readonly at: Instant;
    }
  | { readonly kind: "respond"; readonly response: AnyJson; readonly at: Instant }
  | {
      readonly kind: "fail";
      readonly code: number;
      readonly message: string;
      readonly at: Instant;
    };

/**
 * How an operation moves: its metadata changes until it is done, and then it never changes again
 * (the same operation comes back for a late event). Time never runs backwards in `modifiedAt`.
 */
export function moveOperation(operation: Operation, event: OperationEvent): Operation {
  if (operation.result !== undefined) return operation;
  const modifiedAt = event.at > operation.modifiedAt ? event.at : operation.modifiedAt;
  switch (event.kind) {
    case "progress": {
      const { metadata, work } = event;
      const subject = work === undefined ? operation.subject : { kind: "call" as const, work };
      return { ...operation, modifiedAt, metadata, subject };
    }
    case "respond":
      return { ...withoutWork(operation), modifiedAt, result: { response: event.response } };
    case "fail": {
      const { code, message } = event;
      return { ...withoutWork(operation), modifiedAt, result: { error: { code, message } } };
    }
    default:
      return assertNever(event);
  }
}

function withoutWork(operation: Operation): Operation {
  return operation.subject.kind === "call"
    ? { ...operation, subject: { kind: "call" } }
    : operation;
}

/** What is left to do for an operation, if anything is. */
export function workOf({ subject, result }: Operation): OperationWork | undefined {
  return subject.kind === "call" && result === undefined ? subject.work : undefined;
}
