import { defineTable, type Row } from "../../shared/ports/table.ts";

/** Tables of no meaning that have one of everything a store must handle. */
export const itemsTable = defineTable(
  "items",
  { shelf: "text", place: "int", title: "text", size: "int", tags: "json", expire_at: "expiry" },
  ["shelf", "place"],
);

export const countersTable = defineTable("counters", { name: "text", value: "int" }, ["name"]);

/** Three key columns, and nothing outside the key. */
export const linksTable = defineTable("links", { a: "text", b: "int", c: "text" }, ["a", "b", "c"]);

export const contractTables = [itemsTable, countersTable, linksTable] as const;

export type Item = Row<typeof itemsTable>;

export function anItem(given: Partial<Item> = {}): Item {
  return { shelf: "s", place: 1, title: "", size: 0, tags: null, expire_at: null, ...given };
}
