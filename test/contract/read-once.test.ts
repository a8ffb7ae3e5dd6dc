import { describe, expect, it } from "vitest";
import {
  BodyReader,
  BodyTransaction,
  type StoredReader,
} from "../../shared/adapters/record/body-access.ts";
import { BodyScope } from "../../shared/adapters/record/body-scope.ts";
import type { StoredKey, StoredRow } from "../../shared/adapters/record/row-codec.ts";
import { TableShapes, type TableShape } from "../../shared/adapters/record/table-shape.ts";
import { anItem, contractTables, countersTable, itemsTable } from "./store-tables.ts";

const shapes = new TableShapes(contractTables);
const TAGGED = { ...anItem(), tags: '["a"]' };

/** An engine of three rows that remembers what it was asked for. */
class CountingEngine implements StoredReader {
  readonly asked: string[] = [];
  readonly #rows: Readonly<Record<string, StoredRow>> = {
    'counters["a"]': { name: "a", value: 1 },
    'counters["b"]': { name: "b", value: 2 },
    'items["s",1]': TAGGED,
  };

  async getMany(shape: TableShape, keys: readonly StoredKey[]): Promise<(StoredRow | undefined)[]> {
    const names = keys.map((key) => `${shape.name}${JSON.stringify(key)}`);
    this.asked.push(...names);
    await Promise.resolve();
    return names.map((name) => this.#rows[name]);
  }

  async scan(): Promise<readonly StoredRow[]> {
    this.asked.push("scan");
    return await Promise.resolve([TAGGED]);
  }
}

function aBody(engine: StoredReader = new CountingEngine()): BodyTransaction {
  return new BodyTransaction({ shapes, engine, scope: new BodyScope({}, "a test") });
}

const A = { name: "a" };
const B = { name: "b" };
const GONE = { name: "gone" };

describe("a body", () => {
  it("reads a key once, found or not, and once per table", async () => {
    const engine = new CountingEngine();
    const body = aBody(engine);

    for (const key of [A, GONE, A, GONE]) await body.get(countersTable, key);
    const many = await body.getMany(countersTable, [B, A, B, GONE]);
    await body.get(itemsTable, { shelf: "a", place: 1 });

    expect(engine.asked).toEqual([
      'counters["a"]',
      'counters["gone"]',
      'counters["b"]',
      'items["a",1]',
    ]);
    expect(many.map((row) => row?.value)).toEqual([2, 1, 2, undefined]);
  });

  it("reads a key once that it asks for twice at the same time", async () => {
    const engine = new CountingEngine();
    const body = aBody(engine);

    const rows = await Promise.all([
      body.get(countersTable, A),
      body.getMany(countersTable, [A, B]),
      body.get(countersTable, B),
    ]);

    expect(rows).toEqual([{ name: "a", value: 1 }, [rows[0], rows[2]], { name: "b", value: 2 }]);
    expect(engine.asked).toEqual(['counters["a"]', 'counters["b"]']);
  });

  it("asks the engine at once, so that reads of one turn can travel together", () => {
    const engine = new CountingEngine();
    const body = aBody(engine);

    void body.get(countersTable, A);
    void body.getMany(countersTable, [A, B]);

    expect(engine.asked).toEqual(['counters["a"]', 'counters["b"]']);
  });

  it("reads nothing for keys that it wrote, and its own write wins over what it read", async () => {
    const engine = new CountingEngine();
    const body = aBody(engine);
    body.put(countersTable, { name: "new", value: 7 });
    await body.get(countersTable, A);
    body.put(countersTable, { name: "a", value: 8 });
    body.delete(countersTable, B);

    const rows = await body.getMany(countersTable, [{ name: "new" }, A, B]);

    expect(rows.map((row) => row?.value)).toEqual([7, 8, undefined]);
    expect(engine.asked).toEqual(['counters["a"]']);
  });

  it("gets rows that share nothing", async () => {
    const body = aBody();
    const key = { shelf: "s", place: 1 };

    const [first, twin] = await body.getMany(itemsTable, [key, key]);
    (first?.tags as string[]).push("b");

    expect(twin?.tags).toEqual(["a"]);
    expect((await body.get(itemsTable, key))?.tags).toEqual(["a"]);
  });

  it("scans as often as it asks, and remembers nothing of a scan", async () => {
    const engine = new CountingEngine();
    const body = aBody(engine);

    await body.scan(itemsTable, { limit: 1 });
    await body.scan(itemsTable, { limit: 1 });
    await body.get(itemsTable, { shelf: "s", place: 1 });

    expect(engine.asked).toEqual(["scan", "scan", 'items["s",1]']);
  });

  it("sees a read fail wherever it asked for that key, and no other", async () => {
    const engine = new CountingEngine();
    const failing: StoredReader = {
      getMany: async (shape, keys) =>
        keys.some(([name]) => name === "gone")
          ? await Promise.reject(new Error("no answer"))
          : await engine.getMany(shape, keys),
      scan: async () => await engine.scan(),
    };
    const body = aBody(failing);

    await expect(body.getMany(countersTable, [GONE, B])).rejects.toThrow("no answer");
    await expect(body.get(countersTable, B)).rejects.toThrow("no answer");
    expect(await body.get(countersTable, A)).toEqual({ name: "a", value: 1 });
  });

  it("starts with nothing when it runs again, and so does a snapshot", async () => {
    const engine = new CountingEngine();
    const access = { shapes, engine, scope: new BodyScope({}, "a test") };

    for (const body of [aBody(engine), aBody(engine), new BodyReader(access)]) {
      await body.get(countersTable, A);
    }

    expect(engine.asked).toEqual(['counters["a"]', 'counters["a"]', 'counters["a"]']);
  });
});
