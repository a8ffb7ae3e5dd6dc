import {
  operationAttemptOf,
  operationId,
  ownerOf,
  type OperationId,
  type OperationOwner,
} from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { attemptOperation, attemptOperationId } from "../core/operation/attempt-operation.ts";
import type { CallOperation, Operation } from "../core/operation/operation.ts";
import { workOf } from "../core/operation/operation-state.ts";
import { isAdHoc, type Run } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf, Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { readRun, readRuns, type RunRecord } from "./run-record.ts";
import { operationsTable, operationTimesTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

/** The operation of a call as it is stored. */
export interface CallRecord {
  readonly operation: CallOperation;
  readonly version: number;
}

/**
 * The operation with this id; undefined where there is none, or where the text is no id. That of an
 * attempt is told from its run, and is there as long as its run is.
 */
export async function readOperation(
  reader: Reader,
  id: OperationId,
): Promise<Operation | undefined> {
  const attempt = operationAttemptOf(id);
  return attempt === undefined
    ? (await readCallOperation(reader, id))?.operation
    : operationIn(await readRun(reader, attempt.run), id);
}

/** The operation of a call; undefined for that of an attempt too. */
export async function readCallOperation(
  reader: Reader,
  operation: OperationId,
): Promise<CallRecord | undefined> {
  const owner = ownerOf(operation);
  if (owner === undefined || operationAttemptOf(operation) !== undefined) return undefined;
  const row = await reader.get(operationsTable, { project: owner, operation });
  return row && decode(row);
}

/** An id may name an attempt that its run never had, or another project than its run's. */
function operationIn(record: RunRecord | undefined, id: OperationId): Operation | undefined {
  const attempt = operationAttemptOf(id);
  const told = record && attempt && attemptOperation(record.run, attempt.number);
  return told?.id === id ? told : undefined;
}

/**
 * Writes the operation of a call with its place in the listing, and its timer while it has work
 * left. A done one is kept as long as a finished run.
 */
export function writeOperation(
  tx: Transaction,
  before: CallRecord | undefined,
  operation: CallOperation,
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
    ...placeKey(owner, { createdAt, operation: id }),
    expire_at: expireAt,
  });
  moveTimer(tx, before && timerOf(before.operation), timerOf(operation));
}

/**
 * Writes the place of the operation of a run's latest attempt in the listing of its project: when it
 * is admitted, and when it has ended, because the place then expires with the run. Only what a caller
 * executed is listed: the attempts of schedules are found by their runs, and cost nothing here.
 */
export function writeAttemptPlace(tx: Transaction, run: Run): void {
  const attempt = run.attempts.at(-1);
  if (attempt === undefined || !isAdHoc(run)) return;
  const { admittedAt: createdAt, end, number } = attempt;
  tx.put(operationTimesTable, {
    ...placeKey(run.project, { createdAt, operation: attemptOperationId(run, number) }),
    expire_at: end === undefined ? null : plusMs(end.endedAt, limits.runRetentionMs),
  });
}

/** Work that is left is due at once; a step that crashed is looked at again by the next tick. */
function timerOf(operation: CallOperation): Timer | undefined {
  if (workOf(operation) === undefined) return undefined;
  return { kind: "operation", ref: operation.id, dueAt: operation.modifiedAt };
}

/** Where an operation stands in the listing of its owner. */
interface Place {
  readonly createdAt: Instant;
  readonly operation: string;
}

function placeKey(owner: OperationOwner, place: Place): KeyOf<typeof operationTimesTable> {
  return { project: owner, created_at: place.createdAt, operation: place.operation };
}

/** A page of an owner's operations, latest first. */
export async function scanOperations(
  reader: Reader,
  owner: OperationOwner,
  page: { readonly limit: number; readonly after?: Place },
): Promise<readonly Operation[]> {
  const places = await reader.scan(operationTimesTable, {
    prefix: { project: owner },
    order: "descending",
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: placeKey(owner, page.after) }),
  });
  const ids = places.map((place) => operationId(place.operation));
  const calls = ids.filter((id) => operationAttemptOf(id) === undefined);
  const attempts = ids.filter((id) => operationAttemptOf(id) !== undefined);
  const [rows, runs] = await Promise.all([
    reader.getMany(
      operationsTable,
      calls.map((operation) => ({ project: owner, operation })),
    ),
    readRuns(
      reader,
      attempts.flatMap((id) => operationAttemptOf(id)?.run ?? []),
    ),
  ]);
  const found = new Map<OperationId, Operation | undefined>([
    ...calls.map((id, index) => [id, callIn(rows[index])] as const),
    ...attempts.map((id, index) => [id, operationIn(runs[index], id)] as const),
  ]);
  return ids.flatMap((id) => found.get(id) ?? []);
}

function callIn(row: Row<typeof operationsTable> | undefined): Operation | undefined {
  return row && decode(row).operation;
}

function decode({ body, version }: Row<typeof operationsTable>): CallRecord {
  return { operation: fromBody<CallOperation>(body), version };
}
