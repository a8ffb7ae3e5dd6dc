import { Command } from "commander";
import { openDatabase } from "../../infra/local/wiring.ts";
import type { Migrated, SchemaProgress } from "../../infra/local/wiring.ts";
import { OrreryError } from "../../shared/core/errors.ts";
import { counted } from "../one-line.ts";
import { jsonOption, storeOf, storeOption } from "../options.ts";
import { printJson, type Terminal } from "../terminal.ts";

interface MigrateOptions {
  readonly store?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

/** `orrery migrate`: brings a database's schema to what this version works with. */
export function migrateCommand(terminal: Terminal): Command {
  return new Command("migrate")
    .summary("make or renew the schema of a YDB database")
    .description(
      "Brings the schema of a YDB database to what this version works with: it only ever adds " +
        "tables and columns. It may be killed and run again, and run while a platform runs. The " +
        "SQLite of a data directory needs none of it.",
    )
    .addOption(storeOption())
    .option("--dry-run", "print the statements, and change nothing")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      "\nExamples:\n  orrery migrate --store ydb://localhost:2136/local --dry-run\n" +
        "  orrery migrate --store ydb://localhost:2136/local",
    )
    .action(async (options: MigrateOptions) => await migrate(terminal, options));
}

async function migrate(terminal: Terminal, options: MigrateOptions): Promise<void> {
  const { dryRun = false, json = false } = options;
  const store = storeOf(options);
  if (store === undefined) {
    throw new OrreryError(
      "USAGE",
      "Nothing was changed: name a YDB database with --store or ORRERY_STORE. " +
        "The SQLite of a data directory grows by itself",
    );
  }
  const database = await openDatabase(store);
  try {
    const done = dryRun
      ? await database.planMigration()
      : await database.migrate((progress) => tell(terminal, progress));
    if (json) printJson(terminal, { store, ...done, dryRun });
    else print(terminal, { store, ...done, dryRun });
  } finally {
    await database.close();
  }
}

interface Outcome extends Migrated {
  readonly store: string;
  readonly dryRun: boolean;
}

function print(terminal: Terminal, { store, from, to, statements, dryRun }: Outcome): void {
  if (statements.length === 0) {
    terminal.out(`${store} is at version ${to} of its schema: there is nothing to do.`);
    return;
  }
  const way = from === 0 ? `version ${to}` : `version ${to}, from ${from}`;
  if (!dryRun) {
    terminal.out(
      `${store} is at ${way} of its schema: ${counted(statements.length, "statement")}.`,
    );
    return;
  }
  for (const statement of statements) terminal.out(statement);
  terminal.err(`${counted(statements.length, "statement")} would bring ${store} to ${way}.`);
}

/** A line for each statement, beside the result. */
function tell(terminal: Terminal, { statement, statements, text, state }: SchemaProgress): void {
  const waits = state === "waiting" ? "waits for the database's quota: " : "";
  const [what = text] = text.split(" (", 1);
  terminal.err(`${statement}/${statements} ${waits}${what}`);
}
