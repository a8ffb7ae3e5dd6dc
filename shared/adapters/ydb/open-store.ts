import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Log } from "../../ports/log.ts";
import type { Migration } from "../../ports/migration.ts";
import type { Random } from "../../ports/random.ts";
import type { AnyTable, Store } from "../../ports/store.ts";
import { type ConnectionOptions, openConnection } from "./connection.ts";
import { parseDatabaseAddress } from "./database-address.ts";
import { YdbFailure } from "./failure.ts";
import { checkSchema, schemaBehind, schemaVersionTable } from "./schema-version.ts";
import type { Connection } from "./session.ts";
import type { TokenSource } from "./token-source.ts";
import { createYdbStore } from "./ydb-store.ts";

export interface YdbStoreOptions {
  /** As `parseDatabaseAddress` reads it. */
  readonly address: string;
  readonly tables: readonly AnyTable[];
  /** What the database's schema has to have come through. */
  readonly migrations: readonly Migration[];
  /** Who calls; nobody unless given, as a local database has it. */
  readonly tokens?: TokenSource | undefined;
  readonly clock: Clock & Alarms;
  readonly random: Random;
  readonly log?: Log | undefined;
}

/** A database's state, and what it is reached by. */
export interface OpenedStore {
  readonly store: Store;
  readonly connection: Connection;
  readonly connected: ConnectionOptions;
}

/**
 * Opens the state of a database, without what changes its schema: that needs other services of the
 * SDK. Nothing connects before something is asked of it. Throws STORE_ADDRESS_INVALID.
 */
export function openYdbStore(options: YdbStoreOptions): OpenedStore {
  const { address: text, tables, migrations, tokens, clock, random, log } = options;
  const connected = { address: parseDatabaseAddress(text), tokens, clock, log };
  const connection = openConnection(connected);
  const store = createYdbStore({
    ...{ connection, clock, random },
    tables: [...tables, schemaVersionTable],
    checkSchema: checkSchema(migrations, text),
  });
  return { store: withoutSchemaTold(store, text), connection, connected };
}

/** The same store, but for the error of a database that lacks even the table that the check reads. */
function withoutSchemaTold(store: Store, address: string): Store {
  const told = async <T>(call: () => Promise<T>): Promise<T> => {
    try {
      return await call();
    } catch (error) {
      throw lacksVersionTable(error) ? schemaBehind(0, address) : error;
    }
  };
  return {
    transact: async (label, body) => await told(async () => await store.transact(label, body)),
    snapshot: async (body) => await told(async () => await store.snapshot(body)),
    close: async () => await store.close(),
  };
}

function lacksVersionTable(error: unknown): boolean {
  if (!(error instanceof Error && error.cause instanceof YdbFailure)) return false;
  const { status, message } = error.cause;
  return status === "SCHEME_ERROR" && message.includes(schemaVersionTable.name);
}
