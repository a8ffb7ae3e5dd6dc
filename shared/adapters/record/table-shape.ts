import { assert } from "../../core/assert.ts";
import type { AnyTable } from "../../ports/store.ts";
import type { ColumnType, TableLayout } from "../../ports/table.ts";

export interface ColumnShape {
  readonly name: string;
  readonly type: ColumnType;
}

/** A table as an engine works with it: the definition checked, its columns in a fixed order. */
export interface TableShape {
  readonly name: string;
  readonly columns: readonly ColumnShape[];
  /** The leading columns' order is the rows' order. */
  readonly key: readonly ColumnShape[];
  /** The columns outside the key. */
  readonly rest: readonly ColumnShape[];
  readonly expiry: ColumnShape | undefined;
  readonly layout: TableLayout;
}

/** What every engine accepts unquoted, and what cannot be mistaken for anything else in a message. */
const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** The tables of one store, found by their definition. */
export class TableShapes {
  readonly all: readonly TableShape[];
  readonly #byTable: ReadonlyMap<AnyTable, TableShape>;

  /** Throws where a definition cannot be a table; that is a bug in the definition. */
  constructor(tables: readonly AnyTable[]) {
    this.#byTable = new Map(tables.map((table) => [table, shapeOf(table)]));
    this.all = [...this.#byTable.values()];
    const names = new Set(this.all.map((shape) => shape.name));
    assert(names.size === tables.length, "every table of a store has its own name");
  }

  of(table: AnyTable): TableShape {
    const shape = this.#byTable.get(table);
    if (shape !== undefined) return shape;
    throw new Error(`Invariant broken: the store was opened with table ${table.name}`);
  }
}

function shapeOf(table: AnyTable): TableShape {
  const types = table.columns as Readonly<Record<string, ColumnType>>;
  const columns = Object.entries(types).map(([name, type]) => ({ name, type }));
  for (const name of [table.name, ...Object.keys(types)]) {
    assert(NAME.test(name), `${table.name}: ${name} is a name of a-z, 0-9 and _`);
  }

  const key = table.key.map((name) => {
    const column = columns.find((candidate) => candidate.name === name);
    assert(column !== undefined, `${table.name}: key column ${name} is a column`);
    assert(
      column.type === "text" || column.type === "int",
      `${table.name}: key column ${name} is text or int`,
    );
    return column;
  });
  assert(key.length > 0, `${table.name} has a key`);
  assert(new Set(key).size === key.length, `${table.name} names a key column once`);

  const expiries = columns.filter((column) => column.type === "expiry");
  assert(expiries.length <= 1, `${table.name} has at most one expiry column`);
  const rest = columns.filter((column) => !key.includes(column));
  const layout = checkedLayout(table, key[0]);
  return { name: table.name, columns, key, rest, expiry: expiries[0], layout };
}

function checkedLayout(table: AnyTable, first: ColumnShape | undefined): TableLayout {
  const { layout = {} } = table;
  const { splitAt = [] } = layout;
  assert(
    splitAt.length === 0 || first?.type === "int",
    `${table.name} is cut by its first key column, an int`,
  );
  assert(
    splitAt.every(
      (at, index) => Number.isSafeInteger(at) && at > (splitAt[index - 1] ?? -Infinity),
    ),
    `${table.name} is cut at ascending integers, got ${splitAt.join(", ")}`,
  );
  return layout;
}
