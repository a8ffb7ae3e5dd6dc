import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { StoredRow } from "../../../shared/adapters/record/row-codec.ts";
import { TableShapes } from "../../../shared/adapters/record/table-shape.ts";
import { WriteBuffer } from "../../../shared/adapters/record/write-buffer.ts";
import { COMMIT_ONLY, flushQueries } from "../../../shared/adapters/ydb/flush-statements.ts";
import type { Query } from "../../../shared/adapters/ydb/query.ts";
import { limits } from "../../../shared/core/limits.ts";
import { defineTable } from "../../../shared/ports/table.ts";
import { contractTables, itemsTable, linksTable } from "../../contract/store-tables.ts";
import { anyWrites } from "./any-request.ts";
import { takeApart } from "./request-text.ts";
import { sentParameters, sentType, sentValue } from "./second-codec.ts";

const shapes = new TableShapes(contractTables);
const [items, links] = [shapes.of(itemsTable), shapes.of(linksTable)];

function putItem(writes: WriteBuffer, place: number, given: StoredRow = {}): void {
  const row = { shelf: "s", place, title: "", size: 0, tags: "[]", expire_at: null, ...given };
  writes.set(items, { key: ["s", place], row });
}

/** What a request writes: by statement, its rows. */
function rowsOf({ text, parameters }: Query): readonly (readonly [string, readonly unknown[]])[] {
  return takeApart(text).statements.map((statement, index) => {
    const list = parameters[`$p${index}`]?.value?.items ?? [];
    return [statement.split("\n").at(-1) ?? "", list.map(sentValue)];
  });
}

describe("the flush of a body's writes", () => {
  it("is one request: for each table one list of rows, and one of keys that go", () => {
    const writes = new WriteBuffer();
    writes.set(links, { key: ["a", 1, "z"], row: undefined });
    putItem(writes, 1, { title: "first", expire_at: 7 });
    writes.set(items, { key: ["s", 2], row: undefined });
    putItem(writes, 3, { size: -3 });
    writes.set(items, { key: ["s", 4], row: undefined });

    const [flush, ...more] = flushQueries(writes);
    if (flush === undefined) expect.unreachable();
    expect(more).toEqual([]);
    expect(flush.text).toBe(
      "DECLARE $p0 AS List<Struct<`a`:Utf8,`b`:Int64,`c`:Utf8>>;\n" +
        "DECLARE $p1 AS List<Struct<`shelf`:Utf8,`place`:Int64,`title`:Utf8?,`size`:Int64?," +
        "`tags`:Utf8?,`expire_at`:Uint64?>>;\n" +
        "DECLARE $p2 AS List<Struct<`shelf`:Utf8,`place`:Int64>>;\n" +
        "DELETE FROM `links` ON SELECT `a`, `b`, `c` FROM AS_TABLE($p0);\n" +
        "UPSERT INTO `items` (`shelf`, `place`, `title`, `size`, `tags`, `expire_at`) " +
        "SELECT `shelf`, `place`, `title`, `size`, `tags`, `expire_at` FROM AS_TABLE($p1);\n" +
        "DELETE FROM `items` ON SELECT `shelf`, `place` FROM AS_TABLE($p2);",
    );
    expect(rowsOf(flush).map(([, rows]) => rows)).toEqual([
      [["a", 1n, "z"]],
      [
        ["s", 1n, "first", 0n, "[]", 7n],
        ["s", 3n, "", -3n, "[]", null],
      ],
      [
        ["s", 2n],
        ["s", 4n],
      ],
    ]);
  });

  it("is nothing where a body wrote nothing", () => {
    expect(flushQueries(new WriteBuffer())).toEqual([]);
    expect(COMMIT_ONLY).toEqual({ text: "SELECT 1;", parameters: {} });
  });

  it("sends every list as it is declared, and nothing else", () => {
    fc.assert(
      fc.property(anyWrites(contractTables), (writes) => {
        for (const { text, parameters } of flushQueries(writes)) {
          const sent = Object.entries(sentParameters(parameters));
          const { declared } = takeApart(text);
          expect(new Map(sent.map(([name, value]) => [name, sentType(value)]))).toEqual(declared);
        }
      }),
    );
  });

  it("has each written key once, in one list of its table", () => {
    fc.assert(
      fc.property(anyWrites(contractTables), (writes) => {
        const expected = [...writes.entries()].flatMap(([shape, written]) =>
          Array.from(written, ({ key, row }) => [shape.name, row === undefined, ...key]),
        );
        const sent = flushQueries(writes)
          .flatMap(rowsOf)
          .flatMap(([statement, rows]) => {
            const [, verb, table = ""] =
              /^(UPSERT|DELETE) (?:INTO|FROM) `(\w+)`/.exec(statement) ?? [];
            const length = [...shapes.all].find(({ name }) => name === table)?.key.length ?? 0;
            return rows.map((row) => [
              table,
              verb === "DELETE",
              ...(row as unknown[]).slice(0, length),
            ]);
          });
        const sorted = (keys: readonly (readonly unknown[])[]): readonly string[] =>
          keys.map((key) => key.join("|")).sort();
        expect(sorted(sent)).toEqual(sorted(expected));
      }),
    );
  });
});

describe("a flush that is too large for one request", () => {
  const kilobyte = "x".repeat(1_000);

  it("is cut between rows, so that no request is over the limit and none is much under it", () => {
    const writes = new WriteBuffer();
    const count = Math.floor((3 * limits.ydbFlushBytes) / 1_000);
    for (let place = 0; place < count; place += 1) putItem(writes, place, { title: kilobyte });

    const queries = flushQueries(writes);
    expect(queries).toHaveLength(4);
    const sizes = queries.map(({ parameters }) => {
      const [list] = Object.values(parameters);
      return (list?.value?.items ?? []).length * 1_000;
    });
    for (const size of sizes) expect(size).toBeLessThan(limits.ydbFlushBytes);
    for (const size of sizes.slice(0, -1)) expect(size).toBeGreaterThan(limits.ydbFlushBytes * 0.9);
    const places = queries.flatMap((query) => rowsOf(query).flatMap(([, rows]) => rows));
    expect(places.map((row) => (row as unknown[])[1])).toEqual(
      Array.from({ length: count }, (_, place) => BigInt(place)),
    );
  });

  it("counts text in bytes, not in characters", () => {
    const writes = new WriteBuffer();
    for (let place = 0; place < 3; place += 1) {
      putItem(writes, place, { title: "ы".repeat(limits.ydbFlushBytes / 4) });
    }
    expect(flushQueries(writes)).toHaveLength(3);
  });

  it("sends a row that is over the limit by itself, for the server to judge", () => {
    const writes = new WriteBuffer();
    putItem(writes, 1);
    putItem(writes, 2, { title: "x".repeat(limits.ydbFlushBytes) });
    putItem(writes, 3);
    const rows = flushQueries(writes).map((query) => rowsOf(query).flatMap(([, some]) => some));
    expect(rows.map((some) => some.length)).toEqual([1, 1, 1]);
  });

  it("is cut between tables where its text would be over the limit", () => {
    const columns = Object.fromEntries(
      Array.from({ length: 40 }, (_, index) => [
        `column_with_a_long_name_${index}`,
        "int" as const,
      ]),
    );
    const wide = Array.from({ length: 10 }, (_, index) =>
      defineTable(`wide_${index}`, { id: "text", ...columns }, ["id"]),
    );
    const writes = new WriteBuffer();
    for (const shape of new TableShapes(wide).all) {
      const rest = shape.rest.map(({ name }) => [name, 1] as const);
      writes.set(shape, { key: ["a"], row: { id: "a", ...Object.fromEntries(rest) } });
      writes.set(shape, { key: ["b"], row: undefined });
    }

    const queries = flushQueries(writes);
    expect(queries.length).toBeGreaterThan(1);
    for (const { text } of queries) expect(text.length).toBeLessThanOrEqual(limits.yqlTextBytes);
    expect(queries.flatMap(rowsOf)).toHaveLength(20);
  });

  it("is a bug of the table where not even one statement fits", () => {
    const columns = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [`${"long".repeat(12)}_${index}`, "int" as const]),
    );
    const shape = new TableShapes([defineTable("endless", { id: "text", ...columns }, ["id"])])
      .all[0];
    if (shape === undefined) expect.unreachable();
    const writes = new WriteBuffer();
    writes.set(shape, { key: ["a"], row: undefined });
    expect(() => flushQueries(writes)).toThrow("a statement fits a text of 9000 bytes");
  });
});
