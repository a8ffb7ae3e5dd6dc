import { describe } from "vitest";
import { openSchemaClient } from "../../../shared/adapters/ydb/schema-client.ts";
import { parseDatabaseAddress } from "../../../shared/adapters/ydb/database-address.ts";
import { createTableText } from "../../../shared/adapters/ydb/ddl.ts";
import { WrittenShapes } from "../../../shared/adapters/ydb/written-by.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { AnyTable, Store } from "../../../shared/ports/store.ts";
import { describeStore, type StoreHarness } from "../../contract/store.ts";
import { realClock } from "../../support/real-clock.ts";
import { openYdbAt } from "../../support/ydb-store.ts";

/**
 * The store's contract on a real server. What a stand-in cannot show is shown here: that a server
 * takes our statements, types and table options.
 */
const url = process.env["TEST_YDB_URL"];

if (url === undefined) {
  describe.skip("the YDB store on a real server (set TEST_YDB_URL to run it: docs/ydb.md)");
} else {
  describeStore("the YDB store on a real server", async (tables) => await makeServer(url, tables));
}

/** The server's one database: its tables are made once, and emptied for each test. */
async function makeServer(address: string, tables: readonly AnyTable[]): Promise<StoreHarness> {
  const schema = openSchemaClient({ address: parseDatabaseAddress(address), clock: realClock });
  for (const shape of new WrittenShapes(tables).all) await schema.execute(createTableText(shape));
  await schema.close();
  const stores: Store[] = [];
  const open = (): Store => {
    const store = openYdbAt(address, tables);
    stores.push(store);
    return store;
  };
  for (const table of tables) await empty(open(), table);
  return {
    open: async () => await Promise.resolve(open()),
    dispose: async () => {
      await Promise.all(stores.map(async (store) => await store.close()));
    },
  };
}

async function empty(store: Store, table: AnyTable): Promise<void> {
  for (;;) {
    const deleted = await store.transact("empty", async (tx) => {
      const rows = await tx.scan(table, { limit: limits.scanRows });
      for (const row of rows) tx.delete(table, row);
      return rows.length;
    });
    if (deleted < limits.scanRows) return;
  }
}
