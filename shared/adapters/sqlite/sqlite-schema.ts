import { OrreryError } from "../../core/errors.ts";
import type { TableShape } from "../record/table-shape.ts";
import type { SqliteConnection } from "./sqlite-connection.ts";
import { addColumnText, createExpiryIndexText, createTableText } from "./sqlite-statements.ts";

/**
 * Which file this is, and what is in it.
 *
 * The header says whose file it is (`application_id`) and in which layout (`user_version`); the
 * table `_tables` says which tables and columns it has. Schemas only ever grow:
 *
 * M1 A file that holds anything we do not know was written by a newer program, or is not ours. It
 *    is refused, and not one byte of it changes.
 * M2 Tables and columns that the file lacks are added, in one transaction, by whoever opens it
 *    first; rows written before read a new column as its empty value.
 */

/** "ORRY", so that a file can be told from every other SQLite file. */
const APPLICATION = 0x4f525259;
/**
 * Raised when a file of an older version could not be read as it stands. 2: the ledger's tail lives
 * in the account's row, and an attempt's operation in its run's.
 */
const LAYOUT = 2;

/** Makes the file hold these tables. Repeating, also from several processes at once, is safe. */
export function growSchema(
  connection: SqliteConnection,
  path: string,
  shapes: readonly TableShape[],
): void {
  // Refuses a foreign file before anything below touches it.
  const growth = inTransaction(connection, "DEFERRED", () => growthOf(connection, path, shapes));
  useWriteAheadLog(connection);
  if (growth.length === 0) return;

  inTransaction(connection, "IMMEDIATE", () => {
    // Asked again under the lock: another process may have grown the file in between.
    for (const text of growthOf(connection, path, shapes)) connection.execute(text);
  });
}

function inTransaction<T>(
  connection: SqliteConnection,
  kind: "DEFERRED" | "IMMEDIATE",
  steps: () => T,
): T {
  connection.execute(`BEGIN ${kind}`);
  try {
    const result = steps();
    connection.commit();
    return result;
  } catch (error) {
    connection.rollback();
    throw error;
  }
}

function useWriteAheadLog(connection: SqliteConnection): void {
  if (connection.one("PRAGMA journal_mode")["journal_mode"] === "wal") return;
  connection.execute("PRAGMA journal_mode = WAL");
}

/**
 * The statements that bring the file to these tables: none where it holds them already. Runs inside
 * a transaction, or half of what it reads may be from before another process made the file.
 */
function growthOf(
  connection: SqliteConnection,
  path: string,
  shapes: readonly TableShape[],
): readonly string[] {
  const found = catalogOf(connection, path);
  const statements: string[] = [];
  if (found === undefined) statements.push(...CREATE_CATALOG);
  for (const [name, columns] of found ?? []) {
    const shape = shapes.find((candidate) => candidate.name === name);
    if (shape === undefined) throw schemaUnknown(path, `it has the table ${name}`);
    statements.push(...additionsTo(shape, columns, path));
  }
  for (const shape of shapes.filter(({ name }) => found?.has(name) !== true)) {
    statements.push(createTableText(shape), ...indexOf(shape, shape.columns), recordText(shape));
  }
  return statements;
}

const CREATE_CATALOG = [
  `PRAGMA application_id = ${APPLICATION}`,
  `PRAGMA user_version = ${LAYOUT}`,
  "CREATE TABLE _tables (name TEXT PRIMARY KEY, columns TEXT NOT NULL) STRICT, WITHOUT ROWID",
];

/** A column in the catalog, such as `["due_at", "int", 2]`: the second column of the key. */
type CatalogColumn = readonly [name: string, type: string, keyPlace: number];

/** The tables in the file, or undefined where the file is new. */
function catalogOf(
  connection: SqliteConnection,
  path: string,
): ReadonlyMap<string, readonly CatalogColumn[]> | undefined {
  const application = connection.one("PRAGMA application_id")["application_id"];
  const layout = connection.one("PRAGMA user_version")["user_version"];
  const isEmpty = connection.one("SELECT count(*) AS n FROM sqlite_schema")["n"] === 0;
  if (application === 0 && layout === 0 && isEmpty) return undefined;
  if (application !== APPLICATION) throw schemaUnknown(path, "it belongs to another program");
  if (layout !== LAYOUT)
    throw schemaUnknown(path, `its layout is ${String(layout)}, not ${LAYOUT}`);

  const rows = connection.all("SELECT name, columns FROM _tables ORDER BY name");
  return new Map(
    rows.map((row) => [
      String(row["name"]),
      JSON.parse(String(row["columns"])) as readonly CatalogColumn[],
    ]),
  );
}

function additionsTo(
  shape: TableShape,
  found: readonly CatalogColumn[],
  path: string,
): readonly string[] {
  const known = new Map(catalogColumnsOf(shape).map((column) => [column[0], column]));
  for (const column of found) {
    const [name, type, place] = column;
    if (JSON.stringify(known.get(name)) === JSON.stringify(column)) continue;
    throw schemaUnknown(path, `it has ${shape.name}.${name} of type ${type} at key place ${place}`);
  }
  const added = shape.columns.filter(({ name }) => !found.some((column) => column[0] === name));
  if (added.length === 0) return [];
  const key = added.find((column) => shape.key.includes(column));
  if (key !== undefined) throw schemaUnknown(path, `the key of ${shape.name} lacks ${key.name}`);
  const texts = added.map((column) => addColumnText(shape, column));
  return [...texts, ...indexOf(shape, added), recordText(shape)];
}

function indexOf(shape: TableShape, columns: TableShape["columns"]): readonly string[] {
  const { expiry } = shape;
  return expiry !== undefined && columns.includes(expiry)
    ? [createExpiryIndexText(shape, expiry)]
    : [];
}

function catalogColumnsOf(shape: TableShape): readonly CatalogColumn[] {
  return shape.columns.map((column) => [column.name, column.type, shape.key.indexOf(column) + 1]);
}

// Names are checked against a strict pattern, so the text needs no escaping.
function recordText(shape: TableShape): string {
  const columns = JSON.stringify(catalogColumnsOf(shape));
  return `INSERT OR REPLACE INTO _tables (name, columns) VALUES ('${shape.name}', '${columns}')`;
}

function schemaUnknown(path: string, difference: string): OrreryError {
  return new OrreryError(
    "STORE_SCHEMA_UNKNOWN",
    `This version cannot use the store ${path}: ${difference}. ` +
      "The file is left as it is; open it with the program that wrote it last.",
  );
}
