import { limits } from "../../core/limits.ts";
import type { AnyTable } from "../../ports/store.ts";
import type { ScanRange } from "../record/scan-range.ts";
import type { ColumnShape, TableShape } from "../record/table-shape.ts";
import { type Write, WriteBuffer } from "../record/write-buffer.ts";
import { addColumnText, createTableText } from "./ddl.ts";
import { COMMIT_ONLY, flushQueries } from "./flush-statements.ts";
import { planReads, type Read, readQuery } from "./read-statements.ts";
import { WrittenShapes } from "./written-by.ts";

/**
 * Every statement that can be sent for these tables, each as a request of its own: what makes the
 * tables, what reads and writes them, and a commit of nothing. The order follows from the tables.
 * A request of several statements is some of these behind each other: all declarations stand in
 * front then, and the parameters are numbered through.
 */
export function allStatements(tables: readonly AnyTable[]): readonly string[] {
  const { shapes, all } = new WrittenShapes(tables);
  return [
    ...all.map(createTableText),
    ...shapes.all.flatMap((shape) => shape.rest.map((column) => addColumnText(shape, column))),
    ...all.flatMap((shape) =>
      [aGet(shape), ...everyScan(shape)].flatMap((read) => textsOf([read])),
    ),
    ...all.flatMap((shape) => [...flushTexts([shape], aPut), ...flushTexts([shape], aDelete)]),
    COMMIT_ONLY.text,
  ];
}

/** Some requests of several statements, of the first three tables and of the widest. */
export function sampleRequests(tables: readonly AnyTable[]): readonly string[] {
  const { all } = new WrittenShapes(tables);
  const first = all.slice(0, 3);
  const widest = all.toSorted((a, b) => b.columns.length - a.columns.length).slice(0, 1);
  const most = Array.from({ length: limits.ydbReadsPerRequest });
  return [
    ...textsOf([...first.slice(0, 2).map(aGet), ...first.slice(-1).flatMap(everyScan).slice(-1)]),
    ...textsOf(widest.flatMap((shape) => most.map(() => aGet(shape)))),
    ...flushTexts(first, aPut, aDelete),
  ];
}

type WriteOf = (shape: TableShape) => Write;

function textsOf(reads: readonly Read[]): readonly string[] {
  return planReads(reads).map((part) => readQuery(part).text);
}

function flushTexts(
  shapes: readonly TableShape[],
  ...verbs: readonly WriteOf[]
): readonly string[] {
  const writes = new WriteBuffer();
  for (const shape of shapes) for (const verb of verbs) writes.set(shape, verb(shape));
  return flushQueries(writes).map(({ text }) => text);
}

function aGet(shape: TableShape): Read {
  return { kind: "get", shape, key: shape.key.map(valueOf) };
}

/** One scan of each form that `scanRangeOf` gives a table. */
function everyScan(shape: TableShape): readonly Read[] {
  return shape.key.flatMap((_, length) => {
    const prefix = shape.key.slice(0, length).map(valueOf);
    const open = shape.key.slice(length).map(valueOf);
    const inclusive = { values: open.slice(0, 1), kind: "inclusive" } as const;
    const cursor = { values: open, kind: "cursor" } as const;
    const range = (given: Pick<ScanRange, "lower" | "upper" | "order">): Read => ({
      kind: "scan",
      shape,
      range: { prefix, limit: 1, ...given },
    });
    // A cursor is where a scan goes on: at its lower end or at its upper one, as the order says.
    return [undefined, inclusive, cursor].flatMap((begin) =>
      [undefined, inclusive].flatMap((end) => [
        range({ lower: begin, upper: end, order: "ascending" }),
        range({ lower: end, upper: begin, order: "descending" }),
      ]),
    );
  });
}

// A put and a delete of one table are of two keys, or the later would be all that is left.
function aPut(shape: TableShape): Write {
  const row = Object.fromEntries(shape.columns.map((column) => [column.name, valueOf(column)]));
  return { key: shape.key.map(valueOf), row };
}

function aDelete(shape: TableShape): Write {
  return { key: shape.key.map((column) => (column.type === "text" ? "other" : 1)), row: undefined };
}

/** Any value of the column: none of them shows in a text. */
function valueOf(column: ColumnShape): string | number {
  return column.type === "text" || column.type === "json" ? "" : 0;
}
