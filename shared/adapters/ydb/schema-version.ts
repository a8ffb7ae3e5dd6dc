import { OrreryError } from "../../core/errors.ts";
import type { Migration, MigrationStep } from "../../ports/migration.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { defineTable } from "../../ports/table.ts";

/**
 * At which version a database's schema is: one row, written by `orrery migrate` after each step,
 * read once by whoever connects.
 *
 * V1 Only an equal schema is worked with: every step of the newest migration we know, and none of
 *    a newer one. So the answer does not depend on what happens to be read first.
 * V2 The row only ever moves forward, and it moves behind the step that it tells of: a step that
 *    it does not tell of yet is taken again, which is harmless.
 */
export const schemaVersionTable = defineTable(
  "schema_version",
  { name: "text", number: "int", digest: "text", steps: "int" },
  ["name"],
);

/** Raised when databases of an older layout, such as columns of other types, cannot be read. */
const LAYOUT = 1;

const KEY = { name: "schema" } as const;

/** The migration that was applied last, or is being applied, and how many of its steps are done. */
export interface SchemaVersion {
  readonly number: number;
  readonly digest: string;
  readonly steps: number;
}

/** A step of a migration, with its place in it. */
export interface PlannedStep {
  readonly migration: Migration;
  /** Counted from 0. */
  readonly index: number;
  readonly step: MigrationStep;
}

/** How a database stands to the migrations that this program knows. */
export type SchemaStanding =
  | { readonly kind: "equal" }
  /** These steps are missing; where `from` is 0 the database has no schema at all. */
  | { readonly kind: "behind"; readonly from: number; readonly missing: readonly PlannedStep[] }
  | { readonly kind: "unknown"; readonly why: string };

/** The row of a database that has the table, with one point read. Undefined while it has none. */
export async function readSchemaVersion(reader: Reader): Promise<SchemaVersion | undefined> {
  return await reader.get(schemaVersionTable, KEY);
}

/** Compares what a database has with what this program knows. */
export function standingOf(
  found: SchemaVersion | undefined,
  migrations: readonly Migration[],
): SchemaStanding {
  if (found === undefined) return standingFrom(migrations, 0, 0);
  const { number, digest, steps } = found;
  const known = migrations[number - 1];
  if (known === undefined) {
    const why = `its schema is at version ${number}, and this program knows ${migrations.length}`;
    return { kind: "unknown", why };
  }
  if (digest !== digestOf(known) || steps > known.steps.length) {
    const why = `its schema is at another version ${number} than this program's`;
    return { kind: "unknown", why };
  }
  return standingFrom(migrations, number, steps);
}

function standingFrom(
  migrations: readonly Migration[],
  number: number,
  steps: number,
): SchemaStanding {
  const missing = migrations.flatMap((migration) =>
    migration.steps
      .map((step, index): PlannedStep => ({ migration, index, step }))
      .filter(({ index }) =>
        migration.number === number ? index >= steps : migration.number > number,
      ),
  );
  return missing.length === 0 ? { kind: "equal" } : { kind: "behind", from: number, missing };
}

/**
 * Records how many steps of a migration are done, unless the row tells of more already: of another
 * migrate that runs at the same time. Resolves to what the row says then.
 */
export async function recordSteps(
  tx: Transaction,
  migration: Migration,
  steps: number,
): Promise<SchemaVersion> {
  const found = await readSchemaVersion(tx);
  const done = { number: migration.number, digest: digestOf(migration), steps };
  if (found !== undefined && !isBefore(found, done)) return found;
  tx.put(schemaVersionTable, { ...KEY, ...done });
  return done;
}

function isBefore(a: SchemaVersion, b: SchemaVersion): boolean {
  return a.number === b.number ? a.steps < b.steps : a.number < b.number;
}

function digestOf(migration: Migration): string {
  return `${LAYOUT}.${migration.digest}`;
}

/**
 * The check that a store makes when it first connects. Its one read fails where the database does
 * not even have the table; `schemaBehind` is the error for that too.
 */
export function checkSchema(
  migrations: readonly Migration[],
  database: string,
): (reader: Reader) => Promise<void> {
  return async (reader) => {
    const standing = standingOf(await readSchemaVersion(reader), migrations);
    if (standing.kind !== "equal") throw schemaError(standing, database);
  };
}

/** Why a database in this standing is not worked with, and what to do about it. */
export function schemaError(
  standing: Exclude<SchemaStanding, { readonly kind: "equal" }>,
  database: string,
): OrreryError {
  if (standing.kind === "behind") return schemaBehind(standing.from, database);
  return new OrreryError(
    "STORE_SCHEMA_UNKNOWN",
    `The database ${database} was not made by this version or an older one: ${standing.why}. ` +
      "It is left as it is; use the program that made it, or another database.",
  );
}

/** The error for a database that lacks steps, or all of them where `from` is 0. */
export function schemaBehind(from: number, database: string): OrreryError {
  const has = from === 0 ? "no schema yet" : `only part of its schema: it is at version ${from}`;
  return new OrreryError(
    "STORE_SCHEMA_BEHIND",
    `The database ${database} has ${has}. Nothing was read or written: run ` +
      `\`orrery migrate --store '${database}'\` first.`,
  );
}
