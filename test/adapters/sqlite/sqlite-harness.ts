import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  openSqliteStore,
  type SqliteStore,
  type SqliteStoreOptions,
} from "../../../shared/adapters/sqlite/sqlite-store.ts";
import type { StoreHarness } from "../../contract/store.ts";

/** A store file in a folder of its own. */
export interface SqliteHarness extends StoreHarness {
  readonly path: string;
  open(given?: Partial<SqliteStoreOptions>): Promise<SqliteStore>;
}

export function makeSqliteHarness(tables: SqliteStoreOptions["tables"]): SqliteHarness {
  const folder = mkdtempSync(join(tmpdir(), "orrery-store-"));
  const path = join(folder, "data", "orrery.db");
  const stores: SqliteStore[] = [];
  return {
    path,
    open: (given = {}) => {
      const store = openSqliteStore({ path, tables, ...given });
      stores.push(store);
      return Promise.resolve(store);
    },
    dispose: async () => {
      await Promise.all(stores.map(async (store) => await store.close()));
      rmSync(folder, { recursive: true });
    },
  };
}
