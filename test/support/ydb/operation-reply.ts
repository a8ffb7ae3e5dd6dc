import {
  type IssueMessage,
  type Operation,
  StatusIds_StatusCode as Code,
} from "@ydbjs/api/operation";
import type { Refusal } from "./refusal.ts";
import { encode, type Init } from "./wire.ts";

/** The answer of every method but those of the query service. */
export interface OperationReply {
  readonly operation: Init<Operation>;
}

/** What `protoc` makes of a message, as far as its name is needed. */
interface Schema {
  readonly typeName: string;
}

/** An operation that is done and has nothing more to say. */
export function done(): OperationReply {
  return { operation: { ready: true, status: Code.SUCCESS } };
}

/** An operation that is done with a result. */
export function succeeded<Result>(schema: Schema, result: Init<Result>): OperationReply {
  const typeUrl = `type.googleapis.com/${schema.typeName}`;
  const value = encode<Result>(schema, result);
  return { operation: { ready: true, status: Code.SUCCESS, result: { typeUrl, value } } };
}

export function refused(refusal: Refusal): OperationReply {
  return { operation: { ready: true, status: Code[refusal.status], issues: issuesOf(refusal) } };
}

/** An error is of severity 1. */
export function issuesOf({ message, issueCode }: Refusal): Init<IssueMessage>[] {
  return [{ message, issueCode, severity: 1 }];
}
