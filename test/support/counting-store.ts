import type { Reader, Store } from "../../shared/ports/store.ts";

/** A store that tells how many rows each read finds; one that is asked for again counts once in a body. */
export function countingStore(store: Store, tell: (rows: number) => void): Store {
  const counting = <R extends Reader>(reader: R): R => {
    const known = new Set<string>();
    const found = (table: { readonly name: string }, key: object, row: unknown): void => {
      const name = `${table.name} ${JSON.stringify(key)}`;
      if (row === undefined || known.has(name)) return;
      known.add(name);
      tell(1);
    };
    return {
      ...reader,
      get: async (table, key) => {
        const row = await reader.get(table, key);
        found(table, key, row);
        return row;
      },
      getMany: async (table, keys) => {
        const rows = await reader.getMany(table, keys);
        for (const [index, key] of keys.entries()) found(table, key, rows[index]);
        return rows;
      },
      scan: async (table, scan) => {
        const rows = await reader.scan(table, scan);
        tell(rows.length);
        return rows;
      },
    };
  };
  return {
    transact: async (label, body) =>
      await store.transact(label, async (tx) => await body(counting(tx))),
    snapshot: async (body) => await store.snapshot(async (reader) => await body(counting(reader))),
    close: async () => await store.close(),
  };
}
