import { describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import type { Reader, Scan } from "../../shared/ports/store.ts";
import type { KeyOf, Row } from "../../shared/ports/table.ts";
import type { StoreBench } from "./store.ts";
import { anItem, itemsTable, linksTable } from "./store-tables.ts";
import { putRows } from "./store-verbs.ts";

type Link = Row<typeof linksTable>;
type LinkScan = Scan<typeof linksTable>;

/** Every character here sorts differently by UTF-8 bytes than by UTF-16 units, next to another. */
const BYTE_ORDER = ["", "a", "a!", "ab", "é", "Ж", "\ue000", "\ufffd", "😀", "😀a", "\u{10ffff}"];

export function describeScans({ store }: StoreBench): void {
  const putLinks = async (links: readonly Link[]): Promise<void> => {
    await putRows(store(), linksTable, links);
  };
  const scan = async (given: Partial<LinkScan>): Promise<readonly string[]> => {
    const rows = await store().snapshot(
      async (reader) => await reader.scan(linksTable, { limit: limits.scanRows, ...given }),
    );
    return rows.map(({ a, b, c }) => `${a}${b}${c}`);
  };
  const grid = ["x", "y"].flatMap((a) =>
    [1, 2, 3].flatMap((b) => ["p", "q"].map((c) => ({ a, b, c }))),
  );

  describe("a scan", () => {
    it("answers whole rows in key order", async () => {
      await putLinks([...grid].reverse());
      const rows = await store().snapshot(
        async (reader) => await reader.scan(linksTable, { limit: 900 }),
      );
      expect(rows).toEqual(grid);
    });

    const cases: readonly [string, Partial<LinkScan>, string][] = [
      ["a prefix of one column", { prefix: { a: "y" } }, "y1p y1q y2p y2q y3p y3q"],
      ["a prefix of two columns", { prefix: { a: "x", b: 2 } }, "x2p x2q"],
      ["a prefix nobody has", { prefix: { a: "z" } }, ""],
      ["bounds that include their ends", { prefix: { a: "x" }, from: 2, to: 3 }, "x2p x2q x3p x3q"],
      ["a lower bound alone", { prefix: { a: "x", b: 1 }, from: "q" }, "x1q"],
      ["an upper bound alone", { prefix: { a: "x" }, to: 1 }, "x1p x1q"],
      ["bounds of the first column", { from: "x", to: "x" }, "x1p x1q x2p x2q x3p x3q"],
      ["crossed bounds", { prefix: { a: "x" }, from: 3, to: 1 }, ""],
      ["the order turned", { prefix: { a: "x" }, order: "descending", to: 2 }, "x2q x2p x1q x1p"],
      ["a limit", { prefix: { a: "y" }, limit: 3 }, "y1p y1q y2p"],
      ["a limit, turned", { order: "descending", limit: 2 }, "y3q y3p"],
      ["a cursor", { prefix: { a: "x" }, after: { a: "x", b: 2, c: "p" } }, "x2q x3p x3q"],
      [
        "a cursor without a row",
        { prefix: { a: "x" }, after: { a: "x", b: 2, c: "pp" } },
        "x2q x3p x3q",
      ],
      ["a cursor without a prefix", { after: { a: "x", b: 3, c: "p" }, limit: 2 }, "x3q y1p"],
      [
        "a cursor, turned",
        { after: { a: "y", b: 1, c: "p" }, order: "descending", limit: 1 },
        "x3q",
      ],
      [
        "a cursor before the range",
        { prefix: { a: "x" }, from: 3, after: { a: "x", b: 1, c: "p" } },
        "x3p x3q",
      ],
      [
        "a cursor behind the range",
        { prefix: { a: "x" }, to: 1, after: { a: "x", b: 2, c: "p" } },
        "",
      ],
      [
        "a cursor at the end of a range, turned",
        {
          prefix: { a: "x" },
          from: 1,
          to: 2,
          after: { a: "x", b: 2, c: "q" },
          order: "descending",
        },
        "x2p x1q x1p",
      ],
    ];
    it.each(cases)("honours %s", async (_what, given, expected) => {
      await putLinks(grid);
      expect((await scan(given)).join(" ")).toBe(expected);
    });

    it("sorts text by its UTF-8 bytes in every key column", async () => {
      await putLinks(BYTE_ORDER.toReversed().map((text) => ({ a: text, b: 0, c: "" })));
      await putLinks(BYTE_ORDER.toReversed().map((text) => ({ a: "k", b: 0, c: text })));

      expect(await scan({ prefix: { a: "k", b: 0 } })).toEqual(BYTE_ORDER.map((t) => `k0${t}`));
      expect(await scan({ from: "\ue000", to: "😀" })).toEqual(["\ue0000", "\ufffd0", "😀0"]);
    });

    it("sorts numbers by value, negative ones first", async () => {
      const numbers = [Number.MIN_SAFE_INTEGER, -10, -9, 0, 9, 10, 100, Number.MAX_SAFE_INTEGER];
      await putLinks(numbers.toReversed().map((b) => ({ a: "n", b, c: "" })));
      expect(await scan({ prefix: { a: "n" } })).toEqual(numbers.map((b) => `n${b}`));
    });

    it("answers as many rows as a scan may ask for", async () => {
      await putLinks(
        Array.from({ length: limits.scanRows + 1 }, (_row, b) => ({ a: "m", b, c: "" })),
      );
      expect(await scan({ prefix: { a: "m" } })).toHaveLength(limits.scanRows);
    });
  });

  describe("pages of a scan", () => {
    const links = BYTE_ORDER.flatMap((a) =>
      [-1, 0, 1].flatMap((b) => ["\ue000", "😀"].map((c) => ({ a, b, c }))),
    );
    it.each([
      ["ascending", 1],
      ["ascending", 7],
      ["descending", 7],
      ["descending", 65],
    ] as const)("join into the whole, %s by %d", async (order, limit) => {
      await putLinks(links);
      const pages = await store().snapshot(async (reader) => await allPages(reader, order, limit));
      expect(pages).toEqual(order === "ascending" ? links : links.toReversed());
    });

    it("neither skip nor repeat a row that stays, while others come and go around them", async () => {
      await putLinks(links);
      const seen: Link[] = [];
      for (let after: Link | undefined, turn = 0; ; turn++) {
        const page = await store().snapshot(
          async (reader) => await reader.scan(linksTable, { limit: 5, ...(after && { after }) }),
        );
        seen.push(...page.filter(({ b }) => b !== 7));
        after = page.at(-1);
        if (after === undefined) break;
        const gone = after;
        await store().transact("disturb", (tx) => {
          tx.delete(linksTable, gone);
          tx.put(linksTable, { a: "a", b: 7, c: String(turn) });
          return Promise.resolve();
        });
      }
      expect(seen).toEqual(links);
    });
  });

  describe("a scan that cannot be", () => {
    const wrong: readonly [string, Partial<LinkScan>, RegExp][] = [
      ["no rows", { limit: 0 }, /links.*got 0/],
      ["more rows than a page holds", { limit: limits.scanRows + 1 }, /links.*got 901/],
      ["half a row", { limit: 1.5 }, /links.*got 1\.5/],
      ["a prefix with a hole", { prefix: { b: 1 } }, /prefix.*links.*got b/],
      ["a prefix of the whole key", { prefix: { a: "x", b: 1, c: "p" } }, /links.*use get/],
      ["a prefix of another type", { prefix: { a: 1 } as never }, /links\.a .*got 1/],
      ["a bound of another type", { prefix: { a: "x" }, from: "one" }, /links\.b .*got "one"/],
      [
        "a cursor outside its prefix",
        { prefix: { a: "x" }, after: { a: "y", b: 1, c: "p" } },
        /links.*inside its prefix/,
      ],
      ["a cursor of half a key", { after: { a: "y" } as never }, /links\.b .*got undefined/],
    ];
    it.each(wrong)("is refused: %s", async (_what, given, message) => {
      await expect(scan(given)).rejects.toThrow(message);
    });
  });

  describe("a scan in a body that wrote to its table", () => {
    const scanAfter = async (
      write: KeyOf<typeof itemsTable>,
      given: Partial<Scan<typeof itemsTable>>,
    ): Promise<number> =>
      await store().transact("scan", async (tx) => {
        tx.put(itemsTable, anItem(write));
        return (await tx.scan(itemsTable, { limit: 10, ...given })).length;
      });

    it.each([
      {},
      { prefix: { shelf: "s" } },
      { prefix: { shelf: "s" }, from: 5, to: 5 },
      { prefix: { shelf: "s" }, after: { shelf: "s", place: 4 } },
      { after: { shelf: "s", place: 6 }, order: "descending" },
    ] as const)("throws where it could meet the written key: %j", async (given) => {
      await expect(scanAfter({ shelf: "s", place: 5 }, given)).rejects.toThrow(
        /scans items before it writes.*\["s",5\]/,
      );
    });

    it.each([
      { prefix: { shelf: "t" } },
      { prefix: { shelf: "s" }, from: 6 },
      { prefix: { shelf: "s" }, to: 4 },
      { prefix: { shelf: "s" }, after: { shelf: "s", place: 5 } },
      { after: { shelf: "s", place: 5 }, order: "descending" },
    ] as const)("answers where it cannot: %j", async (given) => {
      expect(await scanAfter({ shelf: "s", place: 5 }, given)).toBe(0);
    });

    it("throws for a deleted key as well", async () => {
      const body = store().transact("scan", async (tx) => {
        tx.delete(itemsTable, { shelf: "s", place: 5 });
        return await tx.scan(itemsTable, { limit: 1 });
      });
      await expect(body).rejects.toThrow(/scans items before it writes/);
    });

    it("answers for every other table", async () => {
      const rows = await store().transact("scan", async (tx) => {
        tx.put(itemsTable, anItem());
        return await tx.scan(linksTable, { limit: 1 });
      });
      expect(rows).toEqual([]);
    });
  });
}

async function allPages(
  reader: Reader,
  order: "ascending" | "descending",
  limit: number,
): Promise<readonly Link[]> {
  const rows: Link[] = [];
  for (let page: readonly Link[] | undefined; page === undefined || page.length === limit;) {
    const after = rows.at(-1);
    page = await reader.scan(linksTable, { order, limit, ...(after && { after }) });
    rows.push(...page);
  }
  return rows;
}
