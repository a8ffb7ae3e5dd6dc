import type { Cell, DoubleLimits, Usage } from "./double.ts";
import type { Database } from "./database.ts";
import { afterPrefix, cellBytes, encodeKey } from "./key-bytes.ts";
import type { Plan, ReadStep, WriteStep } from "./plan.ts";
import { badRequest, Refusal } from "./refusal.ts";
import { type Answered, ONE_RESULT } from "./result-set.ts";
import { NO_USAGE } from "./ru-meter.ts";
import type { Found, KeyRange } from "./table-data.ts";
import type { KeyWrite, Transaction } from "./transaction.ts";
import type { Bound } from "./value-type.ts";

export type Values = ReadonlyMap<string, Bound>;

export interface Execution {
  readonly results: readonly Answered[];
  readonly usage: Usage;
}

interface Run {
  readonly database: Database;
  readonly transaction: Transaction;
  readonly values: Values;
  readonly limits: DoubleLimits;
  readonly usage: { -readonly [K in keyof Usage]: Usage[K] };
}

/** Runs the statements inside the transaction: reads see its snapshot, writes wait for its commit. */
export function execute(plan: Plan, context: Omit<Run, "usage">): Execution {
  const run: Run = { ...context, usage: { ...NO_USAGE } };
  const results: Answered[] = [];
  for (const step of plan) {
    if (step.kind === "nothing") results.push(ONE_RESULT);
    else if ("parameter" in step) write(run, step);
    else results.push(read(run, step));
  }
  if (run.usage.bytesRead > run.limits.resultBytes) {
    throw new Refusal("PRECONDITION_FAILED", `Query result size limit exceeded`);
  }
  return { results, usage: run.usage };
}

function read(run: Run, step: ReadStep): Answered {
  const { transaction, usage, limits } = run;
  if (transaction.hasWritten) {
    throw badRequest(`${step.table.name} is read after a write of the same transaction`);
  }
  const wanted = step.kind === "get" ? get(run, step) : scan(run, step);
  const rows = wanted.slice(0, limits.resultRows);
  for (const { bytes } of rows) {
    usage.rowsRead += 1;
    usage.bytesRead += bytes;
  }
  return {
    table: step.table,
    columns: step.columns,
    rows,
    isTruncated: rows.length < wanted.length,
  };
}

function get(
  { database, transaction, values }: Run,
  { table, prefix }: ReadStep,
): readonly Found[] {
  const key = encodeKey(cellsOf(values, prefix));
  const found = table.get(key, database.snapshotOf(transaction));
  if (transaction.mode === "serializable") transaction.readPoint(table, key, found);
  return found === undefined ? [] : [found];
}

/** One row more than fits is read, to know whether the result is truncated. */
function scan(run: Run, step: ReadStep): readonly Found[] {
  const { database, transaction, values, limits } = run;
  const { table } = step;
  const range = rangeOf(step, values);
  const limit = Math.min(range.limit, limits.resultRows + 1);
  const found = table.scan({ ...range, limit }, database.snapshotOf(transaction));
  if (transaction.mode === "serializable") transaction.readRange(table, range, found);
  return found;
}

function rangeOf(
  { prefix, lower, upper, isDescending, limit }: ReadStep,
  values: Values,
): KeyRange {
  const start = encodeKey(cellsOf(values, prefix));
  const endOf = (bound: NonNullable<ReadStep["lower"]>): string =>
    start + encodeKey(cellsOf(values, bound.parameters));
  let from = start;
  let to = afterPrefix(start);
  if (lower !== undefined) from = lower.isInclusive ? endOf(lower) : afterPrefix(endOf(lower));
  if (upper !== undefined) to = upper.isInclusive ? afterPrefix(endOf(upper)) : endOf(upper);
  const [rows] = cellsOf(values, limit === undefined ? [] : [limit]);
  return { from, to, isDescending, limit: Number(rows) };
}

function cellsOf(values: Values, parameters: readonly string[]): readonly Cell[] {
  return parameters.map((parameter) => {
    const bound = values.get(parameter);
    if (bound?.kind !== "cell") throw badRequest(`${parameter} is no single value`);
    return bound.cell;
  });
}

function write({ transaction, values, limits, usage }: Run, step: WriteStep): void {
  const { kind, table, columns, key, parameter } = step;
  if (transaction.mode !== "serializable") {
    throw badRequest("Operation can't be performed in read only transaction");
  }
  const bound = values.get(parameter);
  if (bound?.kind !== "rows") throw badRequest(`${parameter} is no list of rows`);
  for (const row of bound.rows) {
    const keyCells = key.map((member) => row[member] ?? null);
    if (bytesOf(keyCells) > limits.keyBytes)
      throw badRequest(`A key of ${table.name} is too large`);
    const cells = kind === "delete" ? undefined : cellsByColumn(columns, row);
    const written: KeyWrite = { key: encodeKey(keyCells), cells };
    transaction.write(table, written);
    if (kind === "delete") {
      usage.rowsDeleted += 1;
    } else {
      usage.rowsWritten += 1;
      usage.bytesWritten += bytesOf(row);
    }
  }
}

function cellsByColumn(columns: readonly number[], row: readonly Cell[]): KeyWrite["cells"] {
  return new Map(columns.map((column, place) => [column, row[place] ?? null]));
}

function bytesOf(cells: readonly Cell[]): number {
  let bytes = 0;
  for (const cell of cells) bytes += cellBytes(cell);
  return bytes;
}
