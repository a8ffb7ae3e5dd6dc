import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Scan, Store, Transaction } from "../../shared/ports/store.ts";
import type { Row } from "../../shared/ports/table.ts";
import type { StoreBench } from "./store.ts";
import { linksTable } from "./store-tables.ts";

/**
 * Random transactions on a store and on a model that is a plain list of rows. Whatever a body
 * read, and whatever is left at the end, must be the same.
 */
type Link = Row<typeof linksTable>;
type LinkScan = Scan<typeof linksTable>;

type Op =
  | { readonly verb: "get" | "put" | "delete"; readonly link: Link }
  | { readonly verb: "getMany"; readonly links: readonly Link[] }
  | { readonly verb: "scan"; readonly scan: LinkScan };

interface Body {
  readonly ops: readonly Op[];
  readonly throws: boolean;
}

const text = fc.constantFrom("", "a", "ab", "b", "é", "\ue000", "\ufffd", "😀", "\u{10ffff}");
const number = fc.constantFrom(-1, 0, 1, 2, Number.MAX_SAFE_INTEGER);
const link: fc.Arbitrary<Link> = fc.record({ a: text, b: number, c: text });
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(value, { nil: undefined });

const scan: fc.Arbitrary<LinkScan> = fc
  .record({
    depth: fc.integer({ min: 0, max: 2 }),
    at: link,
    texts: fc.record({ from: maybe(text), to: maybe(text) }),
    numbers: fc.record({ from: maybe(number), to: maybe(number) }),
    after: maybe(link),
    order: maybe(fc.constantFrom("ascending", "descending")),
    limit: fc.integer({ min: 1, max: 6 }),
  })
  .map(({ depth, at, texts, numbers, after, order, limit }) => {
    const prefix = depth === 0 ? {} : depth === 1 ? { a: at.a } : { a: at.a, b: at.b };
    const bounds = depth === 1 ? numbers : texts;
    return {
      prefix,
      limit,
      ...(bounds.from !== undefined && { from: bounds.from }),
      ...(bounds.to !== undefined && { to: bounds.to }),
      ...(order && { order }),
      ...(after && { after: { ...after, ...prefix } }),
    };
  });

const op: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ verb: fc.constant("put"), link }) },
  { weight: 2, arbitrary: fc.record({ verb: fc.constantFrom("get", "delete"), link }) },
  { weight: 1, arbitrary: fc.record({ verb: fc.constant("getMany"), links: fc.array(link) }) },
  { weight: 3, arbitrary: fc.record({ verb: fc.constant("scan"), scan }) },
);
const bodies: fc.Arbitrary<Body[]> = fc.array(
  fc.record({ ops: fc.array(op, { maxLength: 8 }), throws: fc.boolean() }),
  { maxLength: 8 },
);

export function describeModel({ store }: StoreBench): void {
  describe("random transactions", () => {
    it("read and leave what a list of rows would", async () => {
      const property = fc.asyncProperty(bodies, async (given) => {
        await clear(store());
        let model: readonly Link[] = [];
        for (const body of given) {
          const expected = runOnModel(model, body);
          expect(await runOnStore(store(), body)).toEqual(expected.answers);
          model = expected.rows;
        }
        expect(await allLinks(store())).toEqual(model.toSorted(compareLinks));
      });
      await fc.assert(property, { numRuns: 200 });
    });
  });
}

async function allLinks(store: Store): Promise<readonly Link[]> {
  return await store.snapshot(async (reader) => await reader.scan(linksTable, { limit: 900 }));
}

async function clear(store: Store): Promise<void> {
  const links = await allLinks(store);
  await store.transact("clear", (tx) => {
    for (const key of links) tx.delete(linksTable, key);
    return Promise.resolve();
  });
}

const REFUSED = "the scan could meet a written key";

/** The answers of a body, or none where it threw in the end. */
async function runOnStore(store: Store, body: Body): Promise<readonly unknown[] | undefined> {
  const giveUp = new Error("given up");
  try {
    return await store.transact("model", async (tx) => {
      const answers: unknown[] = []; // Made in here, because a body may run again.
      for (const each of body.ops) answers.push(await answerOf(tx, each));
      if (body.throws) throw giveUp;
      return answers;
    });
  } catch (error) {
    if (error === giveUp) return undefined;
    throw error;
  }
}

async function answerOf(tx: Transaction, given: Op): Promise<unknown> {
  switch (given.verb) {
    case "get":
      return await tx.get(linksTable, given.link);
    case "getMany":
      return await tx.getMany(linksTable, given.links);
    case "put":
      tx.put(linksTable, given.link);
      return undefined;
    case "delete":
      tx.delete(linksTable, given.link);
      return undefined;
    case "scan":
      return await tx.scan(linksTable, given.scan).catch((error: unknown) => {
        if (error instanceof Error && error.message.includes("before it writes")) return REFUSED;
        throw error;
      });
  }
}

function runOnModel(
  before: readonly Link[],
  body: Body,
): { readonly rows: readonly Link[]; readonly answers: readonly unknown[] | undefined } {
  let rows = before;
  const written: Link[] = [];
  const answers = body.ops.map((given): unknown => {
    const find = (key: Link): Link | undefined => rows.find((row) => compareLinks(row, key) === 0);
    switch (given.verb) {
      case "get":
        return find(given.link);
      case "getMany":
        return given.links.map(find);
      case "put":
      case "delete":
        written.push(given.link);
        rows = rows.filter((row) => compareLinks(row, given.link) !== 0);
        if (given.verb === "put") rows = [...rows, given.link];
        return undefined;
      case "scan": {
        if (written.some((row) => isInScan(row, given.scan))) return REFUSED;
        const found = rows.filter((row) => isInScan(row, given.scan)).toSorted(compareLinks);
        if (given.scan.order === "descending") found.reverse();
        return found.slice(0, given.scan.limit);
      }
    }
  });
  return body.throws ? { rows: before, answers: undefined } : { rows, answers };
}

function isInScan(row: Link, { prefix = {}, from, to, after, order }: LinkScan): boolean {
  const names = Object.keys(prefix) as (keyof Link)[];
  if (names.some((name) => row[name] !== prefix[name])) return false;
  const next = (["a", "b", "c"] as const)[names.length] ?? "c";
  if (from !== undefined && compareValues(row[next], from) < 0) return false;
  if (to !== undefined && compareValues(row[next], to) > 0) return false;
  if (after === undefined) return true;
  const place = compareLinks(row, after);
  return order === "descending" ? place < 0 : place > 0;
}

function compareLinks(x: Link, y: Link): number {
  return compareValues(x.a, y.a) || compareValues(x.b, y.b) || compareValues(x.c, y.c);
}

function compareValues(x: string | number, y: string | number): number {
  return typeof x === "number"
    ? x - Number(y)
    : Buffer.compare(Buffer.from(x), Buffer.from(String(y)));
}
