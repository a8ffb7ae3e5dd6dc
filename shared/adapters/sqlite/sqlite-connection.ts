import { DatabaseSync, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { StoredReader } from "../record/body-access.ts";
import type { Stored, StoredKey, StoredRow } from "../record/row-codec.ts";
import type { ScanRange } from "../record/scan-range.ts";
import type { TableShape } from "../record/table-shape.ts";
import type { Write } from "../record/write-buffer.ts";
import { failureOf, isBusy } from "./sqlite-failure.ts";
import {
  deleteText,
  getText,
  putText,
  scanText,
  scanVariant,
  sweepText,
} from "./sqlite-statements.ts";

/** One connection and the statements it has prepared. Its calls block: SQLite has no other kind. */
export class SqliteConnection implements StoredReader {
  readonly #path: string;
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #byTable = new Map<TableShape, Map<string, StatementSync>>();

  /** `busyTimeoutMs` is how long SQLite itself waits for a lock, blocking the whole process. */
  constructor(path: string, busyTimeoutMs: number) {
    this.#path = path;
    this.#database = this.#guarded(() => new DatabaseSync(path));
    this.execute(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }

  /** Runs a statement that is not worth keeping. */
  execute(text: string): void {
    this.#guarded(() => this.#database.exec(text));
  }

  /** Starts a transaction that may write. False where another connection is writing. */
  tryBeginWrite(): boolean {
    try {
      this.#statement("BEGIN IMMEDIATE").run();
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw failureOf(error, this.#path);
    }
  }

  /** Starts a transaction that reads one state: that of its first read. */
  beginRead(): void {
    this.#guarded(() => this.#statement("BEGIN DEFERRED").run());
  }

  commit(): void {
    this.#guarded(() => this.#statement("COMMIT").run());
  }

  /** Undoes the open transaction, if there still is one: a full disk makes SQLite undo it itself. */
  rollback(): void {
    try {
      this.#statement("ROLLBACK").run();
    } catch {
      // The failure that led here is the one to report; a broken connection shows at the next begin.
    }
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, SQLite is not
  async getMany(shape: TableShape, keys: readonly StoredKey[]): Promise<(StoredRow | undefined)[]> {
    const statement = this.#prepared(shape, "get", () => getText(shape));
    return this.#guarded(() => keys.map((key) => statement.get(...key) as StoredRow | undefined));
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- the port is asynchronous, SQLite is not
  async scan(shape: TableShape, range: ScanRange): Promise<readonly StoredRow[]> {
    const { prefix, lower, upper, limit } = range;
    const statement = this.#prepared(shape, scanVariant(range), () => scanText(shape, range));
    const bound = [...prefix, ...(lower?.values ?? []), ...(upper?.values ?? []), limit];
    return this.#guarded(() => statement.all(...bound) as StoredRow[]);
  }

  write(shape: TableShape, { key, row }: Write): void {
    if (row === undefined) {
      const statement = this.#prepared(shape, "delete", () => deleteText(shape));
      this.#guarded(() => statement.run(...key));
    } else {
      const statement = this.#prepared(shape, "put", () => putText(shape));
      const values = shape.columns.map((column): Stored => row[column.name] ?? null);
      this.#guarded(() => statement.run(...values));
    }
  }

  /** Deletes at most `limit` rows of the table that expired before `now`; answers how many. */
  sweep(shape: TableShape, now: number, limit: number): number {
    const { expiry } = shape;
    if (expiry === undefined) return 0;
    const statement = this.#prepared(shape, "sweep", () => sweepText(shape, expiry));
    return this.#guarded(() => Number(statement.run(now, limit).changes));
  }

  /** The only row of a statement that has one, such as a pragma. */
  one(text: string): Readonly<Record<string, SQLOutputValue>> {
    return this.#guarded(() => this.#statement(text).get()) ?? {};
  }

  all(text: string): readonly Readonly<Record<string, SQLOutputValue>>[] {
    return this.#guarded(() => this.#statement(text).all());
  }

  close(): void {
    this.#database.close();
  }

  #prepared(shape: TableShape, verb: string, textOf: () => string): StatementSync {
    let statements = this.#byTable.get(shape);
    if (statements === undefined)
      this.#byTable.set(shape, (statements = new Map<string, StatementSync>()));
    let statement = statements.get(verb);
    if (statement === undefined) statements.set(verb, (statement = this.#statement(textOf())));
    return statement;
  }

  #statement(text: string): StatementSync {
    let statement = this.#statements.get(text);
    if (statement === undefined) {
      statement = this.#guarded(() => this.#database.prepare(text));
      this.#statements.set(text, statement);
    }
    return statement;
  }

  #guarded<T>(call: () => T): T {
    try {
      return call();
    } catch (error) {
      throw failureOf(error, this.#path);
    }
  }
}
