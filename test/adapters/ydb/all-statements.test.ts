import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { scanRangeOf } from "../../../shared/adapters/record/scan-range.ts";
import { allStatements, sampleRequests } from "../../../shared/adapters/ydb/all-statements.ts";
import { COMMIT_ONLY, flushQueries } from "../../../shared/adapters/ydb/flush-statements.ts";
import { readQuery } from "../../../shared/adapters/ydb/read-statements.ts";
import { WrittenShapes } from "../../../shared/adapters/ydb/written-by.ts";
import type { AnyTable, Scan } from "../../../shared/ports/store.ts";
import { tables } from "../../../shared/records/tables.ts";
import { linksTable } from "../../contract/store-tables.ts";
import { anyRead, anyWrites } from "./any-request.ts";
import { takeApart } from "./request-text.ts";

const printed = new Set(allStatements(tables));

/** What of a request is not among the printed statements. */
function unprinted(text: string): readonly string[] {
  return takeApart(text).statements.filter((statement) => !printed.has(statement));
}

describe("the statements that are printed", () => {
  it("are all that any reads of our tables can be made of", () => {
    fc.assert(
      fc.property(fc.array(anyRead(tables), { minLength: 1, maxLength: 12 }), (reads) => {
        expect(unprinted(readQuery(reads).text)).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  it("are all that any writes to our tables can be made of, and the commit", () => {
    fc.assert(
      fc.property(anyWrites(tables), (writes) => {
        expect(flushQueries(writes).flatMap(({ text }) => unprinted(text))).toEqual([]);
      }),
    );
    expect(printed).toContain(COMMIT_ONLY.text);
  });

  it("are, for a table of three key columns, just the scans that can be asked for", () => {
    const scans = everyScan().map((scan) => scanRangeOf(links, scan));
    const asked = scans.map((range) => readQuery([{ kind: "scan", shape: links, range }]).text);
    const said = allStatements([linksTable]).filter((text) => text.includes(" LIMIT "));
    expect(new Set(said)).toEqual(new Set(asked));
    expect(said).toHaveLength(3 * 12);
  });

  it("are each there once, and each declares just what it uses, in order", () => {
    expect(allStatements(tables)).toHaveLength(printed.size);
    for (const text of printed) expect(takeApart(text).statements).toEqual([text]);
  });

  it("make, fill and read each table", () => {
    for (const { name } of tables) {
      for (const verb of ["CREATE TABLE IF NOT EXISTS", "UPSERT INTO", "DELETE FROM"]) {
        expect([...printed].filter((text) => text.includes(`${verb} \`${name}\``))).toHaveLength(1);
      }
    }
  });

  it("come in the same order every time", () => {
    expect(allStatements(tables)).toEqual([...printed]);
    expect(sampleRequests(tables)).toEqual(sampleRequests(tables));
  });
});

describe("the requests that are printed", () => {
  it("are several of the statements behind each other", () => {
    const counts = sampleRequests(tables).map((text) => {
      expect(unprinted(text)).toEqual([]);
      return takeApart(text).statements.length;
    });
    // The widest table's gets are too long for one request, so they are cut in two.
    expect(counts).toEqual([3, 16, 16, 6]);
  });
});

const links = new WrittenShapes([linksTable]).all[0] ?? expect.unreachable();

/** Every combination of what a scan of the table can carry. */
function everyScan(): readonly Scan<AnyTable>[] {
  const given: Scan<AnyTable>[] = [];
  for (const prefix of [{}, { a: "x" }, { a: "x", b: 1 }]) {
    const next = "b" in prefix || !("a" in prefix) ? "x" : 1;
    for (const from of [undefined, next])
      for (const to of [undefined, next])
        for (const after of [undefined, { a: "x", b: 1, c: "x" }])
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
