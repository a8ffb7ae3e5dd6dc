import type { Cell, ReadOfKeys } from "./double.ts";
import type { Found, KeyRange, TableData } from "./table-data.ts";
import { afterPrefix } from "./key-bytes.ts";
import { badRequest } from "./refusal.ts";

/** What a transaction is to do to a row at its commit: the cells to set by column, or to delete it. */
export interface KeyWrite {
  readonly key: string;
  readonly cells: ReadonlyMap<number, Cell> | undefined;
}

interface Read {
  readonly table: TableData;
  readonly range: KeyRange;
  readonly found: readonly Found[];
}

/** An open transaction: what it saw, and what it is to write. */
export class Transaction {
  readonly id: string;
  readonly mode: "serializable" | "snapshot";
  /** How many commits it sees; set by its first statement. */
  snapshot: number | undefined;
  readonly #reads: Read[] = [];
  readonly #points = new Map<TableData, Set<string>>();
  readonly #ranges = new Map<TableData, KeyRange[]>();
  readonly #writes = new Map<TableData, Map<string, KeyWrite>>();

  constructor(id: string, mode: "serializable" | "snapshot") {
    this.id = id;
    this.mode = mode;
  }

  get hasWritten(): boolean {
    return this.#writes.size > 0;
  }

  get writes(): ReadonlyMap<TableData, ReadonlyMap<string, KeyWrite>> {
    return this.#writes;
  }

  get reads(): readonly ReadOfKeys[] {
    return this.#reads.map(({ table, range, found }) => ({
      table: table.name,
      ...range,
      found: found.map(({ key, cells }) => ({ key, row: table.rowOf(cells) })),
    }));
  }

  /** Keeps a read of one key, whether there was a row or not. */
  readPoint(table: TableData, key: string, found: Found | undefined): void {
    const range = { from: key, to: afterPrefix(key), isDescending: false, limit: 1 };
    this.#reads.push({ table, range, found: found === undefined ? [] : [found] });
    entryOf(this.#points, table, () => new Set()).add(key);
  }

  /** Keeps a read of a range: all of it counts as read, wherever its limit cut it off. */
  readRange(table: TableData, range: KeyRange, found: readonly Found[]): void {
    this.#reads.push({ table, range, found });
    entryOf(this.#ranges, table, () => []).push(range);
  }

  write(table: TableData, write: KeyWrite): void {
    const writes = entryOf(this.#writes, table, () => new Map<string, KeyWrite>());
    if (writes.has(write.key)) throw badRequest(`A key of ${table.name} is written twice`);
    writes.set(write.key, write);
  }

  /** Whether a write of this key changes what the transaction read. */
  hasRead(table: TableData, key: string): boolean {
    if (this.#points.get(table)?.has(key) === true) return true;
    return this.#ranges.get(table)?.some(({ from, to }) => from <= key && key < to) === true;
  }
}

function entryOf<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
