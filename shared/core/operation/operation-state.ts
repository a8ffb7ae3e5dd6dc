import { assertNever } from "../assert.ts";
import type { AnyJson } from "../json.ts";
import type { Instant } from "../time/instant.ts";
import type { CallOperation, OperationWork } from "./operation.ts";

/** gRPC status numbers that an operation's error carries. */
export const CANCELLED = 1;
export const INTERNAL = 13;
export const RESOURCE_EXHAUSTED = 8;

export type OperationEvent =
  | {
      readonly kind: "progress";
      readonly metadata: AnyJson;
      /** What is left to do. */
      readonly work: OperationWork;
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
 * How the operation of a call moves: its metadata changes until it is done, and then it never changes
 * again (the same operation comes back for a late event). Time never runs backwards in `modifiedAt`.
 */
export function moveOperation(operation: CallOperation, event: OperationEvent): CallOperation {
  if (operation.result !== undefined) return operation;
  const modifiedAt = event.at > operation.modifiedAt ? event.at : operation.modifiedAt;
  switch (event.kind) {
    case "progress": {
      const { metadata, work } = event;
      return { ...operation, modifiedAt, metadata, subject: { kind: "call", work } };
    }
    case "respond":
      return { ...operation, subject: DONE, modifiedAt, result: { response: event.response } };
    case "fail": {
      const { code, message } = event;
      return { ...operation, subject: DONE, modifiedAt, result: { error: { code, message } } };
    }
    default:
      return assertNever(event);
  }
}

/** Nothing is left of the work of an operation that is done. */
const DONE: CallOperation["subject"] = { kind: "call" };

/** What is left to do for an operation, if anything is. */
export function workOf({ subject, result }: CallOperation): OperationWork | undefined {
  return result === undefined ? subject.work : undefined;
}
