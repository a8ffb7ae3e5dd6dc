import { assert } from "../core/assert.ts";
import { digest } from "../core/ids.ts";
import { tablesAfter, type Migration, type MigrationStep } from "../ports/migration.ts";
import type { AnyTable } from "../ports/store.ts";
import type { ColumnType } from "../ports/table.ts";
import { tables } from "./tables.ts";

/**
 * How a database that does not grow by itself comes to hold `tables`: YDB, by `orrery migrate`.
 *
 * G1 A released migration never changes. It stands here as data of its own that refers to nothing
 *    in `tables.ts`, and a test pins its digest.
 * G2 What `tables` has beyond the released migrations is the next one, worked out here and not
 *    written by hand. So all migrations together make exactly `tables`, and a change that does not
 *    only add does not load.
 * G3 While a migration is unreleased it follows `tables`, and a database made by an earlier form
 *    of it is not of this version. Its digest says so: such a database is refused, never used as
 *    if it had tables that it lacks.
 *
 * A release freezes the migration that is under way: its steps are written out in `RELEASED`, with
 * the definitions that `tables.ts` has then, and its digest goes into the test. A test fails where
 * the package's version rises past `UNRELEASED_SINCE` while one is left unfrozen.
 */

/** The steps of every released migration, the first one first. */
const RELEASED: readonly (readonly MigrationStep[])[] = [];

/** The package's version that was current when the migration under way was begun. */
export const UNRELEASED_SINCE = "0.1.0";

/** Every migration there is, in order; those behind `releasedCount` still follow `tables`. */
export const migrations: readonly Migration[] = numbered([...RELEASED, ...unreleased()]);

export const releasedCount = RELEASED.length;

function unreleased(): readonly (readonly MigrationStep[])[] {
  const steps = additionsTo(tablesAfter(RELEASED.flat()), tables);
  return steps.length === 0 ? [] : [steps];
}

/** Gives each migration its number, and a digest of it and all before it. */
export function numbered(migrationSteps: readonly (readonly MigrationStep[])[]): Migration[] {
  let before = "";
  return migrationSteps.map((steps, index) => {
    before = digest([before, ...steps.map(textOf)], 16);
    return { number: index + 1, digest: before, steps };
  });
}

/** The steps from some tables to others; throws where they would have to do more than add. */
export function additionsTo(
  from: readonly AnyTable[],
  to: readonly AnyTable[],
): readonly MigrationStep[] {
  for (const { name } of from) {
    assert(
      to.some((table) => table.name === name),
      `${name} stays: no migration removes a table`,
    );
  }
  return to.flatMap((table): readonly MigrationStep[] => {
    const before = from.find(({ name }) => name === table.name);
    return before === undefined
      ? [{ kind: "createTable", table }]
      : addedColumns(before, table).map(([column, type]) => ({
          kind: "addColumn",
          table: table.name,
          column,
          type,
        }));
  });
}

function addedColumns(
  before: AnyTable,
  after: AnyTable,
): readonly (readonly [string, ColumnType])[] {
  const { name } = after;
  assert(before.key.join() === after.key.join(), `${name} keeps its key: no migration changes one`);
  const had = new Map(columnsOf(before));
  const has = new Map(columnsOf(after));
  for (const [column, type] of had) {
    assert(has.get(column) === type, `${name}.${column} stays, and stays of type ${type}`);
  }
  return [...has].filter(([column]) => !had.has(column));
}

function columnsOf(table: AnyTable): readonly (readonly [string, ColumnType])[] {
  return Object.entries(table.columns as Readonly<Record<string, ColumnType>>);
}

/**
 * All that a step says of what a table holds, as one text. How the table is spread is not in it:
 * that tells nobody what may be read or written.
 */
function textOf(step: MigrationStep): string {
  if (step.kind === "addColumn") {
    return JSON.stringify(["addColumn", step.table, step.column, step.type]);
  }
  const { name, key } = step.table;
  return JSON.stringify(["createTable", name, columnsOf(step.table), key]);
}
