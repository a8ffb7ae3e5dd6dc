import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TypedData, TypedValues, Types, Ydb } from "ydb-sdk";
import type { StoredRow } from "../../../shared/adapters/record/row-codec.ts";
import { TableShapes } from "../../../shared/adapters/record/table-shape.ts";
import { typeNameOf } from "../../../shared/adapters/ydb/column-type.ts";
import { decodeRows } from "../../../shared/adapters/ydb/result-codec.ts";
import {
  encodeKeyValue,
  encodeRowValue,
  keyParameter,
  limitParameter,
} from "../../../shared/adapters/ydb/value-codec.ts";
import { itemsTable } from "../../contract/store-tables.ts";
import { columnsOf, resultSetOf, sentParameters, sentValue } from "./second-codec.ts";

const items = new TableShapes([itemsTable]).of(itemsTable);
const [shelf, place] = items.key;

const aRow = (given: StoredRow = {}): StoredRow => ({
  shelf: "s",
  place: 1,
  title: "",
  size: 0,
  tags: "null",
  expire_at: null,
  ...given,
});

const text = fc.string({ unit: "grapheme" });
const storedRows = fc.record({
  shelf: text,
  place: fc.maxSafeInteger(),
  title: fc.option(text),
  size: fc.option(fc.maxSafeInteger()),
  tags: fc.option(fc.json()),
  expire_at: fc.option(fc.maxSafeNat()),
});

describe("a row on its way to the server", () => {
  it("arrives as it is here, whatever it holds", () => {
    fc.assert(
      fc.property(storedRows, (row) => {
        const values = Object.values(row);
        expect(sentValue(encodeRowValue(items, row).value)).toEqual(
          values.map((value) => (typeof value === "number" ? BigInt(value) : value)),
        );
      }),
    );
  });

  it("says of each value which type it has", () => {
    const value = encodeRowValue(items, aRow({ size: null, expire_at: 7 })).value;
    const sent = sentParameters({ $p0: { value } })["$p0"]?.value?.items;
    expect(sent?.map((item) => item.value.case)).toEqual([
      "textValue",
      "int64Value",
      "textValue",
      "nullFlagValue",
      "textValue",
      "uint64Value",
    ]);
  });

  it("takes no more bytes than was said, and not many fewer", () => {
    fc.assert(
      fc.property(storedRows, (row) => {
        const { value, bytes } = encodeRowValue(items, row);
        const sent = Ydb.Value.encode({ items: [value] }).finish().length;
        expect(sent).toBeLessThanOrEqual(bytes);
        expect(sent).toBeGreaterThan(bytes - 12 * (items.columns.length + 1));
      }),
    );
  });

  it("is whole, or its put would leave a column as it was", () => {
    const { title: _absent, ...rest } = aRow();
    expect(() => encodeRowValue(items, rest)).toThrow("items.title is present, got undefined");
  });

  it.each(["shelf", "place"])("has no null in the key column %s", (name) => {
    const encode = (): unknown => encodeRowValue(items, aRow({ [name]: null }));
    expect(encode).toThrow(`items.${name} is never null, got null`);
  });
});

/** What a value becomes at the server by the package's own conversion. */
function bySdk(type: Ydb.IType, value: unknown): unknown {
  const { items: _none, ...sent } = TypedValues.fromNative(type, value).value ?? {};
  return sentParameters({ $p0: { type, value: sent } })["$p0"]?.value?.value.value;
}

describe("a value that does not fit its column", () => {
  it.each([
    { what: "a bigint", column: "size", value: 5n, sdk: 0n },
    { what: "not a number", column: "size", value: NaN, sdk: 0n },
    { what: "infinite", column: "size", value: Infinity, sdk: 0n },
    { what: "a fraction", column: "size", value: 1.7, sdk: 1n },
    { what: "beyond 2^53", column: "size", value: 2 ** 60 + 1, sdk: 2n ** 60n },
    { what: "a number in text", column: "size", value: "7", sdk: 7n },
    { what: "negative, for an instant", column: "expire_at", value: -1, sdk: 2n ** 64n - 1n },
    { what: "a fraction of an instant", column: "expire_at", value: 1.5, sdk: 1n },
    { what: "half a character", column: "title", value: "\ud800", sdk: "\ufffd\ufffd\ufffd" },
    {
      what: "half a character in JSON",
      column: "tags",
      value: '"\udc00"',
      sdk: '"\ufffd\ufffd\ufffd"',
    },
    { what: "nothing", column: "title", value: undefined, sdk: undefined },
  ])("is refused when it is $what, which the package sends as $sdk", (wrong) => {
    const types: Readonly<Record<string, Ydb.IType>> = {
      size: Types.INT64,
      expire_at: Types.UINT64,
    };
    const type = types[wrong.column] ?? Types.UTF8;
    expect(bySdk(type, wrong.value)).toEqual(wrong.sdk);

    const row = { ...aRow(), [wrong.column]: wrong.value } as StoredRow;
    expect(() => encodeRowValue(items, row)).toThrow(`items.${wrong.column} is `);
  });

  it.each([
    { type: Types.INT32, value: 2 ** 31, sdk: -(2 ** 31) },
    { type: Types.UINT32, value: -1, sdk: 2 ** 32 - 1 },
    { type: Types.BOOL, value: "false", sdk: true },
  ])("has no column here at all where the package sends $value as $sdk", ({ type, value, sdk }) => {
    expect(bySdk(type, value)).toBe(sdk);
    expect(new Set(items.columns.map(typeNameOf))).toEqual(new Set(["Utf8", "Int64", "Uint64"]));
  });

  it("is refused as part of a key", () => {
    if (shelf === undefined || place === undefined) expect.unreachable();
    expect(() => keyParameter(items, place, 1.5)).toThrow("items.place is a safe integer");
    expect(() => keyParameter(items, shelf, 1)).toThrow("items.shelf is well-formed text");
    expect(() => encodeKeyValue(items, ["s"])).toThrow("items.place is present, got undefined");
  });

  it("is refused as a count of rows", () => {
    for (const limit of [-1, 1.5, NaN]) expect(() => limitParameter(limit)).toThrow("a count");
    expect(sentValue(limitParameter(900).value ?? {})).toBe(900n);
  });
});

describe("a key on its way to the server", () => {
  it("is a struct of the key columns alone", () => {
    expect(sentValue(encodeKeyValue(items, ["s", -3]).value)).toEqual(["s", -3n]);
  });
});

describe("a result", () => {
  const columns = columnsOf(items);

  it("comes back as a server wrote it, in any order of the columns", () => {
    const orders = fc.shuffledSubarray([...columns], { minLength: columns.length });
    fc.assert(
      fc.property(fc.array(storedRows), orders, (rows, order) => {
        expect(decodeRows(items, resultSetOf(order, rows))).toEqual(rows);
      }),
    );
  });

  it.each([0, -1, 2 ** 31, 2 ** 32 - 1, -(2 ** 32), 2 ** 53 - 1, -(2 ** 53) + 1])(
    "has the integer %d",
    (size) => {
      expect(decodeRows(items, resultSetOf(columns, [aRow({ size })]))).toEqual([aRow({ size })]);
    },
  );

  it("has the integer that the package's own conversion turns around", () => {
    const set = resultSetOf(columns, [aRow({ place: 3_000_000_000 })]);
    expect(TypedData.createNativeObjects(set)[0]?.["place"]).toBe(-1_294_967_296);
    expect(decodeRows(items, set)[0]?.["place"]).toBe(3_000_000_000);
  });

  it("may have no rows", () => {
    expect(decodeRows(items, resultSetOf(columns, []))).toEqual([]);
  });

  it("is read where the server calls a column outside the key never null", () => {
    const plain = columns.map((column) => ({ ...column, isOptional: false }));
    expect(decodeRows(items, resultSetOf(plain, [aRow({ size: 3 })]))).toEqual([aRow({ size: 3 })]);
  });
});

describe("a result that no program of ours left in the database", () => {
  const columns = columnsOf(items);

  it.each([
    [2n ** 53n, "size"],
    [-(2n ** 53n), "size"],
    [2n ** 63n - 1n, "size"],
    [-(2n ** 63n), "place"],
    [2n ** 53n, "expire_at"],
    [2n ** 64n - 1n, "expire_at"],
  ])("is refused for the integer %d, which would come out rounded", (value, name) => {
    const set = resultSetOf(columns, [{ ...aRow(), [name]: value }]);
    expect(codeOf(() => decodeRows(items, set))).toBe("STORE_CORRUPT");
    expect(() => decodeRows(items, set)).toThrow(`items.${name} is a safe integer`);
  });

  it.each([
    ["a null in a key", 0, { nullFlagValue: 0 }, "items.shelf is never null"],
    ["a value with nothing set", 2, {}, "items.title is text"],
    ["text for a number", 3, { textValue: "5" }, "items.size is a safe integer"],
    ["32 bits for 64", 3, { int32Value: 5 }, "items.size is a safe integer"],
    ["an integer that was rounded on the way", 3, { int64Value: 2 ** 53 }, "items.size is a safe"],
    ["a value in a value", 2, { nestedValue: { textValue: "a" } }, "items.title is text"],
    ["a sign", 5, { int64Value: 5 }, "items.expire_at is a safe integer from 0"],
  ])("is refused for %s", (_what, index, value: Ydb.IValue, message) => {
    const set = resultSetOf(columns, [aRow()]);
    set.rows?.[0]?.items?.splice(index, 1, value);
    expect(codeOf(() => decodeRows(items, set))).toBe("STORE_CORRUPT");
    expect(() => decodeRows(items, set)).toThrow(message);
  });

  it("is refused where a row has fewer values than there are columns", () => {
    const set = resultSetOf(columns, [aRow()]);
    set.rows?.[0]?.items?.pop();
    expect(() => decodeRows(items, set)).toThrow("items is 6 values, got 5");
  });

  it.each([
    ["lacks a column", (all: Ydb.IColumn[]) => all.shift(), "shelf is there once, got 0"],
    ["has an unknown column", (all: Ydb.IColumn[]) => all.push({ name: "x" }), "a column x"],
    ["has a column twice", (all: Ydb.IColumn[]) => all.push({ ...all[0] }), "shelf is there once"],
    [
      "has a column of another type",
      (all: Ydb.IColumn[]) => all.splice(5, 1, { name: "expire_at", type: Types.TIMESTAMP }),
      "expire_at is Uint64, got {",
    ],
    [
      "has an optional in an optional",
      (all: Ydb.IColumn[]) =>
        all.splice(5, 1, {
          name: "expire_at",
          type: { optionalType: { item: { optionalType: { item: Types.UINT64 } } } },
        }),
      "expire_at is Uint64, got",
    ],
    [
      "has a column without a type",
      (all: Ydb.IColumn[]) => all.splice(5, 1, { name: "expire_at" }),
      "expire_at is Uint64, got no type",
    ],
  ])("is refused where it %s, also without a row", (_what, change, message) => {
    const set = resultSetOf(columns, []);
    change(set.columns ?? []);
    expect(codeOf(() => decodeRows(items, set))).toBe("STORE_SCHEMA_UNKNOWN");
    expect(() => decodeRows(items, set)).toThrow(message);
  });
});

function codeOf(steps: () => unknown): unknown {
  try {
    steps();
  } catch (error) {
    return (error as { readonly code?: unknown }).code;
  }
  return "nothing was thrown";
}
