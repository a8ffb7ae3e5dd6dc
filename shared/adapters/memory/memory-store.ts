import type sorted from "sorted-btree";
import { EmptyBTree } from "sorted-btree";
import { assert } from "../../core/assert.ts";
import type { AnyTable, Reader, Store, Transaction } from "../../ports/store.ts";
import { BodyReader, BodyTransaction, type StoredReader } from "../record/body-access.ts";
import { BodyScope } from "../record/body-scope.ts";
import type { StoredKey, StoredRow } from "../record/row-codec.ts";
import { isInRange, type ScanRange } from "../record/scan-range.ts";
import { type TableShape, TableShapes } from "../record/table-shape.ts";
import { compareText } from "../record/text-order.ts";
import { Turns } from "../record/turns.ts";
import type { WriteBuffer } from "../record/write-buffer.ts";

type Rows = sorted.default<StoredKey, StoredRow>;

/** The package's default export, which Node and other loaders find at different places. */
const BTree = EmptyBTree.constructor as typeof sorted.default;

/** Every table's rows, by key. Never changed: a commit makes another one, which shares what stayed. */
type State = ReadonlyMap<TableShape, Rows>;

/** What stores of the same rows share. */
interface Shared {
  readonly shapes: TableShapes;
  readonly turns: Turns;
  state: State;
}

/** Rows in memory, for any number of stores. */
export interface MemoryDatabase {
  open(): Store;
}

/**
 * The record layer in memory alone, for a simulation: nothing outlives the process.
 *
 * M1 A commit replaces the state whole, so whoever reads one goes on reading it (S5).
 * M2 Bodies of transactions take turns, so none is run twice and no commit can conflict (S1).
 * M3 Rows are kept in stored form, as another engine keeps them: what is read shares nothing with
 *    what was written.
 */
export function openMemoryDatabase(tables: readonly AnyTable[]): MemoryDatabase {
  const shapes = new TableShapes(tables);
  const state = new Map(shapes.all.map((shape) => [shape, new BTree([], compareKeys)]));
  const shared: Shared = { shapes, turns: new Turns(), state };
  return { open: () => new MemoryStore(shared) };
}

class MemoryStore implements Store {
  readonly #shared: Shared;
  #isOpen = true;

  constructor(shared: Shared) {
    this.#shared = shared;
  }

  async transact<T>(label: string, body: (tx: Transaction) => Promise<T>): Promise<T> {
    const what = `transaction ${label}`;
    BodyScope.assertOutside(this, what);
    this.#assertOpen();
    return await this.#shared.turns.take(async () => {
      const scope = new BodyScope(this, what);
      const engine = readerOf(this.#shared.state);
      const tx = new BodyTransaction({ shapes: this.#shared.shapes, engine, scope });
      const result = await scope.run(async () => await body(tx));
      this.#shared.state = written(this.#shared.state, tx.writes());
      return result;
    });
  }

  async snapshot<T>(body: (reader: Reader) => Promise<T>): Promise<T> {
    BodyScope.assertOutside(this, "a snapshot");
    this.#assertOpen();
    const scope = new BodyScope(this, "a snapshot");
    const engine = readerOf(this.#shared.state);
    return await scope.run(
      async () => await body(new BodyReader({ shapes: this.#shared.shapes, engine, scope })),
    );
  }

  async close(): Promise<void> {
    BodyScope.assertOutside(this, "closing the store");
    await this.#shared.turns.take(() => {
      this.#isOpen = false;
    });
  }

  #assertOpen(): void {
    assert(this.#isOpen, "the store in memory is open");
  }
}

function written(state: State, writes: WriteBuffer): State {
  const next = new Map(state);
  for (const [shape, ofTable] of writes.entries()) {
    // Both share their nodes; whichever is written to copies those on its way.
    const rows = rowsOf(state, shape).clone();
    for (const { key, row } of ofTable) {
      if (row === undefined) rows.delete(key);
      else rows.set(key, row);
    }
    next.set(shape, rows);
  }
  return next;
}

function readerOf(state: State): StoredReader {
  return {
    getMany: async (shape, keys) => {
      const rows = rowsOf(state, shape);
      return await Promise.resolve(keys.map((key) => rows.get(key)));
    },
    scan: async (shape, range) => await Promise.resolve(scanned(rowsOf(state, shape), range)),
  };
}

/** Sorts behind whatever a key may hold; none holds it. */
const BEHIND = Infinity;

function scanned(rows: Rows, range: ScanRange): readonly StoredRow[] {
  const { prefix, lower, upper, order, limit } = range;
  const isUp = order === "ascending";
  const bound = isUp ? lower : upper;
  const leading = [...prefix, ...(bound?.values ?? [])];
  // What has the leading columns lies between them alone and them with BEHIND. A cursor is left out.
  const isBehind = isUp === (bound?.kind === "cursor");
  const from = isBehind ? [...leading, BEHIND] : leading;
  const found: StoredRow[] = [];
  for (const [key, row] of isUp
    ? rows.entries(from)
    : rows.entriesReversed(from, undefined, true)) {
    if (!isInRange(range, key)) break;
    found.push(row);
    if (found.length === limit) break;
  }
  return found;
}

/** Column by column; a key that begins another one comes before it. */
function compareKeys(a: StoredKey, b: StoredKey): number {
  const shorter = Math.min(a.length, b.length);
  for (let index = 0; index < shorter; index++) {
    const order = compareColumn(a[index], b[index]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareColumn(a: string | number | undefined, b: string | number | undefined): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  return Number(a === BEHIND) - Number(b === BEHIND) || Number(a) - Number(b);
}

function rowsOf(state: State, shape: TableShape): Rows {
  const rows = state.get(shape);
  assert(rows !== undefined, `the store was opened with table ${shape.name}`);
  return rows;
}
