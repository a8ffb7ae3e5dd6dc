import type { OperationId, ProjectId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Operation } from "../core/operation/operation.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { operationsTable } from "./tables.ts";

export interface OperationRecord {
  readonly operation: Operation;
  readonly version: number;
}

export async function readOperation(
  reader: Reader,
  project: ProjectId,
  operation: OperationId,
): Promise<OperationRecord | undefined> {
  const row = await reader.get(operationsTable, { project, operation });
  return row && { operation: fromBody<Operation>(row.body), version: row.version };
}

/** Writes an operation; a done one is kept as long as the run it belongs to. */
export function writeOperation(
  tx: Transaction,
  before: OperationRecord | undefined,
  operation: Operation,
): void {
  tx.put(operationsTable, {
    project: operation.project,
    operation: operation.id,
    version: (before?.version ?? 0) + 1,
    body: toBody(operation),
    expire_at: operation.result === undefined ? null : operation.modifiedAt + limits.runRetentionMs,
  });
}
