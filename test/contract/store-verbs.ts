import type { AnyTable, Store } from "../../shared/ports/store.ts";
import type { KeyOf, Row } from "../../shared/ports/table.ts";
import { countersTable } from "./store-tables.ts";

/** Puts rows in one transaction. */
export async function putRows<T extends AnyTable>(
  store: Store,
  table: T,
  rows: readonly Row<T>[],
): Promise<void> {
  await store.transact("put rows", (tx) => {
    for (const row of rows) tx.put(table, row);
    return Promise.resolve();
  });
}

/** Deletes one row in one transaction. */
export async function deleteRow<T extends AnyTable>(
  store: Store,
  table: T,
  key: KeyOf<T>,
): Promise<void> {
  await store.transact("delete row", (tx) => {
    tx.delete(table, key);
    return Promise.resolve();
  });
}

export async function putCounter(store: Store, name: string, value: number): Promise<void> {
  await putRows(store, countersTable, [{ name, value }]);
}

export async function counterOf(store: Store, name: string): Promise<number | undefined> {
  return await store.snapshot(async (reader) => (await reader.get(countersTable, { name }))?.value);
}
