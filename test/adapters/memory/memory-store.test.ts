import { describeStore } from "../../contract/store.ts";
import { openMemoryDatabase } from "../../../shared/adapters/memory/memory-store.ts";

describeStore("the store in memory", (tables) => {
  const database = openMemoryDatabase(tables);
  return Promise.resolve({
    open: async () => await Promise.resolve(database.open()),
    dispose: async () => await Promise.resolve(),
  });
});
