import type { KeyOf, Row, Table } from "./table.ts";

/** Any table: what the engine sees. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- variance: a table of any row
export type AnyTable = Table<any, any>;

/**
 * A run of rows in key order.
 *
 * `prefix` fixes the leading key columns; `from` and `to` bound the next key column, both
 * inclusive. A page ends at `limit` rows (1 to 900) and `after` resumes behind a row's key.
 */
export interface Scan<T extends AnyTable> {
  readonly prefix?: Partial<KeyOf<T>>;
  readonly from?: string | number;
  readonly to?: string | number;
  readonly order?: "ascending" | "descending";
  readonly limit: number;
  readonly after?: KeyOf<T>;
}

export interface Reader {
  /** The row with this key, or undefined. A body that asks for a key again pays for it once. */
  get<T extends AnyTable>(table: T, key: KeyOf<T>): Promise<Row<T> | undefined>;
  /** One answer per key, in order: cheaper than as many `get`s. */
  getMany<T extends AnyTable>(
    table: T,
    keys: readonly KeyOf<T>[],
  ): Promise<readonly (Row<T> | undefined)[]>;
  scan<T extends AnyTable>(table: T, scan: Scan<T>): Promise<readonly Row<T>[]>;
}

export interface Transaction extends Reader {
  /** Inserts or replaces the whole row at commit. */
  put<T extends AnyTable>(table: T, row: Row<T>): void;
  /** Removes the row at commit; a key without a row is fine. */
  delete<T extends AnyTable>(table: T, key: KeyOf<T>): void;
}

/**
 * Where state lives.
 *
 * S1 `transact` is serializable: its reads and writes happen at one instant or not at all.
 * S2 Writes are buffered and flushed once, with the commit. `get` of a written key answers from
 *    the buffer; a `scan` that could meet a written key of its table throws.
 * S3 The body may run more than once, so it does nothing but read, decide and write here.
 * S4 A body that throws leaves no trace, and its error reaches the caller unchanged.
 * S5 `snapshot` reads one consistent state without locks; what it saw may be gone afterwards, so
 *    whoever acts on it reads again by key inside `transact`.
 */
export interface Store {
  /** `label` names the transaction in logs and measurements. */
  transact<T>(label: string, body: (tx: Transaction) => Promise<T>): Promise<T>;
  snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
