import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { scanRangeOf } from "../../../shared/adapters/record/scan-range.ts";
import { type TableShape, TableShapes } from "../../../shared/adapters/record/table-shape.ts";
import {
  createExpiryIndexText,
  createTableText,
  getText,
  scanText,
  scanVariant,
  sweepText,
} from "../../../shared/adapters/sqlite/sqlite-statements.ts";
import type { AnyTable, Scan } from "../../../shared/ports/store.ts";
import { itemsTable, linksTable } from "../../contract/store-tables.ts";

const shapes = new TableShapes([itemsTable, linksTable]);
const links = shapes.of(linksTable);

/** Every combination of what a scan of the table can carry. */
function everyScan(): readonly Scan<AnyTable>[] {
  const given: Scan<AnyTable>[] = [];
  for (const prefix of [{}, { a: "x" }, { a: "x", b: 1 }]) {
    const next = "b" in prefix || !("a" in prefix) ? "m" : 5;
    for (const from of [undefined, next])
      for (const to of [undefined, next])
        for (const after of [undefined, { a: "x", b: 1, c: "m" }, { a: "x", b: 1, c: "zz" }])
          for (const order of ["ascending", "descending"] as const)
            given.push({
              prefix,
              order,
              limit: 10,
              ...(from !== undefined && { from }),
              ...(to !== undefined && { to }),
              ...(after && { after }),
            });
  }
  return given;
}

function planOf(shape: TableShape, text: string): string {
  const database = new DatabaseSync(":memory:");
  database.exec(createTableText(shape));
  if (shape.expiry) database.exec(createExpiryIndexText(shape, shape.expiry));
  const lines = database.prepare(`EXPLAIN QUERY PLAN ${text}`).all(...parametersOf(text));
  database.close();
  return lines.map((line) => String(line["detail"])).join("; ");
}

const parametersOf = (text: string): string[] => Array.from(text.matchAll(/\?/g), () => "1");

describe("the statement of a scan", () => {
  it("is a seek in the key's own order, whatever the scan carries", () => {
    for (const scan of everyScan()) {
      const range = scanRangeOf(links, scan);
      const isBounded = range.prefix.length > 0 || range.lower || range.upper;
      const plan = planOf(links, scanText(links, range));
      expect(plan).not.toContain("TEMP B-TREE");
      expect(plan).toMatch(isBounded ? /^SEARCH links USING PRIMARY KEY/ : /^SCAN links$/);
    }
  });

  it("uses every bound of the first open column in the seek", () => {
    const range = scanRangeOf(links, { prefix: { a: "x" }, from: 1, to: 9, limit: 1 });
    expect(planOf(links, scanText(links, range))).toContain("(a=? AND b>? AND b<?)");
  });

  it("follows from what the scan carries, never from its values", () => {
    const texts = new Map<string, string>();
    for (const scan of everyScan()) {
      const range = scanRangeOf(links, scan);
      const text = scanText(links, range);
      expect(texts.get(scanVariant(range)) ?? text).toBe(text);
      texts.set(scanVariant(range), text);
      expect(text).not.toMatch(/'|\d/);
    }
    expect(texts.size).toBeLessThan(45);
  });
});

describe("the statement of a get", () => {
  it("is a seek by the whole key", () => {
    expect(planOf(links, getText(links))).toContain("(a=? AND b=? AND c=?)");
  });
});

describe("the statement of a sweep", () => {
  it("finds expired rows by their index and deletes them by key", () => {
    const items = shapes.of(itemsTable);
    const { expiry } = items;
    const plan = expiry === undefined ? "" : planOf(items, sweepText(items, expiry));
    expect(plan).toContain("SEARCH items USING PRIMARY KEY (shelf=? AND place=?)");
    expect(plan).toContain("SEARCH items USING COVERING INDEX items_expiry (expire_at<?)");
  });
});
