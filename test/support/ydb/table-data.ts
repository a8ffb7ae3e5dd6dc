import type { Cell, DoubleRow } from "./double.ts";
import { cellBytes, encodeKey } from "./key-bytes.ts";
import { OrderedKeys } from "./ordered-keys.ts";
import { badRequest, Refusal, schemeError } from "./refusal.ts";
import type { AlterTable, CreateTable, TtlSetting } from "./statement.ts";
import type { CellType, Member } from "./value-type.ts";

/** A row as one commit left it. */
export interface Version {
  /** The commit. */
  readonly commit: number;
  /** By the table's columns, those added since the commit missing; undefined once deleted. */
  readonly cells: readonly Cell[] | undefined;
  readonly bytes: number;
}

export interface Found {
  readonly key: string;
  readonly cells: readonly Cell[];
  readonly bytes: number;
}

export interface KeyRange {
  readonly from: string;
  readonly to: string;
  readonly isDescending: boolean;
  readonly limit: number;
}

/** A table with every version of its rows that an open transaction may still see. */
export class TableData {
  readonly name: string;
  readonly key: readonly number[];
  readonly columns: Member[];
  ttl: TtlSetting | undefined;
  readonly #rows = new Map<string, Version[]>();
  readonly #keys = new OrderedKeys();

  constructor({ table, columns, key, ttl, partitionAt }: CreateTable) {
    this.name = table;
    this.columns = [...columns];
    this.key = key.map((name) => this.indexOf(name));
    this.ttl = this.#checkedTtl(ttl);
    this.#checkSplits(partitionAt);
  }

  indexOf(column: string): number {
    const index = this.columns.findIndex(({ name }) => name === column);
    if (index < 0) throw schemeError(`${this.name} has no column ${column}`);
    return index;
  }

  /** Where columns stand; refuses unknown ones, and one that is named twice. */
  indexesOf(columns: readonly string[]): readonly number[] {
    const indexes = columns.map((name) => this.indexOf(name));
    if (new Set(indexes).size < indexes.length) {
      throw badRequest(`${this.name}: a column is named twice`);
    }
    return indexes;
  }

  typeOf(index: number): CellType {
    const column = this.columns[index];
    if (column === undefined) throw schemeError(`${this.name} has no column ${index}`);
    return column.type;
  }

  alter({ added, ttl }: AlterTable): void {
    for (const { name } of added) {
      if (this.columns.some((column) => column.name === name)) {
        throw new Refusal("GENERIC_ERROR", `Column ${name} of ${this.name} already exists`);
      }
    }
    this.columns.push(...added);
    this.ttl = this.#checkedTtl(ttl) ?? this.ttl;
  }

  /** The row with this key after so many commits. */
  get(key: string, commit: number): Found | undefined {
    const version = this.#rows.get(key)?.findLast((candidate) => candidate.commit <= commit);
    if (version?.cells === undefined) return undefined;
    return { key, cells: version.cells, bytes: version.bytes };
  }

  /** The rows of a range after so many commits, as many as its limit. */
  scan({ from, to, isDescending, limit }: KeyRange, commit: number): readonly Found[] {
    const found: Found[] = [];
    if (limit === 0 || from >= to) return found;
    const keys = isDescending ? this.#keys.descending(from, to) : this.#keys.ascending(from, to);
    for (const key of keys) {
      const row = this.get(key, commit);
      if (row === undefined) continue;
      found.push(row);
      if (found.length >= limit) break;
    }
    return found;
  }

  write(key: string, commit: number, cells: readonly Cell[] | undefined): void {
    let versions = this.#rows.get(key);
    if (versions === undefined) {
      if (cells === undefined) return;
      this.#rows.set(key, (versions = []));
      this.#keys.insert(key);
    }
    const bytes = cells?.reduce<number>((sum, cell) => sum + cellBytes(cell), 0) ?? 0;
    versions.push({ commit, cells, bytes });
  }

  /** Forgets what nobody sees who reads this commit or a later one. */
  prune(key: string, oldest: number): void {
    const versions = this.#rows.get(key);
    if (versions === undefined) return;
    const kept = versions.findLastIndex(({ commit }) => commit <= oldest);
    if (kept > 0) versions.splice(0, kept);
    const [first] = versions;
    if (first === undefined || versions.length > 1) return;
    if (first.cells !== undefined) return;
    this.#rows.delete(key);
    this.#keys.remove(key);
  }

  rowOf(cells: readonly Cell[]): DoubleRow {
    return Object.fromEntries(this.columns.map(({ name }, index) => [name, cells[index] ?? null]));
  }

  /** Partitions begin at values of the first key column, each behind the one before it. */
  #checkSplits(keys: CreateTable["partitionAt"]): void {
    const first = this.typeOf(this.key[0] ?? 0).name === "Utf8" ? "string" : "bigint";
    if (keys.some((key) => typeof key !== first)) {
      throw badRequest(`PARTITION_AT_KEYS of ${this.name} has values of its first key column`);
    }
    const encoded = keys.map((key) => encodeKey([key]));
    if (encoded.some((key, index) => key <= (encoded[index - 1] ?? ""))) {
      throw badRequest(`PARTITION_AT_KEYS of ${this.name} ascends`);
    }
  }

  #checkedTtl(ttl: TtlSetting | undefined): TtlSetting | undefined {
    if (ttl === undefined) return undefined;
    if (this.typeOf(this.indexOf(ttl.column)).name !== "Uint64") {
      throw badRequest(`The TTL of ${this.name} is a column of Uint64`);
    }
    return ttl;
  }
}
