import { openSqliteStore } from "../../../shared/adapters/sqlite/sqlite-store.ts";
import { countersTable } from "../../contract/store-tables.ts";

/**
 * A process that increments the counters `n` and `twin` of the store at argv[2] together, argv[3]
 * times. It prints each value once the store has promised to keep it.
 */
const [, , path = "", times = "0"] = process.argv;
const store = openSqliteStore({ path, tables: [countersTable], busyTimeoutMs: 30_000 });
for (let done = 0; done < Number(times); done++) {
  const value = await store.transact("increment", async (tx) => {
    const row = {
      name: "n",
      value: ((await tx.get(countersTable, { name: "n" }))?.value ?? 0) + 1,
    };
    tx.put(countersTable, row);
    tx.put(countersTable, { ...row, name: "twin" });
    return row.value;
  });
  process.stdout.write(`${value}\n`);
}
await store.close();
