import type { TableShape } from "../record/table-shape.ts";

/** Makes something of a table once, and keeps it as long as the table's shape is in use. */
export function memoByShape<T>(make: (shape: TableShape) => T): (shape: TableShape) => T {
  const made = new WeakMap<TableShape, { readonly value: T }>();
  return (shape) => {
    let entry = made.get(shape);
    if (entry === undefined) made.set(shape, (entry = { value: make(shape) }));
    return entry.value;
  };
}
