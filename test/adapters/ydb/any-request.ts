import fc from "fast-check";
import { encodeKey, encodeRow } from "../../../shared/adapters/record/row-codec.ts";
import { scanRangeOf } from "../../../shared/adapters/record/scan-range.ts";
import type { TableShape } from "../../../shared/adapters/record/table-shape.ts";
import { WriteBuffer } from "../../../shared/adapters/record/write-buffer.ts";
import type { Read } from "../../../shared/adapters/ydb/read-statements.ts";
import { WrittenShapes } from "../../../shared/adapters/ydb/written-by.ts";
import type { AnyTable, Scan } from "../../../shared/ports/store.ts";
import type { ColumnType } from "../../../shared/ports/table.ts";

/** Whatever a body may read and write, as the store hands it to the statements. */

type Values = Readonly<Record<string, unknown>>;

function anyValue(type: ColumnType): fc.Arbitrary<unknown> {
  switch (type) {
    case "text":
      return fc.string({ unit: "grapheme", maxLength: 5 }).filter((text) => !text.includes("\0"));
    case "int":
      return fc.integer({ min: -3, max: 3 });
    case "expiry":
      return fc.option(fc.maxSafeNat());
    case "json":
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function anyRow(shape: TableShape): fc.Arbitrary<Values> {
  return fc.record(
    Object.fromEntries(shape.columns.map(({ name, type }) => [name, anyValue(type)])),
  );
}

/** Every form that a scan can have, around two rows of the table. */
function anyScan(shape: TableShape): fc.Arbitrary<Scan<AnyTable>> {
  const given = {
    row: anyRow(shape),
    other: anyRow(shape),
    depth: fc.nat(shape.key.length - 1),
    hasFrom: fc.boolean(),
    hasTo: fc.boolean(),
    hasAfter: fc.boolean(),
    order: fc.constantFrom("ascending" as const, "descending" as const),
    limit: fc.integer({ min: 1, max: 900 }),
  };
  return fc.record(given).map(({ row, other, depth, hasFrom, hasTo, hasAfter, order, limit }) => {
    const fixed = shape.key.slice(0, depth).map(({ name }) => [name, row[name]] as const);
    const next = shape.key[depth]?.name ?? "";
    const prefix = Object.fromEntries(fixed);
    return {
      prefix,
      order,
      limit,
      ...(hasFrom && { from: row[next] as string | number }),
      ...(hasTo && { to: other[next] as string | number }),
      ...(hasAfter && { after: { ...other, ...prefix } }),
    };
  });
}

/** A get or a scan of one of the tables. */
export function anyRead(tables: readonly AnyTable[]): fc.Arbitrary<Read> {
  const written = new WrittenShapes(tables);
  return fc.constantFrom(...written.shapes.all).chain((plain) => {
    const shape = written.of(plain);
    return fc.oneof(
      anyRow(plain).map((row): Read => ({ kind: "get", shape, key: encodeKey(shape, row) })),
      anyScan(plain).map((scan): Read => ({
        kind: "scan",
        shape,
        range: scanRangeOf(shape, scan),
      })),
    );
  });
}

/** Puts and deletes in some of the tables, signed as the store signs them. */
export function anyWrites(tables: readonly AnyTable[]): fc.Arbitrary<WriteBuffer> {
  const written = new WrittenShapes(tables);
  const anyWrite = fc
    .constantFrom(...written.shapes.all)
    .chain((shape) => fc.tuple(fc.constant(shape), anyRow(shape), fc.boolean()));
  return fc.array(anyWrite, { maxLength: 30 }).map((writes) => {
    const buffer = new WriteBuffer();
    for (const [shape, row, isPut] of writes) {
      const stored = isPut ? encodeRow(shape, row) : undefined;
      buffer.set(shape, { key: encodeKey(shape, row), row: stored });
    }
    return written.signed(buffer, "writer");
  });
}
