import { assert } from "../../core/assert.ts";
import type { AnyTable, Reader, Scan, Transaction } from "../../ports/store.ts";
import type { KeyOf, Row } from "../../ports/table.ts";
import type { BodyScope } from "./body-scope.ts";
import { decodeRow, encodeKey, encodeRow, type StoredKey, type StoredRow } from "./row-codec.ts";
import { RowMemo } from "./row-memo.ts";
import { scanRangeOf, type ScanRange } from "./scan-range.ts";
import type { TableShape, TableShapes } from "./table-shape.ts";
import { WriteBuffer } from "./write-buffer.ts";

/** What an engine answers inside one transaction or snapshot, in stored form. */
export interface StoredReader {
  /** One answer per key, in order. */
  getMany(shape: TableShape, keys: readonly StoredKey[]): Promise<(StoredRow | undefined)[]>;
  scan(shape: TableShape, range: ScanRange): Promise<readonly StoredRow[]>;
}

/** What a body reads and writes through: the parts an engine brings along. */
export interface BodyAccess {
  readonly shapes: TableShapes;
  readonly engine: StoredReader;
  readonly scope: BodyScope;
}

type Values = Readonly<Record<string, unknown>>;

/**
 * The reader a body is given. It answers from what the body itself wrote, then from what it has read
 * by key before, then from the engine: a key is read once, however often a body asks for it. Every
 * answer is decoded anew, so no two share anything that could be changed.
 */
export class BodyReader implements Reader {
  protected readonly access: BodyAccess;
  protected readonly buffer = new WriteBuffer();
  readonly #memo: RowMemo;

  constructor(access: BodyAccess) {
    this.access = access;
    this.#memo = new RowMemo(async (shape, keys) => await access.engine.getMany(shape, keys));
  }

  async get<T extends AnyTable>(table: T, key: KeyOf<T>): Promise<Row<T> | undefined> {
    const [row] = await this.getMany(table, [key]);
    return row;
  }

  async getMany<T extends AnyTable>(
    table: T,
    keys: readonly KeyOf<T>[],
  ): Promise<readonly (Row<T> | undefined)[]> {
    const shape = this.shapeOf(table);
    const wanted = keys.map((key) => encodeKey(shape, key as Values));
    const writes = wanted.map((key) => this.buffer.get(shape, key));
    const unwritten = wanted.filter((_key, index) => writes[index] === undefined);
    const found = (await this.#memo.getMany(shape, unwritten)).values();
    return writes.map((write) => {
      const stored = write === undefined ? found.next().value : write.row;
      return stored === undefined ? undefined : (decodeRow(shape, stored) as Row<T>);
    });
  }

  async scan<T extends AnyTable>(table: T, scan: Scan<T>): Promise<readonly Row<T>[]> {
    const shape = this.shapeOf(table);
    const range = scanRangeOf(shape, scan);
    const written = this.buffer.keyInRange(shape, range);
    if (written !== undefined) {
      assert(
        false,
        `a body scans ${shape.name} before it writes there, got a write of ${JSON.stringify(written)}`,
      );
    }
    const rows = await this.access.engine.scan(shape, range);
    return rows.map((row) => decodeRow(shape, row) as Row<T>);
  }

  protected shapeOf(table: AnyTable): TableShape {
    this.access.scope.assertOpen();
    return this.access.shapes.of(table);
  }
}

/** The transaction a body is given: a reader that also buffers writes for one flush at the commit. */
export class BodyTransaction extends BodyReader implements Transaction {
  put<T extends AnyTable>(table: T, row: Row<T>): void {
    const shape = this.shapeOf(table);
    const values = row as Values;
    this.buffer.set(shape, { key: encodeKey(shape, values), row: encodeRow(shape, values) });
  }

  delete<T extends AnyTable>(table: T, key: KeyOf<T>): void {
    const shape = this.shapeOf(table);
    this.buffer.set(shape, { key: encodeKey(shape, key), row: undefined });
  }

  /** What the body wrote, for the engine to flush. */
  writes(): WriteBuffer {
    return this.buffer;
  }
}
