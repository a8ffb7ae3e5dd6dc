import { QueryServiceDefinition } from "@ydbjs/api/query";
import { TableServiceDefinition } from "@ydbjs/api/table";
import {
  type Type,
  Type_PrimitiveTypeId as Id,
  type TypedValue,
  type Value,
} from "@ydbjs/api/value";
import { Ydb } from "ydb-sdk";
import type { StoredRow } from "../../../shared/adapters/record/row-codec.ts";
import type { TableShape } from "../../../shared/adapters/record/table-shape.ts";

/**
 * The protocol in a second implementation: what ours sends is read by it, and what it writes is
 * read by ours. So a fault in the one cannot hide in the other.
 */

/** A request's parameters as a server reads them. */
export function sentParameters(
  parameters: Readonly<Record<string, Ydb.ITypedValue>>,
): Readonly<Record<string, TypedValue>> {
  const bytes = Ydb.Table.ExecuteDataQueryRequest.encode({ parameters }).finish();
  return TableServiceDefinition.executeDataQuery.requestDeserialize(bytes).parameters;
}

/** One value as a server reads it: text, a bigint, null, or a list of such. */
export function sentValue(value: Ydb.IValue): unknown {
  const sent = sentParameters({ $p0: { type: {}, value } })["$p0"]?.value;
  return sent === undefined ? undefined : plain(sent);
}

function plain({ items, value }: Value): unknown {
  if (value.case === "nullFlagValue") return null;
  return value.case === undefined && items.length > 0 ? items.map(plain) : value.value;
}

/** A column as the server describes it. */
export interface ServerColumn {
  readonly name: string;
  readonly type: Id;
  readonly isOptional: boolean;
}

const IDS = { text: Id.UTF8, json: Id.UTF8, int: Id.INT64, expiry: Id.UINT64 } as const;

/** The columns of a table: those of the key plain, the others optional. */
export function columnsOf(shape: TableShape): readonly ServerColumn[] {
  return shape.columns.map((column) => ({
    name: column.name,
    type: IDS[column.type],
    isOptional: !shape.key.includes(column),
  }));
}

/** What a server answers with: these rows in these columns. */
export function resultSetOf(
  columns: readonly ServerColumn[],
  rows: readonly Readonly<Record<string, StoredRow[string] | bigint>>[],
): Ydb.IResultSet {
  const bytes = QueryServiceDefinition.executeQuery.responseSerialize({
    resultSet: {
      columns: columns.map(({ name, type, isOptional }) => {
        const item = { type: { case: "typeId", value: type } } as const;
        return isOptional
          ? { name, type: { type: { case: "optionalType", value: { item } } } }
          : { name, type: item };
      }),
      rows: rows.map((row) => ({
        items: columns.map(({ name, type }) => ({ value: serverValue(type, row[name] ?? null) })),
      })),
    },
  });
  return Ydb.Query.ExecuteQueryResponsePart.decode(bytes).resultSet ?? {};
}

function serverValue(type: Id, value: string | number | bigint | null) {
  if (value === null) return { case: "nullFlagValue", value: 0 } as const;
  if (typeof value === "string") return { case: "textValue", value } as const;
  return type === Id.UINT64
    ? ({ case: "uint64Value", value: BigInt(value) } as const)
    : ({ case: "int64Value", value: BigInt(value) } as const);
}

/** A parameter's type as YQL writes it, told by what was sent. */
export function sentType({ type }: TypedValue): string {
  return typeText(type);
}

const NAMES: ReadonlyMap<Id, string> = new Map([
  [Id.UTF8, "Utf8"],
  [Id.INT64, "Int64"],
  [Id.UINT64, "Uint64"],
]);

function typeText(type: Type | undefined): string {
  switch (type?.type.case) {
    case "typeId":
      return NAMES.get(type.type.value) ?? Id[type.type.value];
    case "optionalType":
      return `${typeText(type.type.value.item)}?`;
    case "listType":
      return `List<${typeText(type.type.value.item)}>`;
    case "structType":
      return `Struct<${type.type.value.members.map((member) => `\`${member.name}\`:${typeText(member.type)}`).join(",")}>`;
    default:
      return "no type";
  }
}
