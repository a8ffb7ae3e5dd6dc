import type { ScanRange } from "../record/scan-range.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";

/**
 * Every statement the engine can emit. The text follows from the table and the verb alone, never
 * from data, so the set is finite and each member is prepared once.
 */

/** Creates the table; WITHOUT ROWID makes the key the only tree there is. */
export function createTableText(shape: TableShape): string {
  const key = shape.key.map((column) => quoted(column)).join(", ");
  const columns = shape.columns.map((column) =>
    declarationText(column, shape.key.includes(column)),
  );
  return `CREATE TABLE "${shape.name}" (${columns.join(", ")}, PRIMARY KEY (${key})) STRICT, WITHOUT ROWID`;
}

/** Adds a column that older rows answer with NULL. */
export function addColumnText(shape: TableShape, column: ColumnShape): string {
  return `ALTER TABLE "${shape.name}" ADD COLUMN ${declarationText(column, false)}`;
}

/** Finds expired rows without reading the others; a row that stays for good costs it nothing. */
export function createExpiryIndexText(shape: TableShape, expiry: ColumnShape): string {
  const column = quoted(expiry);
  return `CREATE INDEX "${shape.name}_expiry" ON "${shape.name}" (${column}) WHERE ${column} IS NOT NULL`;
}

/** Binds the key. */
export function getText(shape: TableShape): string {
  return `SELECT ${listed(shape.columns)} FROM "${shape.name}" WHERE ${keyIs(shape.key)}`;
}

/** Binds every column, in order. */
export function putText(shape: TableShape): string {
  const places = shape.columns.map(() => "?").join(", ");
  return `INSERT OR REPLACE INTO "${shape.name}" (${listed(shape.columns)}) VALUES (${places})`;
}

/** Binds the key. */
export function deleteText(shape: TableShape): string {
  return `DELETE FROM "${shape.name}" WHERE ${keyIs(shape.key)}`;
}

/** Binds an instant and a count: deletes at most so many rows that expired before it. */
export function sweepText(shape: TableShape, expiry: ColumnShape): string {
  const key = listed(shape.key);
  const column = quoted(expiry);
  return (
    `DELETE FROM "${shape.name}" WHERE (${key}) IN ` +
    `(SELECT ${key} FROM "${shape.name}" WHERE ${column} < ? ORDER BY ${column} LIMIT ?)`
  );
}

/** Binds the prefix, the lower bound, the upper bound and the limit, as far as the range has them. */
export function scanText(shape: TableShape, range: ScanRange): string {
  const open = shape.key.slice(range.prefix.length);
  const conditions = shape.key
    .slice(0, range.prefix.length)
    .map((column) => `${quoted(column)} = ?`);
  const compare = (values: readonly unknown[], operator: string): void => {
    const columns = listed(open.slice(0, values.length));
    conditions.push(`(${columns}) ${operator} (${values.map(() => "?").join(", ")})`);
  };
  if (range.lower) compare(range.lower.values, range.lower.kind === "cursor" ? ">" : ">=");
  if (range.upper) compare(range.upper.values, range.upper.kind === "cursor" ? "<" : "<=");

  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const direction = range.order === "ascending" ? "ASC" : "DESC";
  const order = shape.key.map((column) => `${quoted(column)} ${direction}`).join(", ");
  return `SELECT ${listed(shape.columns)} FROM "${shape.name}"${where} ORDER BY ${order} LIMIT ?`;
}

/** What tells one `scanText` of a table from another. */
export function scanVariant({ prefix, lower, upper, order }: ScanRange): string {
  return `${prefix.length} ${lower?.kind ?? "open"} ${upper?.kind ?? "open"} ${order}`;
}

const TYPES = { text: "TEXT", int: "INTEGER", json: "TEXT", expiry: "INTEGER" } as const;

function declarationText(column: ColumnShape, isKey: boolean): string {
  return `${quoted(column)} ${TYPES[column.type]}${isKey ? " NOT NULL" : ""}`;
}

function keyIs(key: readonly ColumnShape[]): string {
  return key.map((column) => `${quoted(column)} = ?`).join(" AND ");
}

function listed(columns: readonly ColumnShape[]): string {
  return columns.map(quoted).join(", ");
}

// Names are checked against a strict pattern; the quotes only keep them from being keywords.
function quoted(column: ColumnShape): string {
  return `"${column.name}"`;
}
