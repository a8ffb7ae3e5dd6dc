import type { Store } from "../../shared/ports/store.ts";

class AbortedError extends Error {}

/**
 * A store that runs every body twice: the first run ends in an abort, as a database that found a
 * conflict at the commit does it, so nothing of it may count (S3).
 */
export function rerunningStore(store: Store): Store {
  return {
    transact: async (label, body) => {
      try {
        await store.transact(label, async (tx) => {
          await body(tx);
          throw new AbortedError();
        });
      } catch (error) {
        if (!(error instanceof AbortedError)) throw error;
      }
      return await store.transact(label, body);
    },
    snapshot: async (body) => {
      await store.snapshot(body);
      return await store.snapshot(body);
    },
    close: async () => await store.close(),
  };
}
