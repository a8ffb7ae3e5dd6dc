import type { Ydb } from "ydb-sdk";
import type { ColumnType } from "../../ports/table.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";

/**
 * How the four column types are kept in the database. JSON is text there, so that it comes back to
 * the byte; an expiry is unsigned, because the server's TTL takes no Int64.
 */
const NAMES = { text: "Utf8", int: "Int64", json: "Utf8", expiry: "Uint64" } as const;

type TypeName = (typeof NAMES)[ColumnType];

/** Source of the numbers: `Ydb.Type.PrimitiveTypeId` in ydb_value.proto. */
const IDS = { Utf8: 4608, Int64: 3, Uint64: 4 } as unknown as Readonly<
  Record<TypeName, Ydb.Type.PrimitiveTypeId>
>;

/** A table or column as YQL writes it. The ticks keep it from being a keyword: `resource` is one. */
export function quoted({ name }: { readonly name: string }): string {
  return `\`${name}\``;
}

/** Names with commas between them. */
export function listed(columns: readonly ColumnShape[]): string {
  return columns.map(quoted).join(", ");
}

/** The type of a column's values, null aside, as YQL writes it. */
export function typeNameOf(column: ColumnShape): TypeName {
  return NAMES[column.type];
}

/** A primitive type as the protocol writes it. */
export function protocolType(name: TypeName): Ydb.IType {
  return { typeId: IDS[name] };
}

/** Whether a protocol's type is this primitive one. */
export function isType(type: Ydb.IType, name: TypeName): boolean {
  return type.typeId === IDS[name];
}

/** `List<Struct<…>>` over these columns: what AS_TABLE reads. Only key columns are never null. */
export function listTypeName(shape: TableShape, columns: readonly ColumnShape[]): string {
  const members = columns.map(
    (column) => `${quoted(column)}:${typeNameOf(column)}${shape.key.includes(column) ? "" : "?"}`,
  );
  return `List<Struct<${members.join(",")}>>`;
}

/** The same as the protocol writes it. */
export function listProtocolType(shape: TableShape, columns: readonly ColumnShape[]): Ydb.IType {
  const members = columns.map((column) => {
    const type = protocolType(typeNameOf(column));
    return {
      name: column.name,
      type: shape.key.includes(column) ? type : { optionalType: { item: type } },
    };
  });
  return { listType: { item: { structType: { members } } } };
}
