import { ownerOf, type OperationId, type OperationOwner } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Operation } from "../core/operation/operation.ts";
import { workOf } from "../core/operation/operation-state.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { operationsTable, operationTimesTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

export interface OperationRecord {
  readonly operation: Operation;
  readonly version: number;
}

/** The operation with this id; undefined where there is none, or where the text is no id. */
export async function readOperation(
  reader: Reader,
  operation: OperationId,
): Promise<OperationRecord | undefined> {
  const owner = ownerOf(operation);
  if (owner === undefined) return undefined;
  const row = await reader.get(operationsTable, { project: owner, operation });
  return row && { operation: fromBody<Operation>(row.body), version: row.version };
}

/**
 * Writes an operation with its place in the listing, and its timer while a call has work left. A
 * done one is kept as long as a finished run.
 */
export function writeOperation(
  tx: Transaction,
  before: OperationRecord | undefined,
  operation: Operation,
): void {
  const { id, owner, createdAt, modifiedAt } = operation;
  const expireAt =
    operation.result === undefined ? null : plusMs(modifiedAt, limits.runRetentionMs);
  tx.put(operationsTable, {
    project: owner,
    operation: id,
    version: (before?.version ?? 0) + 1,
    body: toBody(operation),
    expire_at: expireAt,
  });
  tx.put(operationTimesTable, {
    project: owner,
    created_at: createdAt,
    operation: id,
    expire_at: expireAt,
  });
  moveTimer(tx, before && timerOf(before.operation), timerOf(operation));
}

/** Work that is left is due at once; a step that crashed is looked at again by the next tick. */
function timerOf(operation: Operation): Timer | undefined {
  if (workOf(operation) === undefined) return undefined;
  return { kind: "operation", ref: operation.id, dueAt: operation.modifiedAt };
}

/** A page of an owner's operations, latest first. */
export async function scanOperations(
  reader: Reader,
  owner: OperationOwner,
  page: {
    readonly limit: number;
    readonly after?: { readonly createdAt: Instant; readonly operation: string };
  },
): Promise<readonly Operation[]> {
  const rows = await reader.scan(operationTimesTable, {
    prefix: { project: owner },
    order: "descending",
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: timeKey(owner, page.after) }),
  });
  const keys = rows.map(({ operation }) => ({ project: owner, operation }));
  const found = await reader.getMany(operationsTable, keys);
  return found.flatMap((row) => (row === undefined ? [] : [fromBody<Operation>(row.body)]));
}

function timeKey(
  owner: OperationOwner,
  after: { readonly createdAt: Instant; readonly operation: string },
): KeyOf<typeof operationTimesTable> {
  return { project: owner, created_at: after.createdAt, operation: after.operation };
}
