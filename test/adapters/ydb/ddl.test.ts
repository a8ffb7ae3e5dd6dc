import { describe, expect, it } from "vitest";
import { type TableShape, TableShapes } from "../../../shared/adapters/record/table-shape.ts";
import { addColumnText, createTableText } from "../../../shared/adapters/ydb/ddl.ts";
import { limits } from "../../../shared/core/limits.ts";
import { defineTable, type TableLayout } from "../../../shared/ports/table.ts";
import { runsTable, tables, timersTable } from "../../../shared/records/tables.ts";
import { itemsTable } from "../../contract/store-tables.ts";

const items = new TableShapes([itemsTable]).of(itemsTable);

function laidOut(layout: TableLayout): TableShape {
  const table = defineTable("spread", { lane: "int", id: "text" }, ["lane", "id"], layout);
  return new TableShapes([table]).of(table);
}

describe("the statement that makes a table", () => {
  it("has a type for every column, never null for those of the key, and the expiry", () => {
    expect(createTableText(items)).toBe(
      "CREATE TABLE IF NOT EXISTS `items` (`shelf` Utf8 NOT NULL, `place` Int64 NOT NULL, " +
        "`title` Utf8, `size` Int64, `tags` Utf8, `expire_at` Uint64, " +
        "PRIMARY KEY (`shelf`, `place`)) WITH (AUTO_PARTITIONING_BY_SIZE = ENABLED, " +
        'TTL = Interval("PT0S") ON `expire_at` AS MILLISECONDS);',
    );
  });

  it("splits by load where the table says so", () => {
    expect(createTableText(laidOut({ splitByLoad: true }))).toMatch(
      /WITH \(AUTO_PARTITIONING_BY_SIZE = ENABLED, AUTO_PARTITIONING_BY_LOAD = ENABLED\);$/,
    );
    expect(createTableText(laidOut({}))).not.toContain("LOAD");
  });

  it("cuts the table from the beginning, and keeps it cut", () => {
    expect(createTableText(laidOut({ splitAt: [-2, 5] }))).toMatch(
      /AUTO_PARTITIONING_MIN_PARTITIONS_COUNT = 3, PARTITION_AT_KEYS = \(-2, 5\)\);$/,
    );
  });
});

describe("the statement that adds a column", () => {
  it("leaves it null in the rows that are there", () => {
    const [, , title, size] = items.columns;
    if (title === undefined || size === undefined) expect.unreachable();
    expect(addColumnText(items, title)).toBe("ALTER TABLE `items` ADD COLUMN `title` Utf8;");
    expect(addColumnText(items, size)).toBe("ALTER TABLE `items` ADD COLUMN `size` Int64;");
  });

  it("makes an expiry work at once", () => {
    if (items.expiry === undefined) expect.unreachable();
    expect(addColumnText(items, items.expiry)).toBe(
      "ALTER TABLE `items` ADD COLUMN `expire_at` Uint64, " +
        'SET (TTL = Interval("PT0S") ON `expire_at` AS MILLISECONDS);',
    );
  });
});

describe("where a table is cut", () => {
  it.each([[[2, 1]], [[1, 1]], [[0.5]], [[NaN]]])("is refused for %j", (splitAt) => {
    expect(() => laidOut({ splitAt })).toThrow("spread is cut at ascending integers");
  });

  it("is by an int", () => {
    const table = defineTable("named", { name: "text" }, ["name"], { splitAt: [1] });
    expect(() => new TableShapes([table])).toThrow("named is cut by its first key column, an int");
  });

  it("is between the lanes for the timers, and left to the load for what every run writes", () => {
    const shapes = new TableShapes(tables);
    expect(shapes.of(timersTable).layout.splitAt).toHaveLength(limits.timerLanes - 1);
    expect(createTableText(shapes.of(runsTable))).toContain("AUTO_PARTITIONING_BY_LOAD = ENABLED");
  });
});
