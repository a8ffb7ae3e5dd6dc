import { afterEach, beforeEach, describe } from "vitest";
import type { AnyTable, Store } from "../../shared/ports/store.ts";
import { describeConcurrency } from "./store-concurrency.ts";
import { describeHistories } from "./store-histories.ts";
import { describeModel } from "./store-model.ts";
import { describeRows } from "./store-rows.ts";
import { describeScans } from "./store-scans.ts";
import { contractTables } from "./store-tables.ts";
import { describeTransactions } from "./store-transactions.ts";

/** One database of an engine under test, with any number of stores on it. */
export interface StoreHarness {
  /** Opens a store as another process would; the first one finds every table empty. */
  open(): Promise<Store>;
  /** Closes every store it opened and drops the data. */
  dispose(): Promise<void>;
}

export type MakeStore = (tables: readonly AnyTable[]) => Promise<StoreHarness>;

/** What each part of the suite works on; a fresh database for every test. */
export interface StoreBench {
  readonly store: () => Store;
  readonly another: () => Promise<Store>;
}

/**
 * What every engine behind the `Store` port does, whatever it is made of. Bodies here may run
 * more than once (S3), so they only read, decide and write; what a test looks at is what
 * `transact` resolves to.
 */
export function describeStore(name: string, makeStore: MakeStore): void {
  describe(name, () => {
    let harness: StoreHarness;
    let store: Store;
    beforeEach(async () => {
      harness = await makeStore(contractTables);
      store = await harness.open();
    });
    afterEach(async () => {
      await harness.dispose();
    });
    const bench: StoreBench = { store: () => store, another: async () => await harness.open() };

    describeRows(bench);
    describeScans(bench);
    describeTransactions(bench);
    describeConcurrency(bench);
    describeModel(bench);
    describeHistories(bench);
  });
}
