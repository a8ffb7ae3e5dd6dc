import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { count, valued } from "./raw-client.ts";
import { openWorld, type World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(async () => await world.close());

const OWNERS = ["", "a", "a\0", "aa", "ß", "\uffff", "😀"];
const owner = fc.constantFrom(...OWNERS);
const rank = fc.bigInt({ min: -4n, max: 4n });

/** Text by UTF-8 bytes, then numbers by value: what a table's order is, said once page. */
function compare([a, m]: readonly [string, bigint], [b, n]: readonly [string, bigint]): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) || (m < n ? -1 : Number(m > n));
}

interface Page {
  readonly isDown: boolean;
  readonly limit: number;
}

function paged<T>(rows: readonly T[], { isDown, limit }: Page): readonly T[] {
  return (isDown ? rows.toReversed() : rows).slice(0, limit);
}

describe("a scan", () => {
  const keys = fc.uniqueArray(fc.tuple(owner, rank), {
    selector: ([a, n]) => `${a} ${n}`,
    minLength: 30,
  });
  const bound = fc.option(fc.record({ rank, isInclusive: fc.boolean() }), { nil: undefined });
  const cursor = fc.option(fc.tuple(owner, rank), { nil: undefined });
  const page = fc.record({ isDown: fc.boolean(), limit: fc.integer({ min: 0, max: 20 }) });

  beforeAll(async () => {
    const [rows = []] = fc.sample(keys, { numRuns: 1, seed: 4 });
    await world.put(...rows.map(([a, n]) => [a, n, "x"] as const));
  });

  function model(): readonly (readonly [string, bigint])[] {
    const rows = world.double.rows("/local", "things");
    return rows
      .map((row) => [row["owner"] as string, row["rank"] as bigint] as const)
      .sort(compare);
  }

  async function scan(
    where: readonly string[],
    values: readonly (string | bigint)[],
    page: Page,
  ): Promise<unknown> {
    const sent = values.map(valued);
    const types = values.map((value) => (typeof value === "string" ? "Utf8" : "Int64"));
    const declared = [...types, "Uint64"].map((type, index) => `DECLARE $p${index} AS ${type};`);
    const direction = page.isDown ? " DESC" : "";
    const conditions = where.length === 0 ? "" : ` WHERE ${where.join(" AND ")}`;
    const text =
      `${declared.join(" ")} SELECT owner, rank FROM \`things\`${conditions} ` +
      `ORDER BY owner${direction}, rank${direction} LIMIT $p${values.length};`;
    const parameters = Object.fromEntries(
      [...sent, count(page.limit)].map((value, index) => [`$p${index}`, value]),
    );
    const { results, message } = await world.client.execute({ text, parameters });
    expect(message).toBe("");
    return results[0]?.rows;
  }

  it("of a prefix answers like a sorted array", async () => {
    const property = fc.asyncProperty(
      owner,
      bound,
      bound,
      page,
      async (prefix, lower, upper, page) => {
        const where = ["owner = $p0"];
        const values: (string | bigint)[] = [prefix];
        if (lower)
          where.push(`rank ${lower.isInclusive ? ">=" : ">"} $p${values.push(lower.rank) - 1}`);
        if (upper)
          where.push(`rank ${upper.isInclusive ? "<=" : "<"} $p${values.push(upper.rank) - 1}`);

        const found = await scan(where, values, page);

        const inRange = model().filter(
          ([a, n]) =>
            a === prefix &&
            (!lower || n > lower.rank || (lower.isInclusive && n === lower.rank)) &&
            (!upper || n < upper.rank || (upper.isInclusive && n === upper.rank)),
        );
        expect(found).toEqual(paged(inRange, page));
      },
    );
    await fc.assert(property, { numRuns: 150 });
  });

  it("of the whole table answers like a sorted array, from a cursor and up to one", async () => {
    const property = fc.asyncProperty(cursor, cursor, page, async (after, before, page) => {
      const where: string[] = [];
      const values: (string | bigint)[] = [];
      if (after)
        where.push(
          `(owner, rank) > ($p${values.push(after[0]) - 1}, $p${values.push(after[1]) - 1})`,
        );
      if (before)
        where.push(
          `(owner, rank) < ($p${values.push(before[0]) - 1}, $p${values.push(before[1]) - 1})`,
        );

      const found = await scan(where, values, page);

      const inRange = model().filter(
        (key) => (!after || compare(key, after) > 0) && (!before || compare(key, before) < 0),
      );
      expect(found).toEqual(paged(inRange, page));
    });
    await fc.assert(property, { numRuns: 150 });
  });
});
