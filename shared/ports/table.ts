import type { Json } from "../core/json.ts";

/**
 * Tables as data. An engine turns a definition into its own DDL and statements, so the set of
 * statement shapes is finite; nothing outside an engine knows a query language.
 *
 * T1 The first key column spreads writes; it is never a time.
 * T2 Key columns are never null. Text sorts by UTF-8 bytes, numbers by value.
 *    Text is well-formed Unicode without U+0000, which JSON columns alone may hold.
 * T3 There are no secondary indexes: what would be one is a table of its own.
 */

export type { Json };

/**
 * `int` is a safe integer. `expiry` is an instant after which an engine may drop the row on its
 * own, hours late, or null to keep it.
 */
export type ColumnType = "text" | "int" | "json" | "expiry";

interface ColumnValue {
  text: string;
  int: number;
  json: Json;
  expiry: number | null;
}

type Columns = Readonly<Record<string, ColumnType>>;

/** The row a table holds: every column present. */
type RowOf<C extends Columns> = { readonly [K in keyof C]: ColumnValue[C[K]] };

export interface Table<C extends Columns = Columns, K extends keyof C & string = keyof C & string> {
  readonly name: string;
  readonly columns: C;
  /** The primary key, in order: text and int columns only. */
  readonly key: readonly K[];
  readonly layout?: TableLayout;
}

/** How an engine that spreads a table over machines is to cut it; one that has a file ignores it. */
export interface TableLayout {
  /** Whether to cut it where it is busy too, not only where it is large. */
  readonly splitByLoad?: boolean;
  /** Where it is cut from the beginning: ascending values of the first key column, an int. */
  readonly splitAt?: readonly number[];
}

/** The key columns of a row. */
export type KeyOf<T> = T extends Table<infer C, infer K> ? Pick<RowOf<C>, K> : never;
export type Row<T> = T extends Table<infer C> ? RowOf<C> : never;

/** Declares a table; the row type follows from its columns. */
export function defineTable<const C extends Columns, const K extends keyof C & string>(
  name: string,
  columns: C,
  key: readonly K[],
  layout: TableLayout = {},
): Table<C, K> {
  return { name, columns, key, layout };
}
