import { assert } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import type { AnyTable, Scan } from "../../ports/store.ts";
import { encodeKey, encodeKeyColumn, type StoredKey } from "./row-codec.ts";
import type { TableShape } from "./table-shape.ts";
import { compareText } from "./text-order.ts";

/**
 * One end of a range over the key columns behind the prefix. An inclusive bound comes from `from`
 * or `to` and holds one column; an exclusive one comes from a cursor and holds all that are left.
 */
interface Bound {
  readonly values: StoredKey;
  readonly kind: "inclusive" | "cursor";
}

/** A scan, checked and with at most one bound per end, as an engine turns it into a statement. */
export interface ScanRange {
  readonly prefix: StoredKey;
  readonly lower: Bound | undefined;
  readonly upper: Bound | undefined;
  readonly order: "ascending" | "descending";
  readonly limit: number;
}

/** Checks a scan against its table; what does not fit is a bug of the caller and throws. */
export function scanRangeOf(shape: TableShape, scan: Scan<AnyTable>): ScanRange {
  assert(
    Number.isInteger(scan.limit) && scan.limit >= 1 && scan.limit <= limits.scanRows,
    `a scan of ${shape.name} asks for 1 to ${limits.scanRows} rows, got ${scan.limit}`,
  );
  const prefix = prefixOf(shape, scan);
  const bound = (value: string | number | undefined): Bound | undefined =>
    value === undefined ? undefined : { values: [nextOf(shape, prefix, value)], kind: "inclusive" };
  const cursor = cursorOf(shape, prefix, scan);
  const order = scan.order ?? "ascending";
  const lower = bound(scan.from);
  const upper = bound(scan.to);
  return order === "ascending"
    ? { prefix, lower: tighter(lower, cursor, 1), upper, order, limit: scan.limit }
    : { prefix, lower, upper: tighter(upper, cursor, -1), order, limit: scan.limit };
}

/** Whether a row with this key would be in the range, whatever the limit cuts off. */
export function isInRange(range: ScanRange, key: StoredKey): boolean {
  const rest = key.slice(range.prefix.length);
  if (range.prefix.some((value, index) => value !== key[index])) return false;
  return (
    isInside(rest, range.lower, 1) && // Behind the lower bound …
    isInside(rest, range.upper, -1) // … and before the upper one.
  );
}

function prefixOf(shape: TableShape, scan: Scan<AnyTable>): StoredKey {
  const given = (scan.prefix ?? {}) as Readonly<Record<string, unknown>>;
  const names = Object.keys(given).filter((name) => given[name] !== undefined);
  const leading = shape.key.slice(0, names.length);
  assert(
    leading.length === names.length && leading.every(({ name }) => names.includes(name)),
    `the prefix of a scan of ${shape.name} is its leading key columns, got ${names.join(", ")}`,
  );
  assert(
    leading.length < shape.key.length,
    `a scan of ${shape.name} leaves a key column open: with the whole key, use get`,
  );
  return leading.map((column) => encodeKeyColumn(shape, column, given[column.name]));
}

function nextOf(shape: TableShape, prefix: StoredKey, value: unknown): string | number {
  const column = shape.key[prefix.length];
  assert(column !== undefined, "a prefix leaves a column open");
  return encodeKeyColumn(shape, column, value);
}

function cursorOf(shape: TableShape, prefix: StoredKey, scan: Scan<AnyTable>): Bound | undefined {
  if (scan.after === undefined) return undefined;
  const key = encodeKey(shape, scan.after as Readonly<Record<string, unknown>>);
  assert(
    prefix.every((value, index) => value === key[index]),
    `a scan of ${shape.name} resumes inside its prefix, got ${JSON.stringify(key)}`,
  );
  return { values: key.slice(prefix.length), kind: "cursor" };
}

/**
 * The cursor, unless it lies outside the range at the end where the scan begins. One bound per end
 * keeps every page a seek: with two, a planner may pick the weaker and skip row by row.
 */
function tighter(
  bound: Bound | undefined,
  cursor: Bound | undefined,
  direction: 1 | -1,
): Bound | undefined {
  if (bound === undefined || cursor === undefined) return cursor ?? bound;
  return isInside(cursor.values, bound, direction) ? cursor : bound;
}

function isInside(values: StoredKey, bound: Bound | undefined, direction: 1 | -1): boolean {
  if (bound === undefined) return true;
  const distance = direction * compareLeading(values, bound.values);
  return distance > 0 || (distance === 0 && bound.kind === "inclusive");
}

function compareLeading(values: StoredKey, bound: StoredKey): number {
  for (const [index, limit] of bound.entries()) {
    const order = compareStored(values[index] ?? "", limit);
    if (order !== 0) return order;
  }
  return 0;
}

function compareStored(a: string | number, b: string | number): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  return compareText(String(a), String(b));
}
