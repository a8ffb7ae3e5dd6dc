import { isInRange, type ScanRange } from "./scan-range.ts";
import type { StoredKey, StoredRow } from "./row-codec.ts";
import type { TableShape } from "./table-shape.ts";

/** What a key of a table becomes at the commit: this row, or no row. */
export interface Write {
  readonly key: StoredKey;
  readonly row: StoredRow | undefined;
}

/** The writes of one body, last one per key. An engine flushes them once, together with the commit. */
export class WriteBuffer {
  readonly #tables = new Map<TableShape, Map<string, Write>>();

  set(shape: TableShape, write: Write): void {
    let writes = this.#tables.get(shape);
    if (writes === undefined) this.#tables.set(shape, (writes = new Map<string, Write>()));
    writes.set(JSON.stringify(write.key), write);
  }

  get(shape: TableShape, key: StoredKey): Write | undefined {
    return this.#tables.get(shape)?.get(JSON.stringify(key));
  }

  /** A key of the table that was written and lies in the range. */
  keyInRange(shape: TableShape, range: ScanRange): StoredKey | undefined {
    const writes = this.#tables.get(shape);
    if (writes === undefined) return undefined;
    for (const { key } of writes.values()) if (isInRange(range, key)) return key;
    return undefined;
  }

  /** The tables written, each with its writes in the order in which their keys were first written. */
  *entries(): Iterable<readonly [TableShape, Iterable<Write>]> {
    for (const [shape, writes] of this.#tables) yield [shape, writes.values()];
  }
}
