import type { AnyTable } from "../../../shared/ports/store.ts";
import type { ColumnType } from "../../../shared/ports/table.ts";
import type { CreateTable } from "./statement.ts";
import type { CellType } from "./value-type.ts";

const TYPES: Readonly<Record<ColumnType, CellType["name"]>> = {
  text: "Utf8",
  json: "Utf8",
  int: "Int64",
  expiry: "Uint64",
};

/** The table that `migrate` would make of the definition. */
export function definitionOf({ name: table, columns, key }: AnyTable): CreateTable {
  const types = Object.entries(columns as Readonly<Record<string, ColumnType>>);
  const keys = key as readonly string[];
  const expiry = types.find(([, type]) => type === "expiry")?.[0];
  return {
    kind: "create table",
    table,
    columns: types.map(([name, type]) => ({
      name,
      type: { name: TYPES[type], isOptional: !keys.includes(name) },
    })),
    key: keys,
    partitionAt: [],
    ttl: expiry === undefined ? undefined : { column: expiry, afterMs: 0 },
  };
}
