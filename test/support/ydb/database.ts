import type { AnyTable } from "../../../shared/ports/store.ts";
import type { Cell, CommittedTransaction, WriteOfKey } from "./double.ts";
import { Refusal, schemeError } from "./refusal.ts";
import type { CreateTable, SchemaText } from "./statement.ts";
import { TableData } from "./table-data.ts";
import { definitionOf } from "./table-definition.ts";
import { type KeyWrite, Transaction } from "./transaction.ts";

/** What one commit wrote, for those who began before it. */
interface Commit {
  readonly number: number;
  readonly keys: ReadonlyMap<TableData, readonly string[]>;
}

export type CommitListener = (transaction: CommittedTransaction) => void;

/** Every key there can be. */
const WHOLE = { from: "", to: "\x03", isDescending: false, limit: Infinity };

/** A commit that lost against an earlier one, with the table on which they met. */
export class Conflict extends Refusal {
  readonly table: string;

  constructor(table: string) {
    // The text and the number are those of a server.
    super("ABORTED", `Transaction locks invalidated. Table: ${table}`, 2001);
    this.table = table;
  }
}

/** One database: its tables, its open transactions, and the order of its commits. */
export class Database {
  readonly path: string;
  readonly #tables = new Map<string, TableData>();
  readonly #open = new Set<Transaction>();
  readonly #commits: Commit[] = [];
  #committed = 0;
  readonly #listener: () => CommitListener | undefined;

  constructor(path: string, listener: () => CommitListener | undefined) {
    this.path = path;
    this.#listener = listener;
  }

  get tables(): readonly TableData[] {
    return [...this.#tables.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  get openTransactions(): number {
    return this.#open.size;
  }

  table(name: string): TableData {
    const table = this.#tables.get(name);
    if (table === undefined) throw schemeError(`${this.path} has no table ${name}`);
    return table;
  }

  begin(id: string, mode: Transaction["mode"]): Transaction {
    const transaction = new Transaction(id, mode);
    this.#open.add(transaction);
    return transaction;
  }

  /** The state that the transaction sees: that of its first statement. */
  snapshotOf(transaction: Transaction): number {
    return (transaction.snapshot ??= this.#committed);
  }

  rollback(transaction: Transaction): void {
    this.#open.delete(transaction);
    this.#forget();
  }

  /** Ends the transaction with its writes; throws a `Conflict` where what it read has changed. */
  commit(transaction: Transaction): void {
    this.#open.delete(transaction);
    try {
      const snapshot = this.snapshotOf(transaction);
      if (transaction.hasWritten) {
        const lost = this.#conflictOf(transaction, snapshot);
        if (lost !== undefined) throw new Conflict(lost.name);
      }
      if (transaction.hasWritten) this.#apply(transaction.writes);
      this.#tell(transaction, snapshot);
    } finally {
      this.#forget();
    }
  }

  createTables(tables: readonly AnyTable[]): void {
    for (const table of tables) this.#create(definitionOf(table));
  }

  /** Applies DDL, statement by statement; there is no transaction around them. */
  change({ statements }: SchemaText): void {
    for (const statement of statements) {
      if (statement.kind === "create table") this.#create(statement);
      else this.table(statement.table).alter(statement);
    }
  }

  /** Drops the rows whose TTL has passed, in one commit; answers how many. */
  sweep(nowMs: number): number {
    const sweep = this.begin("sweep", "serializable");
    let dropped = 0;
    for (const table of this.#tables.values()) {
      const { ttl } = table;
      if (ttl === undefined) continue;
      const column = table.indexOf(ttl.column);
      for (const { key, cells } of table.scan(WHOLE, this.#committed)) {
        const at = cells[column] ?? null;
        if (at === null || Number(at) + ttl.afterMs > nowMs) continue;
        sweep.write(table, { key, cells: undefined });
        dropped += 1;
      }
    }
    this.commit(sweep);
    return dropped;
  }

  /** What is committed in a table, in the order of its keys. */
  rows(name: string): readonly Readonly<Record<string, Cell>>[] {
    const table = this.table(name);
    return table.scan(WHOLE, this.#committed).map(({ cells }) => table.rowOf(cells));
  }

  #create(definition: CreateTable): void {
    if (this.#tables.has(definition.table)) return;
    this.#tables.set(definition.table, new TableData(definition));
  }

  #conflictOf(transaction: Transaction, snapshot: number): TableData | undefined {
    for (let index = this.#commits.length - 1; index >= 0; index -= 1) {
      const commit = this.#commits[index];
      if (commit === undefined || commit.number <= snapshot) return undefined;
      for (const [table, keys] of commit.keys) {
        if (keys.some((key) => transaction.hasRead(table, key))) return table;
      }
    }
    return undefined;
  }

  #apply(writes: Transaction["writes"]): void {
    const number = this.#committed + 1;
    for (const [table, keyWrites] of writes) {
      for (const write of keyWrites.values()) {
        table.write(write.key, number, this.#cellsAfter(table, write));
      }
    }
    const keys = [...writes].map(([table, byKey]) => [table, [...byKey.keys()]] as const);
    this.#commits.push({ number, keys: new Map(keys) });
    this.#committed = number;
  }

  #tell(transaction: Transaction, snapshot: number): void {
    const listener = this.#listener();
    if (listener === undefined || transaction.mode !== "serializable") return;
    const { id, reads, hasWritten } = transaction;
    const commit = hasWritten ? this.#committed : snapshot;
    const writes = [...transaction.writes].flatMap(([table, keyWrites]) =>
      [...keyWrites.keys()].map((key): WriteOfKey => {
        const after = table.get(key, commit);
        return { table: table.name, key, row: after && table.rowOf(after.cells) };
      }),
    );
    listener({ database: this.path, transaction: id, snapshot, commit, reads, writes });
  }

  /** An upsert sets the cells that it names, and leaves the others as the last commit left them. */
  #cellsAfter(table: TableData, { key, cells }: KeyWrite): readonly Cell[] | undefined {
    if (cells === undefined) return undefined;
    const before = table.get(key, this.#committed)?.cells;
    return table.columns.map((_column, index) => {
      const cell = cells.get(index);
      return cell === undefined ? (before?.[index] ?? null) : cell;
    });
  }

  /** Drops what no open transaction can see or meet any more. */
  #forget(): void {
    let oldest = this.#committed;
    for (const { snapshot } of this.#open) oldest = Math.min(oldest, snapshot ?? oldest);
    const kept = this.#commits.findIndex(({ number }) => number > oldest);
    for (const { keys } of this.#commits.splice(0, kept < 0 ? this.#commits.length : kept)) {
      for (const [table, written] of keys) {
        for (const key of written) table.prune(key, oldest);
      }
    }
  }
}
