import type { Random } from "../../shared/ports/random.ts";
import type { Store } from "../../shared/ports/store.ts";
import { defineTable } from "../../shared/ports/table.ts";
import { messagesTable } from "./message-journal.ts";

/**
 * What a data directory keeps to itself where the state is in a database elsewhere: its intake
 * journal, who it is, and a bell. It is a small SQLite file, so whoever writes to it is noticed.
 */
const factsTable = defineTable("facts", { fact: "text", value: "text" }, ["fact"]);

/** The tables of that file. */
export const localTables = [messagesTable, factsTable] as const;

/** The directory's own id: made once, and the same for every platform that runs on it. */
export async function directoryId(local: Store, random: Random): Promise<string> {
  const made = random.id();
  return await local.transact("directory-id", async (tx) => {
    const found = await tx.get(factsTable, { fact: "directory" });
    if (found === undefined) tx.put(factsTable, { fact: "directory", value: made });
    return found?.value ?? made;
  });
}

/** Makes the platform of this directory look at the state now. */
async function ring(local: Store, random: Random): Promise<void> {
  await local.transact("ring", async (tx) => {
    await Promise.resolve();
    tx.put(factsTable, { fact: "bell", value: random.id() });
  });
}

/**
 * A store that rings after each of its commits. The database elsewhere tells nobody of a commit, and
 * asking it ten times a second would cost a hundred times what the platform's own work does.
 */
export function ringingStore(store: Store, local: Store, random: Random): Store {
  return {
    snapshot: async (body) => await store.snapshot(body),
    transact: async (label, body) => {
      const result = await store.transact(label, body);
      // Committed is committed: a bell that nobody hears costs a minute, until the next tick.
      await ring(local, random).catch(() => undefined);
      return result;
    },
    close: async () => await store.close(),
  };
}
