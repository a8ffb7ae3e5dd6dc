import type { Instant } from "../time/instant.ts";
import { assertNever } from "../assert.ts";
import type { Operation, OperationPayload } from "./operation.ts";

/** gRPC status numbers that an operation's error carries. */
export const CANCELLED = 1;
export const INTERNAL = 13;

export type OperationEvent =
  | { readonly kind: "progress"; readonly metadata: OperationPayload; readonly at: Instant }
  | { readonly kind: "respond"; readonly response: OperationPayload; readonly at: Instant }
  | {
      readonly kind: "fail";
      readonly code: number;
      readonly message: string;
      readonly at: Instant;
    };

/**
 * How an operation moves: it gathers metadata until it is done, and then never changes again
 * (the same operation comes back for a late event). Time never runs backwards in `modifiedAt`.
 */
export function moveOperation(operation: Operation, event: OperationEvent): Operation {
  if (operation.result !== undefined) return operation;
  const modifiedAt = event.at > operation.modifiedAt ? event.at : operation.modifiedAt;
  switch (event.kind) {
    case "progress":
      return { ...operation, modifiedAt, metadata: { ...operation.metadata, ...event.metadata } };
    case "respond":
      return { ...operation, modifiedAt, result: { response: event.response } };
    case "fail":
      return {
        ...operation,
        modifiedAt,
        result: { error: { code: event.code, message: event.message } },
      };
    default:
      return assertNever(event);
  }
}
