import { randomUUID } from "node:crypto";
import type { AnyTable, Store } from "../../../shared/ports/store.ts";
import type { StoreHarness } from "../../contract/store.ts";
import type { Double } from "../../support/ydb/double.ts";
import { openDoubleStore } from "../../support/ydb-store.ts";

/** A database of its own on the double. */
export interface YdbHarness extends StoreHarness {
  readonly database: string;
}

export function makeYdbHarness(double: Double, tables: readonly AnyTable[]): YdbHarness {
  const database = `/test/${randomUUID()}`;
  const stores: Store[] = [];
  return {
    database,
    open: async () => {
      const store = openDoubleStore(double, database, tables);
      stores.push(store);
      return await Promise.resolve(store);
    },
    dispose: async () => {
      double.clearFaults();
      await Promise.all(stores.map(async (store) => await store.close()));
    },
  };
}
