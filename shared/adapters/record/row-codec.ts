import { assertNever } from "../../core/assert.ts";
import type { ColumnType } from "../../ports/table.ts";
import type { ColumnShape, TableShape } from "./table-shape.ts";

/**
 * Rows on their way in and out of an engine. What goes in is checked here, at `put`, so that a
 * wrong row fails where it was made and not at the commit; what comes out has every column.
 */

/** A column as an engine keeps it: JSON as its text, everything else as it is. */
export type Stored = string | number | null;
export type StoredRow = Readonly<Record<string, Stored>>;
export type StoredKey = readonly (string | number)[];

type Values = Readonly<Record<string, unknown>>;

/** The row in stored form; throws for a missing, unknown or ill-typed column, because that is a bug. */
export function encodeRow(shape: TableShape, row: Values): StoredRow {
  const stored: Record<string, Stored> = {};
  for (const column of shape.columns) {
    stored[column.name] = encode(shape, column, row[column.name]);
  }
  for (const name in row) {
    if (!(name in stored)) refuse(`${shape.name}.${name}`, "a column of the table", row[name]);
  }
  return stored;
}

/** The key columns of `key`, in key order; other properties are ignored, so a row is its own key. */
export function encodeKey(shape: TableShape, key: Values): StoredKey {
  return shape.key.map((column) => encodeKeyColumn(shape, column, key[column.name]));
}

/** One value of a key column, as `encodeKey` would give it. */
export function encodeKeyColumn(
  shape: TableShape,
  column: ColumnShape,
  value: unknown,
): string | number {
  const stored = encode(shape, column, value);
  return stored ?? refuse(`${shape.name}.${column.name}`, "never null", value);
}

/**
 * The row as its writer gave it, as a copy of its own. A column that was added to the table after
 * the row was written reads as its empty value: "", 0 or null.
 */
export function decodeRow(shape: TableShape, stored: StoredRow): Record<string, unknown> {
  const row: Record<string, unknown> = {};
  for (const { name, type } of shape.columns) {
    row[name] = decode(type, stored[name] ?? null);
  }
  return row;
}

function encode(shape: TableShape, column: ColumnShape, value: unknown): Stored {
  switch (column.type) {
    case "text":
      if (typeof value === "string" && !UNSTORABLE.test(value)) return value;
      return refuse(`${shape.name}.${column.name}`, "well-formed text without U+0000", value);
    case "int":
      // Adding zero turns -0 into the 0 that comes back.
      if (Number.isSafeInteger(value)) return (value as number) + 0;
      return refuse(`${shape.name}.${column.name}`, "a safe integer", value);
    case "expiry":
      if (value === null || (Number.isSafeInteger(value) && (value as number) >= 0)) {
        return value as number | null;
      }
      return refuse(`${shape.name}.${column.name}`, "an instant or null", value);
    case "json":
      return encodeJson(shape, column, value);
    default:
      return assertNever(column.type);
  }
}

/**
 * A lone surrogate has no UTF-8 form and would come back as U+FFFD; `node:sqlite` ends a text it
 * reads at its first U+0000. JSON escapes both, so JSON columns may hold them.
 */
const UNSTORABLE = /[\0\p{Surrogate}]/u;

function encodeJson(shape: TableShape, column: ColumnShape, value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) return refuse(`${shape.name}.${column.name}`, "JSON", value);
  // NaN and the infinities turn into null without a word. Only a text with a null can hide one,
  // and a second, checking pass over those few is cheaper than a replacer over all.
  if (text.includes("null")) {
    JSON.stringify(value, (name, inner: unknown) => {
      const isLost = typeof inner === "number" && !Number.isFinite(inner);
      return isLost ? refuse(`${shape.name}.${column.name}: ${name}`, "finite", inner) : inner;
    });
  }
  return text;
}

function decode(type: ColumnType, stored: Stored): unknown {
  switch (type) {
    case "text":
      return stored ?? "";
    case "int":
      return stored ?? 0;
    case "expiry":
      return stored;
    case "json":
      return stored === null ? null : JSON.parse(stored as string);
    default:
      return assertNever(type);
  }
}

function refuse(where: string, expected: string, found: unknown): never {
  const shown = typeof found === "string" ? JSON.stringify(found.slice(0, 60)) : String(found);
  throw new TypeError(`Invariant broken: ${where} is ${expected}, got ${shown}`);
}
