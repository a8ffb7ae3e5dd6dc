import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanRangeOf } from "../../../shared/adapters/record/scan-range.ts";
import { TableShapes } from "../../../shared/adapters/record/table-shape.ts";
import {
  decodeAnswer,
  planReads,
  type Read,
  readQuery,
} from "../../../shared/adapters/ydb/read-statements.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Scan } from "../../../shared/ports/store.ts";
import { contractTables, itemsTable, linksTable } from "../../contract/store-tables.ts";
import { anyRead } from "./any-request.ts";
import { takeApart } from "./request-text.ts";
import { columnsOf, resultSetOf, sentParameters, sentType } from "./second-codec.ts";

const shapes = new TableShapes(contractTables);
const [items, links] = [shapes.of(itemsTable), shapes.of(linksTable)];

const aGet = (place = 1, shape = items): Read => ({
  kind: "get",
  shape,
  key: ["s", place, "c"].slice(0, shape.key.length),
});
const aScan = (scan: Partial<Scan<typeof linksTable>> = {}): Read => ({
  kind: "scan",
  shape: links,
  range: scanRangeOf(links, { limit: 10, ...scan }),
});

/** The statement of a scan, without what stands in front of its conditions. */
function conditionsOf(scan: Partial<Scan<typeof linksTable>>): string | undefined {
  return readQuery([aScan(scan)])
    .text.split("FROM `links` ")
    .at(1);
}

describe("the request of a get", () => {
  it("names every column and the whole key", () => {
    expect(readQuery([aGet()]).text).toBe(
      "DECLARE $p0 AS Utf8;\nDECLARE $p1 AS Int64;\n" +
        "SELECT `shelf`, `place`, `title`, `size`, `tags`, `expire_at` FROM `items` " +
        "WHERE `shelf` = $p0 AND `place` = $p1;",
    );
  });
});

describe("the request of a scan", () => {
  const after = { a: "x", b: 1, c: "m" };

  it.each([
    [{}, "ORDER BY `a`, `b`, `c` LIMIT $p0;"],
    [{ order: "descending" }, "ORDER BY `a` DESC, `b` DESC, `c` DESC LIMIT $p0;"],
    [{ prefix: { a: "x" } }, "WHERE `a` = $p0 ORDER BY `a`, `b`, `c` LIMIT $p1;"],
    [
      { prefix: { a: "x" }, from: 1, to: 9 },
      "WHERE `a` = $p0 AND `b` >= $p1 AND `b` <= $p2 ORDER BY `a`, `b`, `c` LIMIT $p3;",
    ],
    [{ after }, "WHERE (`a`, `b`, `c`) > ($p0, $p1, $p2) ORDER BY `a`, `b`, `c` LIMIT $p3;"],
    [
      { prefix: { a: "x" }, after, to: 9 },
      "WHERE `a` = $p0 AND (`b`, `c`) > ($p1, $p2) AND `b` <= $p3 ORDER BY `a`, `b`, `c` LIMIT $p4;",
    ],
    [
      { prefix: { a: "x" }, after, from: -9, order: "descending" },
      "WHERE `a` = $p0 AND `b` >= $p1 AND (`b`, `c`) < ($p2, $p3) " +
        "ORDER BY `a` DESC, `b` DESC, `c` DESC LIMIT $p4;",
    ],
    [
      { prefix: { a: "x", b: 1 }, after },
      "WHERE `a` = $p0 AND `b` = $p1 AND `c` > $p2 ORDER BY `a`, `b`, `c` LIMIT $p3;",
    ],
  ] as const)("has for %j: %s", (scan, text) => {
    expect(conditionsOf(scan)).toBe(text);
  });

  it("has the values in the places of its text", () => {
    const { parameters } = readQuery([aScan({ prefix: { a: "x" }, after, to: 9 })]);
    const values = Object.entries(sentParameters(parameters)).map(([name, { value }]) => [
      name,
      value?.value.value,
    ]);
    expect(Object.fromEntries(values)).toEqual({ $p0: "x", $p1: 1n, $p2: "m", $p3: 9n, $p4: 10n });
  });
});

describe("a request of reads", () => {
  const anyReads = fc.array(anyRead(contractTables), { minLength: 1, maxLength: 8 });

  it("declares every parameter in front, once, and sends it as it is declared", () => {
    fc.assert(
      fc.property(anyReads, (reads) => {
        const { text, parameters } = readQuery(reads);
        const { declared, statements } = takeApart(text);
        const sent = Object.entries(sentParameters(parameters));
        expect(new Map(sent.map(([name, value]) => [name, sentType(value)]))).toEqual(declared);
        expect(Array.from(text.matchAll(/\$p\d+\b(?! AS)/g), String)).toEqual([...declared.keys()]);
        expect(statements).toHaveLength(reads.length);
      }),
    );
  });

  it("is the reads behind each other", () => {
    fc.assert(
      fc.property(anyReads, (reads) => {
        const { statements } = takeApart(readQuery(reads).text);
        expect(statements).toEqual(reads.map((read) => readQuery([read]).text));
      }),
    );
  });
});

describe("reads that were asked for at once", () => {
  it("travel in their order, each request within the limits and of few forms", () => {
    const some = fc.tuple(anyRead(contractTables), fc.integer({ min: 1, max: 70 }));
    const many = fc
      .array(some, { maxLength: 8 })
      .map((runs) => runs.flatMap(([read, times]) => Array.from({ length: times }, () => read)));
    fc.assert(
      fc.property(many, (reads) => {
        const requests = planReads(reads);
        expect(requests.flat()).toEqual(reads);
        for (const request of requests) {
          expect(request.length).toBeLessThanOrEqual(limits.ydbReadsPerRequest);
          expect(readQuery(request).text.length).toBeLessThanOrEqual(limits.yqlTextBytes);
          for (const length of getsInARow(request)) expect([1, 2, 4, 8, 16, 32]).toContain(length);
        }
      }),
    );
  });

  it.each([
    [1, [1]],
    [2, [2]],
    [3, [2, 1]],
    [13, [8, 4, 1]],
    [32, [32]],
    [100, [32, 32, 32, 4]],
  ])("travel, where they are %d gets of one table, by %j", (count, sizes) => {
    const reads = Array.from({ length: count }, (_, place) => aGet(place));
    expect(planReads(reads).map((part) => part.length)).toEqual(sizes);
  });

  it("share a request over several tables", () => {
    const reads = [aGet(1), aGet(2), aGet(1, links), aScan(), aGet(3)];
    expect(planReads(reads)).toEqual([reads]);
  });

  it("are none where nothing was asked for", () => {
    expect(planReads([])).toEqual([]);
  });
});

/** How many gets of one table stand behind each other, at each place where some do. */
function getsInARow(reads: readonly Read[]): readonly number[] {
  const lengths: number[] = [];
  let before: Read | undefined;
  for (const read of reads) {
    if (read.kind === "get") {
      const isNext = before?.kind === "get" && before.shape === read.shape;
      lengths.push(isNext ? (lengths.pop() ?? 0) + 1 : 1);
    }
    before = read;
  }
  return lengths;
}

describe("the answer to a read", () => {
  const row = { shelf: "s", place: 1, title: "t", size: 0, tags: "[]", expire_at: null };
  const columns = columnsOf(items);
  const all: Read = { kind: "scan", shape: items, range: scanRangeOf(items, { limit: 2 }) };

  it("is a row or nothing for a get, and rows for a scan", () => {
    expect(decodeAnswer(aGet(), resultSetOf(columns, [row]))).toEqual(row);
    expect(decodeAnswer(aGet(), resultSetOf(columns, []))).toBeUndefined();
    expect(decodeAnswer(all, resultSetOf(columns, [row, row]))).toEqual([row, row]);
    expect(decodeAnswer(all, resultSetOf(columns, []))).toEqual([]);
  });

  it("has no more rows than were asked for", () => {
    expect(() => decodeAnswer(aGet(), resultSetOf(columns, [row, row]))).toThrow("at most 1 rows");
    expect(() => decodeAnswer(all, resultSetOf(columns, [row, row, row]))).toThrow(
      "at most 2 rows",
    );
  });

  it("is there", () => {
    expect(() => decodeAnswer(aGet(), undefined)).toThrow("a result set of its own");
  });
});
