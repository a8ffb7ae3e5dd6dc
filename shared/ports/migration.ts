import { assert } from "../core/assert.ts";
import type { AnyTable } from "./store.ts";
import type { ColumnType } from "./table.ts";

/**
 * One statement's worth of change. Steps only ever add, so rows that are there stay readable:
 * a row from before a column was added reads it as its empty value.
 */
export type MigrationStep =
  | { readonly kind: "createTable"; readonly table: AnyTable }
  | {
      readonly kind: "addColumn";
      /** The table's name; an earlier step made it. */
      readonly table: string;
      readonly column: string;
      readonly type: ColumnType;
    };

/**
 * One step from schema to schema, for an engine that does not grow its schema by itself. A
 * database is at the version that is the number of the last migration applied to it.
 */
export interface Migration {
  /** Counted from 1, without gaps. */
  readonly number: number;
  /**
   * Stands for this migration and all before it. A database remembers it, so one that was made by
   * another migration of the same number is told from one that was made by this.
   */
  readonly digest: string;
  readonly steps: readonly MigrationStep[];
}

/** The tables that steps make, in the order of their making. */
export function tablesAfter(steps: readonly MigrationStep[]): readonly AnyTable[] {
  const made = new Map<string, AnyTable>();
  for (const step of steps) {
    if (step.kind === "createTable") {
      assert(!made.has(step.table.name), `${step.table.name} is created once`);
      made.set(step.table.name, step.table);
    } else {
      made.set(step.table, withColumn(made.get(step.table), step));
    }
  }
  return [...made.values()];
}

function withColumn(
  table: AnyTable | undefined,
  step: Extract<MigrationStep, { readonly kind: "addColumn" }>,
): AnyTable {
  assert(table !== undefined, `${step.table} is created before it gets ${step.column}`);
  const columns = table.columns as Readonly<Record<string, ColumnType>>;
  assert(!Object.hasOwn(columns, step.column), `${table.name} gets ${step.column} once`);
  return { ...table, columns: { ...columns, [step.column]: step.type } };
}
