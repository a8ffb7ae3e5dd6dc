import type { Ydb } from "ydb-sdk";
import { assert } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import type { StoredKey, StoredRow } from "../record/row-codec.ts";
import type { ScanRange } from "../record/scan-range.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";
import { listed, quoted, typeNameOf } from "./column-type.ts";
import { memoByShape } from "./memo-by-shape.ts";
import type { Query } from "./query.ts";
import { decodeRows } from "./result-codec.ts";
import { queryOf, type Statement, statementOf } from "./statement.ts";
import { keyParameter, limitParameter } from "./value-codec.ts";

/** What a body asks for: one row by its key, or a run of rows. */
export type Read =
  | { readonly kind: "get"; readonly shape: TableShape; readonly key: StoredKey }
  | { readonly kind: "scan"; readonly shape: TableShape; readonly range: ScanRange };

/**
 * The reads cut into requests, their order kept. Every request stays under the server's limit of
 * text and `limits.ydbReadsPerRequest`, and gets of one table that follow each other stand in a
 * request by 1, 2, 4, 8, 16 or 32: so few texts exist that the server keeps them all compiled,
 * and a text that it has to compile costs as much as reading three rows.
 */
export function planReads(reads: readonly Read[]): readonly (readonly Read[])[] {
  const requests: Read[][] = [];
  let last: Read[] = [];
  let bytes = 0;
  for (const group of groupsOf(reads)) {
    const groupBytes = group.reduce((sum, read) => sum + readStatement(read).bytes, 0);
    const fits =
      last.length + group.length <= limits.ydbReadsPerRequest &&
      bytes + groupBytes <= limits.yqlTextBytes;
    if (requests.length === 0 || !fits || isContinued(last.at(-1), group[0])) {
      requests.push((last = []));
      bytes = 0;
    }
    last.push(...group);
    bytes += groupBytes;
  }
  return requests;
}

/** Gets of one table by powers of two, the largest first; every scan by itself. */
function groupsOf(reads: readonly Read[]): readonly (readonly Read[])[] {
  const groups: (readonly Read[])[] = [];
  for (let start = 0; start < reads.length;) {
    const length = groupLength(reads, start);
    groups.push(reads.slice(start, start + length));
    start += length;
  }
  return groups;
}

function groupLength(reads: readonly Read[], start: number): number {
  const first = reads[start];
  if (first?.kind !== "get") return 1;
  const most = Math.min(
    limits.ydbReadsPerRequest,
    Math.floor(limits.yqlTextBytes / readStatement(first).bytes),
  );
  let count = 1;
  while (count < most && isContinued(first, reads[start + count])) count += 1;
  return 2 ** Math.floor(Math.log2(count));
}

/** Whether both are gets of the same table. */
function isContinued(read: Read | undefined, next: Read | undefined): boolean {
  return read?.kind === "get" && next?.kind === "get" && read.shape === next.shape;
}

/** These reads as one request, which answers with one result set for each, in order. */
export function readQuery(reads: readonly Read[]): Query {
  return queryOf(reads.map(readStatement), reads.flatMap(valuesOf));
}

/** What a read found, in its result set: a row or undefined for a get, rows in order for a scan. */
export function decodeAnswer(
  read: Read,
  resultSet: Ydb.IResultSet | undefined,
): StoredRow | undefined | readonly StoredRow[] {
  assert(resultSet !== undefined, `a read of ${read.shape.name} has a result set of its own`);
  const rows = decodeRows(read.shape, resultSet);
  const limit = read.kind === "get" ? 1 : read.range.limit;
  assert(
    rows.length <= limit,
    `a ${read.kind} of ${read.shape.name} answers with at most ${limit} rows, got ${rows.length}`,
  );
  return read.kind === "get" ? rows[0] : rows;
}

/** The statement of a read: the same object for the same table and variant. */
function readStatement(read: Read): Statement {
  const { get, scans } = statementsOf(read.shape);
  if (read.kind === "get") return get;
  const variant = scanVariant(read.range);
  let statement = scans.get(variant);
  if (statement === undefined) {
    scans.set(variant, (statement = scanStatement(read.shape, read.range)));
  }
  return statement;
}

const statementsOf = memoByShape((shape) => ({
  get: getStatement(shape),
  scans: new Map<number, Statement>(),
}));

function valuesOf(read: Read): readonly Ydb.ITypedValue[] {
  const { shape } = read;
  if (read.kind === "get") return keyParameters(shape, 0, read.key);
  const { prefix, lower, upper, limit } = read.range;
  return [
    ...keyParameters(shape, 0, prefix),
    ...keyParameters(shape, prefix.length, lower?.values ?? []),
    ...keyParameters(shape, prefix.length, upper?.values ?? []),
    limitParameter(limit),
  ];
}

/** Values of consecutive key columns, the first of them at `start`. */
function keyParameters(
  shape: TableShape,
  start: number,
  values: StoredKey,
): readonly Ydb.ITypedValue[] {
  return values.map((value, index) => {
    const column = shape.key[start + index];
    assert(column !== undefined, `a key of ${shape.name} has ${shape.key.length} columns`);
    return keyParameter(shape, column, value);
  });
}

function getStatement(shape: TableShape): Statement {
  const where = shape.key.map((column) => `${quoted(column)} = ?`).join(" AND ");
  return statementOf(`${selectFrom(shape)} WHERE ${where};`, shape.key.map(typeNameOf));
}

function scanStatement(shape: TableShape, range: ScanRange): Statement {
  const { prefix, lower, upper, order } = range;
  const fixed = shape.key.slice(0, prefix.length);
  const open = shape.key.slice(prefix.length);
  const bounded = (bound: ScanRange["lower"]): readonly ColumnShape[] =>
    open.slice(0, bound?.values.length ?? 0);
  const conditions = fixed.map((column) => `${quoted(column)} = ?`);
  if (lower) conditions.push(compared(bounded(lower), lower.kind === "cursor" ? ">" : ">="));
  if (upper) conditions.push(compared(bounded(upper), upper.kind === "cursor" ? "<" : "<="));

  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const direction = order === "ascending" ? "" : " DESC";
  const by = shape.key.map((column) => `${quoted(column)}${direction}`).join(", ");
  return statementOf(`${selectFrom(shape)}${where} ORDER BY ${by} LIMIT ?;`, [
    ...[...fixed, ...bounded(lower), ...bounded(upper)].map(typeNameOf),
    "Uint64",
  ]);
}

function compared(columns: readonly ColumnShape[], operator: string): string {
  if (columns.length === 1) return `${listed(columns)} ${operator} ?`;
  return `(${listed(columns)}) ${operator} (${columns.map(() => "?").join(", ")})`;
}

function selectFrom(shape: TableShape): string {
  return `SELECT ${listed(shape.columns)} FROM ${quoted(shape)}`;
}

/** What tells one scan of a table from another, as a number: it is asked for at every read. */
function scanVariant({ prefix, lower, upper, order }: ScanRange): number {
  const ends = 3 * END[lower?.kind ?? "open"] + END[upper?.kind ?? "open"];
  return (prefix.length * 9 + ends) * 2 + (order === "ascending" ? 0 : 1);
}

const END = { open: 0, inclusive: 1, cursor: 2 } as const;
