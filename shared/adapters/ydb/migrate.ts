import { assert } from "../../core/assert.ts";
import { tablesAfter, type Migration } from "../../ports/migration.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { AnyTable, Store } from "../../ports/store.ts";
import type { TableShape } from "../record/table-shape.ts";
import { addColumnText, createTableText } from "./ddl.ts";
import { YdbFailure, type FailureStatus } from "./failure.ts";
import { applyStatement, type SchemaClient } from "./schema-statement.ts";
import { SchemaPace, type Pace } from "./schema-pace.ts";
import {
  readSchemaVersion,
  recordSteps,
  schemaError,
  schemaVersionTable,
  standingOf,
  type PlannedStep,
  type SchemaStanding,
  type SchemaVersion,
} from "./schema-version.ts";
import type { Connection } from "./session.ts";
import { WrittenShapes } from "./written-by.ts";
import { createYdbStore } from "./ydb-store.ts";

/**
 * Brings a database's schema to the newest migration, one statement at a time.
 *
 * N1 Killed anywhere and run again, it goes on where it was: what is done is recorded step by step,
 *    and a step that was done and not recorded is found done.
 * N2 Several at once do no harm: every statement may be repeated, and the record moves only
 *    forward. Where one of them knows more migrations, the others stop at what they know.
 * N3 Statements keep under the database's quota of schema operations, and one that is refused for
 *    it waits.
 */
export interface MigrateParts {
  /** How messages name the database. */
  readonly database: string;
  readonly connection: Connection;
  readonly schemaClient: SchemaClient;
  readonly migrations: readonly Migration[];
  readonly clock: Clock & Alarms;
  readonly random: Random;
  /** The quota, or undefined for a database that has none. */
  readonly pace: Pace | undefined;
}

/** One statement of a migration under way. */
export interface MigrateProgress {
  /** Counted from 1. */
  readonly statement: number;
  readonly statements: number;
  readonly text: string;
  readonly state: "waiting" | "applied";
}

export interface Migrated {
  /** The version before and after; 0 stands for no schema at all. */
  readonly from: number;
  readonly to: number;
  /** The statements that were applied, or that would be. */
  readonly statements: readonly string[];
}

/** How the database stands to the migrations, with one point read; nothing of it changes. */
export async function readStanding(
  parts: Pick<MigrateParts, "connection" | "clock" | "random" | "migrations">,
): Promise<SchemaStanding> {
  const store = storeOf(parts, schemaVersionTable);
  return standingOf(await foundVersion(store), parts.migrations);
}

/** What `migrate` would do. Throws STORE_SCHEMA_UNKNOWN where it would refuse. */
export async function planMigration(parts: MigrateParts): Promise<Migrated> {
  const standing = await readStanding(parts);
  const to = parts.migrations.length;
  switch (standing.kind) {
    case "equal":
      return { from: to, to, statements: [] };
    case "unknown":
      throw schemaError(standing, parts.database);
    case "behind":
      return { from: standing.from, to, statements: textsOf(parts.migrations, standing) };
  }
}

/** Applies what is missing; `report` hears of every statement. */
export async function migrate(
  parts: MigrateParts,
  report: (progress: MigrateProgress) => void,
): Promise<Migrated> {
  const plan = await planMigration(parts);
  const pace = new SchemaPace(parts.clock, parts.pace);
  const store = storeOf(parts, schemaVersionTable);
  const applied: string[] = [];
  const apply = async (text: string, isDone: () => Promise<boolean>): Promise<void> => {
    const place = { statement: applied.length + 1, statements: plan.statements.length, text };
    const waits = (): void => report({ ...place, state: "waiting" });
    await applyStatement(parts, { text, isDone, pace, waits });
    applied.push(text);
    report({ ...place, state: "applied" });
  };

  let version = await foundVersion(store);
  const [first] = parts.migrations;
  if (version === undefined && first !== undefined) {
    await apply(versionTableText(), async () => await answers(parts, schemaVersionTable));
    version = await store.transact("schema-step", async (tx) => await recordSteps(tx, first, 0));
  }
  for (;;) {
    const standing = standingOf(version, parts.migrations);
    if (standing.kind === "unknown") throw schemaError(standing, parts.database);
    if (standing.kind === "equal") return { from: plan.from, to: plan.to, statements: applied };
    const [next] = standing.missing;
    assert(next !== undefined, "who is behind lacks a step");
    version = await takeStep(parts, next, { store, apply });
  }
}

interface Taking {
  readonly store: Store;
  readonly apply: (text: string, isDone: () => Promise<boolean>) => Promise<void>;
}

/** Does one step, makes sure of it, and records it; resolves to the version that is recorded then. */
async function takeStep(
  parts: MigrateParts,
  planned: PlannedStep,
  { store, apply }: Taking,
): Promise<SchemaVersion> {
  const table = tableAfter(parts.migrations, planned);
  const isDone = async (): Promise<boolean> => await answers(parts, table);
  // A column is added once; a table may be made as often as one likes.
  const skip = planned.step.kind === "addColumn" && (await isDone());
  if (!skip) await apply(textOf(parts.migrations, planned), isDone);
  if (!(await isDone())) {
    const why = `its table ${table.name} was there before, with other columns`;
    throw schemaError({ kind: "unknown", why }, parts.database);
  }
  const { migration, index } = planned;
  return await store.transact(
    "schema-step",
    async (tx) => await recordSteps(tx, migration, index + 1),
  );
}

/** The statements that are missing, in order. */
function textsOf(
  migrations: readonly Migration[],
  standing: Extract<SchemaStanding, { readonly kind: "behind" }>,
): readonly string[] {
  const texts = standing.missing.map((planned) => textOf(migrations, planned));
  return standing.from === 0 ? [versionTableText(), ...texts] : texts;
}

function versionTableText(): string {
  return createTableText(shapeOf(schemaVersionTable));
}

function textOf(migrations: readonly Migration[], planned: PlannedStep): string {
  const shape = shapeOf(tableAfter(migrations, planned));
  const { step } = planned;
  if (step.kind === "createTable") return createTableText(shape);
  const column = shape.columns.find(({ name }) => name === step.column);
  assert(column !== undefined, `${shape.name} has ${step.column} once it was added`);
  return addColumnText(shape, column);
}

/** The table that a step makes or changes, as it is right after the step. */
function tableAfter(
  migrations: readonly Migration[],
  { migration, index, step }: PlannedStep,
): AnyTable {
  const before = migrations.slice(0, migration.number - 1).flatMap(({ steps }) => steps);
  const made = tablesAfter([...before, ...migration.steps.slice(0, index + 1)]);
  const name = step.kind === "createTable" ? step.table.name : step.table;
  const table = made.find((candidate) => candidate.name === name);
  assert(table !== undefined, `${name} is there after a step of it`);
  return table;
}

function shapeOf(table: AnyTable): TableShape {
  const [shape] = new WrittenShapes([table]).all;
  assert(shape !== undefined, "a table has a shape");
  return shape;
}

/**
 * Whether the database has a table with all these columns: it then answers a point read of them.
 * No description of the table is asked for, because that counts as a schema operation.
 */
async function answers(
  parts: Pick<MigrateParts, "connection" | "clock" | "random">,
  table: AnyTable,
): Promise<boolean> {
  const key = Object.fromEntries(
    shapeOf(table).key.map(({ name, type }) => [name, type === "text" ? "" : 0]),
  );
  try {
    await storeOf(parts, table).snapshot(async (reader) => await reader.get(table, key));
    return true;
  } catch (error) {
    if (isUnknownToServer(error)) return false;
    throw error;
  }
}

async function foundVersion(store: Store): Promise<SchemaVersion | undefined> {
  try {
    return await store.snapshot(readSchemaVersion);
  } catch (error) {
    if (statusOf(error) === "SCHEME_ERROR") return undefined;
    throw error;
  }
}

/** Whether the database refused a read of ours for what it names: a table or a column it lacks. */
function isUnknownToServer(error: unknown): boolean {
  const status = statusOf(error);
  return status === "SCHEME_ERROR" || status === "GENERIC_ERROR";
}

function statusOf(error: unknown): FailureStatus | undefined {
  const failure = error instanceof Error && error.cause instanceof YdbFailure ? error.cause : error;
  return failure instanceof YdbFailure ? failure.status : undefined;
}

/** One table of the database, whatever its schema; closing it is the connection's owner's. */
function storeOf(
  { connection, clock, random }: Pick<MigrateParts, "connection" | "clock" | "random">,
  table: AnyTable,
): Store {
  const checkSchema = async (): Promise<void> => await Promise.resolve();
  return createYdbStore({ connection, clock, random, tables: [table], checkSchema });
}
