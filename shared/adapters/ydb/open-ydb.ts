import { limits } from "../../core/limits.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Migration } from "../../ports/migration.ts";
import type { Random } from "../../ports/random.ts";
import type { AnyTable, Store } from "../../ports/store.ts";
import { isLoopback } from "../../core/loopback.ts";
import { givenToken } from "./given-token.ts";
import { metadataToken } from "./metadata-token.ts";
import {
  migrate,
  planMigration,
  readStanding,
  type Migrated,
  type MigrateParts,
  type MigrateProgress,
} from "./migrate.ts";
import { openYdbStore } from "./open-store.ts";
import { openSchemaClient } from "./schema-client.ts";
import { schemaError } from "./schema-version.ts";
import type { TokenSource } from "./token-source.ts";

export interface YdbOptions {
  /** As `parseDatabaseAddress` reads it. */
  readonly address: string;
  readonly tables: readonly AnyTable[];
  readonly migrations: readonly Migration[];
  /** Where the credentials are, by the names that YDB's own programs give them. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Who calls, where the environment is not to say it. */
  readonly tokens?: TokenSource | undefined;
  readonly clock: Clock & Alarms;
  readonly random: Random;
}

/** A database: its state, and its schema. */
export interface YdbDatabase {
  readonly store: Store;
  /** What `migrate` would do. Throws STORE_SCHEMA_UNKNOWN where it would refuse. */
  planMigration(): Promise<Migrated>;
  /** Brings the schema to the newest migration; `report` hears of every statement. */
  migrate(report: (progress: MigrateProgress) => void): Promise<Migrated>;
  /**
   * Makes the schema where there is none at all. Throws STORE_SCHEMA_BEHIND or STORE_SCHEMA_UNKNOWN
   * where there is another one than the newest.
   */
  prepare(report: (progress: MigrateProgress) => void): Promise<void>;
  /** Resolves whatever happens, within a bounded time. */
  close(): Promise<void>;
}

/**
 * Opens a database; nothing connects before something is asked of it. Throws
 * STORE_ADDRESS_INVALID and STORE_TOKEN_INVALID.
 */
export function openYdb(options: YdbOptions): YdbDatabase {
  const { address: text, migrations, environment, clock, random } = options;
  const tokens = options.tokens ?? tokensFrom(environment, clock);
  const { store, connection, connected } = openYdbStore({ ...options, tokens });
  const schemaClient = openSchemaClient(connected);
  const pace = { operations: limits.ydbSchemaOperations, windowMs: limits.ydbSchemaWindowMs };
  const parts: MigrateParts = {
    ...{ database: text, connection, schemaClient, migrations, clock, random },
    // The quota is the cloud's; a database on this machine has none.
    pace: isLoopback(connected.address.endpoint) ? undefined : pace,
  };
  return {
    store,
    planMigration: async () => await planMigration(parts),
    migrate: async (report) => await migrate(parts, report),
    prepare: async (report) => {
      const standing = await readStanding(parts);
      if (standing.kind === "equal") return;
      if (standing.kind === "unknown" || standing.from > 0) throw schemaError(standing, text);
      await migrate(parts, report);
    },
    close: async () => {
      await schemaClient.close();
      await store.close();
    },
  };
}

/** Tokens by YDB's usual variables: a token itself, or the machine's own; nobody where neither is. */
function tokensFrom(
  environment: YdbOptions["environment"],
  clock: Clock & Alarms,
): TokenSource | undefined {
  const given = environment[TOKEN] ?? "";
  if (given !== "") return givenToken(given, TOKEN);
  return environment["YDB_METADATA_CREDENTIALS"] === "1" ? metadataToken({ clock }) : undefined;
}

const TOKEN = "YDB_ACCESS_TOKEN_CREDENTIALS";
