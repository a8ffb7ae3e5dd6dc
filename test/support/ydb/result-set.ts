import { type ResultSet, type Type, type Value, Type_PrimitiveTypeId } from "@ydbjs/api/value";
import type { Cell } from "./double.ts";
import type { Found, TableData } from "./table-data.ts";
import { type CellType, TYPE_IDS } from "./value-type.ts";
import { type Init, NULL_VALUE } from "./wire.ts";

/** What one SELECT found. */
export interface Answered {
  /** Absent for `SELECT 1`, which reads nothing. */
  readonly table: TableData | undefined;
  readonly columns: readonly number[];
  readonly rows: readonly Found[];
  readonly isTruncated: boolean;
}

export const ONE_RESULT: Answered = { table: undefined, columns: [], rows: [], isTruncated: false };

export function resultSetOf(answered: Answered): Init<ResultSet> {
  const { table, columns, rows, isTruncated } = answered;
  if (table === undefined) return ONE;
  const types = columns.map((column) => table.typeOf(column));
  return {
    columns: columns.map((column, place) => ({
      name: table.columns[column]?.name ?? "",
      type: wireType(types[place]),
    })),
    rows: rows.map(({ cells }) => ({
      items: columns.map((column, place) => wireValue(types[place], cells[column] ?? null)),
    })),
    truncated: isTruncated,
  };
}

const ONE: Init<ResultSet> = {
  columns: [
    { name: "column0", type: { type: { case: "typeId", value: Type_PrimitiveTypeId.INT32 } } },
  ],
  rows: [{ items: [{ value: { case: "int32Value", value: 1 } }] }],
};

/** A nullable column is of an optional type; one that is never null is not. */
export function wireType(type: CellType | undefined): Init<Type> {
  const value = TYPE_IDS[type?.name ?? "Utf8"];
  const primitive = { type: { case: "typeId" as const, value } };
  if (type?.isOptional !== true) return primitive;
  return { type: { case: "optionalType", value: { item: primitive } } };
}

function wireValue(type: CellType | undefined, cell: Cell): Init<Value> {
  if (cell === null) return NULL_VALUE;
  if (typeof cell === "string") return { value: { case: "textValue", value: cell } };
  return type?.name === "Uint64"
    ? { value: { case: "uint64Value", value: cell } }
    : { value: { case: "int64Value", value: cell } };
}
