import { assert } from "../../core/assert.ts";
import type { AnyTable } from "../../ports/store.ts";
import type { ColumnType } from "../../ports/table.ts";
import type { StoredRow } from "../record/row-codec.ts";
import { type TableShape, TableShapes } from "../record/table-shape.ts";
import { WriteBuffer } from "../record/write-buffer.ts";

/**
 * Every row here says which transaction wrote it, in a column that only this engine sees. It is
 * what proves, once the answer to a commit was lost, whether the commit happened (Y3). It costs no
 * row and no request: some 20 bytes ride along with a row that is written anyway.
 */
const WRITTEN_BY = "written_by";

/** A table as the database has it. */
export function withWriter(table: AnyTable): AnyTable {
  const columns = table.columns as Readonly<Record<string, ColumnType>>;
  assert(!(WRITTEN_BY in columns), `${table.name} leaves the name ${WRITTEN_BY} to the engine`);
  return { ...table, columns: { ...columns, [WRITTEN_BY]: "text" } };
}

/** The tables of a store, and each as the database has it. */
export class WrittenShapes {
  readonly shapes: TableShapes;
  /** As the database has them. */
  readonly all: readonly TableShape[];
  readonly #written: ReadonlyMap<TableShape, TableShape>;

  constructor(tables: readonly AnyTable[]) {
    this.shapes = new TableShapes(tables);
    const written = tables.map(withWriter);
    const shapes = new TableShapes(written);
    this.all = shapes.all;
    this.#written = new Map(
      tables.map((table, index) => [this.shapes.of(table), shapes.of(written[index] ?? table)]),
    );
  }

  of(shape: TableShape): TableShape {
    const written = this.#written.get(shape);
    assert(written !== undefined, `the store was opened with table ${shape.name}`);
    return written;
  }

  /** The writes of a body in the database's shapes, in the order of the tables, signed by `writer`. */
  signed(writes: WriteBuffer, writer: string): WriteBuffer {
    const byShape = new Map(writes.entries());
    const signed = new WriteBuffer();
    for (const shape of this.shapes.all) {
      for (const { key, row } of byShape.get(shape) ?? []) {
        signed.set(this.of(shape), { key, row: row && { ...row, [WRITTEN_BY]: writer } });
      }
    }
    return signed;
  }
}

/** Who wrote a row; undefined where there is none. */
export function writerOf(row: StoredRow | undefined): string | undefined {
  return row === undefined ? undefined : String(row[WRITTEN_BY] ?? "");
}
