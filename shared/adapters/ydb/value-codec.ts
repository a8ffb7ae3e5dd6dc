import Long from "long";
import type { Ydb } from "ydb-sdk";
import { assertNever } from "../../core/assert.ts";
import type { Stored, StoredKey, StoredRow } from "../record/row-codec.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";
import { protocolType, typeNameOf } from "./column-type.ts";

/**
 * Values on their way to the server, in the protocol's raw form. The package's own conversions
 * turn what does not fit into something else without a word: a bigint into 0, 1.7 into 1, -1 into
 * 4294967295. Here it throws, because a value that does not fit is a bug of ours.
 */

/** The only value of `google.protobuf.NullValue`. */
const NULL = 0 as unknown as Exclude<Ydb.IValue["nullFlagValue"], null | undefined>;

/** A value and what it adds to a message at most. */
export interface EncodedValue {
  readonly value: Ydb.IValue;
  readonly bytes: number;
}

const TYPED = {
  Utf8: protocolType("Utf8"),
  Int64: protocolType("Int64"),
  Uint64: protocolType("Uint64"),
} as const;

/** One value of a key column as a parameter. */
export function keyParameter(
  shape: TableShape,
  column: ColumnShape,
  value: string | number,
): Ydb.ITypedValue {
  return { type: TYPED[typeNameOf(column)], value: encode(shape, column, value).value };
}

/** How many rows a scan may answer with, as a parameter. */
export function limitParameter(limit: number): Ydb.ITypedValue {
  if (!isInstant(limit)) refuse("a scan's limit", "a count", limit);
  return { type: TYPED.Uint64, value: { uint64Value: longOf(limit) } };
}

/** A whole row as a struct of the table's columns. */
export function encodeRowValue(shape: TableShape, row: StoredRow): EncodedValue {
  return encodeStruct(shape.columns.map((column) => encode(shape, column, row[column.name])));
}

/** A key as a struct of the key columns. */
export function encodeKeyValue(shape: TableShape, key: StoredKey): EncodedValue {
  return encodeStruct(shape.key.map((column, index) => encode(shape, column, key[index])));
}

function encodeStruct(members: readonly EncodedValue[]): EncodedValue {
  const items = members.map(({ value }) => value);
  return { value: { items }, bytes: members.reduce((sum, { bytes }) => sum + bytes, FRAME_BYTES) };
}

/** Tag and length of a message of up to 4 GB in another, or of a text. */
const FRAME_BYTES = 6;
/** Tag and 8 bytes, in a message of their own. */
const INTEGER_BYTES = 9 + FRAME_BYTES;

function encode(shape: TableShape, column: ColumnShape, value: Stored | undefined): EncodedValue {
  // An absent column would be one that keeps its old value: the row is written as a whole.
  if (value === undefined) return refuseColumn(shape, column, "present", value);
  if (value === null) {
    if (shape.key.includes(column)) return refuseColumn(shape, column, "never null", value);
    return { value: { nullFlagValue: NULL }, bytes: INTEGER_BYTES };
  }
  switch (column.type) {
    case "text":
    case "json":
      // A lone surrogate has no UTF-8 form.
      if (typeof value !== "string" || !value.isWellFormed()) {
        return refuseColumn(shape, column, "well-formed text", value);
      }
      return {
        value: { textValue: value },
        bytes: Buffer.byteLength(value) + 2 * FRAME_BYTES,
      };
    case "int":
      if (!isSafe(value)) return refuseColumn(shape, column, "a safe integer", value);
      return { value: { int64Value: longOf(value) }, bytes: INTEGER_BYTES };
    case "expiry":
      if (!isInstant(value)) return refuseColumn(shape, column, "an instant or null", value);
      return { value: { uint64Value: longOf(value) }, bytes: INTEGER_BYTES };
    default:
      return assertNever(column.type);
  }
}

/** The package of the protocol declares another class of this name: all that counts is the bits. */
type ProtocolLong = Exclude<Ydb.IValue["int64Value"], number | null | undefined>;

/** Signed and unsigned are the same bits here: nothing is beyond 2^53. */
function longOf(value: number): ProtocolLong {
  const long: unknown = Long.fromNumber(value);
  return long as ProtocolLong;
}

function isSafe(value: unknown): value is number {
  return Number.isSafeInteger(value);
}

function isInstant(value: unknown): value is number {
  return isSafe(value) && value >= 0;
}

function refuseColumn(
  shape: TableShape,
  column: ColumnShape,
  expected: string,
  found: unknown,
): never {
  return refuse(`${shape.name}.${column.name}`, expected, found);
}

function refuse(where: string, expected: string, found: unknown): never {
  const shown = typeof found === "string" ? JSON.stringify(found.slice(0, 60)) : String(found);
  throw new TypeError(`Invariant broken: ${where} is ${expected}, got ${shown}`);
}
