import type { ColumnShape, TableShape } from "../record/table-shape.ts";
import { listed, quoted, typeNameOf } from "./column-type.ts";

/**
 * The statements that make tables. A table keeps what it was made with, so they are for `migrate`
 * alone; nothing else changes a schema.
 */

/** Makes the table, unless one of this name is there. */
export function createTableText(shape: TableShape): string {
  const columns = shape.columns.map((column) =>
    shape.key.includes(column) ? `${declared(column)} NOT NULL` : declared(column),
  );
  return (
    `CREATE TABLE IF NOT EXISTS ${quoted(shape)} (${columns.join(", ")}, PRIMARY KEY (${listed(shape.key)}))` +
    ` WITH (${settingsOf(shape).join(", ")});`
  );
}

/**
 * Adds a column, which rows that are there answer with null. It fails where the column is there
 * already. An expiry takes effect with the same statement, so that no half of it can be missing.
 */
export function addColumnText(shape: TableShape, column: ColumnShape): string {
  const expires = column.type === "expiry" ? `, SET (${expirySetting(column)})` : "";
  return `ALTER TABLE ${quoted(shape)} ADD COLUMN ${declared(column)}${expires};`;
}

function declared(column: ColumnShape): string {
  return `${quoted(column)} ${typeNameOf(column)}`;
}

function settingsOf({ layout, expiry }: TableShape): readonly string[] {
  const { splitByLoad = false, splitAt = [] } = layout;
  return [
    "AUTO_PARTITIONING_BY_SIZE = ENABLED",
    ...(splitByLoad ? ["AUTO_PARTITIONING_BY_LOAD = ENABLED"] : []),
    // Without a least count the server would merge the small partitions again.
    ...(splitAt.length > 0
      ? [
          `AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = ${splitAt.length + 1}`,
          `PARTITION_AT_KEYS = (${splitAt.join(", ")})`,
        ]
      : []),
    ...(expiry === undefined ? [] : [expirySetting(expiry)]),
  ];
}

/** A row goes when the instant in the column has passed, hours late; never where it is null. */
function expirySetting(column: ColumnShape): string {
  return `TTL = Interval("PT0S") ON ${quoted(column)} AS MILLISECONDS`;
}
