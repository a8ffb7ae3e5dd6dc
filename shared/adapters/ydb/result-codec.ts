import Long from "long";
import type { Ydb } from "ydb-sdk";
import { assertNever } from "../../core/assert.ts";
import { OrreryError } from "../../core/errors.ts";
import type { Stored, StoredRow } from "../record/row-codec.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";
import { isType, typeNameOf } from "./column-type.ts";

/** A column of the table and where in the rows of a result its values are. */
interface Place {
  readonly column: ColumnShape;
  readonly index: number;
}

/**
 * The rows of a result in stored form. Columns are found by name, because a server is free in their
 * order. Throws STORE_SCHEMA_UNKNOWN where columns are missing, unknown or of another type, and
 * STORE_CORRUPT for a value that no program of ours writes.
 */
export function decodeRows(shape: TableShape, resultSet: Ydb.IResultSet): StoredRow[] {
  const columns = resultSet.columns ?? [];
  const places = placesOf(shape, columns);
  return (resultSet.rows ?? []).map(({ items }) => {
    if (items?.length !== columns.length) {
      throw corrupt(shape.name, `${columns.length} values`, items?.length ?? 0);
    }
    const row: Record<string, Stored> = {};
    for (const { column, index } of places) {
      row[column.name] = decode(shape, column, items[index] ?? {});
    }
    return row;
  });
}

function placesOf(shape: TableShape, found: readonly Ydb.IColumn[]): readonly Place[] {
  const places = found.map(({ name, type }, index): Place => {
    const column = shape.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw unknownSchema(shape, `there is a column ${name ?? ""}`);
    // Whether the server calls it optional is told by the values.
    const inner = type?.optionalType?.item ?? type ?? {};
    const expected = typeNameOf(column);
    if (!isType(inner, expected)) {
      const shown = type ? JSON.stringify(type) : "no type";
      throw unknownSchema(shape, `${column.name} is ${expected}, got ${shown}`);
    }
    return { column, index };
  });
  for (const column of shape.columns) {
    const count = places.filter((place) => place.column === column).length;
    if (count !== 1) throw unknownSchema(shape, `${column.name} is there once, got ${count}`);
  }
  return places;
}

function decode(shape: TableShape, column: ColumnShape, value: Ydb.IValue): Stored {
  // What the protocol leaves unset is null or undefined; the null flag itself is a zero.
  if (typeof value.nullFlagValue === "number") {
    if (!shape.key.includes(column)) return null;
    throw corrupt(`${shape.name}.${column.name}`, "never null", null);
  }
  const stored = decodePresent(column, value);
  if (stored !== undefined) return stored;
  throw corrupt(`${shape.name}.${column.name}`, EXPECTED[column.type], JSON.stringify(value));
}

const EXPECTED = {
  text: "text",
  json: "text",
  int: "a safe integer",
  expiry: "a safe integer from 0",
} as const;

/** The value, or undefined where it is not one of the column. */
function decodePresent(column: ColumnShape, value: Ydb.IValue): Stored | undefined {
  switch (column.type) {
    case "text":
    case "json":
      return typeof value.textValue === "string" ? value.textValue : undefined;
    case "int":
      return integerOf(value.int64Value, "signed");
    case "expiry":
      return integerOf(value.uint64Value, "unsigned");
    default:
      return assertNever(column.type);
  }
}

/**
 * The integer exactly, or undefined. The sum rounds only beyond 2^53, and never back to a safe
 * integer; without Long values at hand the protocol's reader gives numbers, rounded the same way.
 * Read with a sign, an unsigned integer from 2^63 on is negative.
 */
function integerOf(value: unknown, sign: "signed" | "unsigned"): number | undefined {
  const integer = Long.isLong(value)
    ? value.getHighBits() * 2 ** 32 + value.getLowBitsUnsigned()
    : value;
  if (!Number.isSafeInteger(integer)) return undefined;
  return sign === "signed" || (integer as number) >= 0 ? (integer as number) : undefined;
}

function unknownSchema(shape: TableShape, difference: string): OrreryError {
  return new OrreryError(
    "STORE_SCHEMA_UNKNOWN",
    `The table ${shape.name} of the database is not as this version knows it: ${difference}. ` +
      "Nothing was changed; use the program that made it, or another database.",
  );
}

function corrupt(where: string, expected: string, found: unknown): OrreryError {
  return new OrreryError(
    "STORE_CORRUPT",
    `The database holds what no program of ours writes: ${where} is ${expected}, ` +
      `got ${String(found).slice(0, 200)}. Nothing was changed; mend the row and try again.`,
  );
}
