import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterPrefix, cellBytes, encodeKey } from "./key-bytes.ts";
import { OrderedKeys } from "./ordered-keys.ts";

const text = fc.string({ unit: "grapheme", maxLength: 4 });
const awkward = fc.oneof(text, fc.constantFrom("", "\0", "\0\0", "a\0", "a\u0001", "\uffff", "😀"));
const integer = fc.oneof(fc.bigInt({ min: -3n, max: 3n }), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n));

function sign(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

describe("keys as bytes", () => {
  it("order text by its UTF-8 bytes", () => {
    const property = fc.property(awkward, awkward, (a, b) => {
      expect(sign(encodeKey([a]), encodeKey([b]))).toBe(
        Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b))),
      );
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("put a character above U+FFFF behind U+FFFF, where JavaScript puts it before", () => {
    expect(["\uffff", "😀"].sort()).toEqual(["😀", "\uffff"]);
    expect(encodeKey(["😀"]) > encodeKey(["\uffff"])).toBe(true);
  });

  it("order numbers by value over all of Int64", () => {
    const property = fc.property(integer, integer, (a, b) => {
      expect(sign(encodeKey([a]), encodeKey([b]))).toBe(a < b ? -1 : Number(a > b));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("put NULL first", () => {
    expect(encodeKey([null]) < encodeKey([""])).toBe(true);
    expect(encodeKey([null]) < encodeKey([-(2n ** 63n)])).toBe(true);
  });

  it("order by the first column that differs", () => {
    const property = fc.property(awkward, integer, awkward, integer, (a, m, b, n) => {
      const columns =
        Buffer.compare(Buffer.from(a), Buffer.from(b)) || (m < n ? -1 : Number(m > n));
      expect(sign(encodeKey([a, m]), encodeKey([b, n]))).toBe(Math.sign(columns));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("stay between their prefix and what is behind it, and no others do", () => {
    const property = fc.property(awkward, awkward, integer, (prefix, other, rest) => {
      const from = encodeKey([prefix]);
      const key = encodeKey([other, rest]);
      expect(from <= key && key < afterPrefix(from)).toBe(prefix === other);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it("count text by UTF-8 bytes, a number as eight, and NULL as nothing", () => {
    expect(["aß😀", 1n, null].map(cellBytes)).toEqual([7, 8, 0]);
  });
});

describe("ordered keys", () => {
  it("answer every range like a sorted array, however they grew and shrank", () => {
    const key = fc.integer({ min: 0, max: 3_000 }).map((n) => String(n).padStart(4, "0"));
    const steps = fc.array(key, { minLength: 1_500, maxLength: 3_000 });
    const property = fc.property(steps, key, key, (keys, from, to) => {
      const ordered = new OrderedKeys();
      const model = new Set<string>();
      // A key that comes again is taken out: some chunks split and some run empty.
      for (const one of keys) {
        if (model.delete(one)) ordered.remove(one);
        else {
          model.add(one);
          ordered.insert(one);
        }
      }

      const expected = [...model].filter((one) => one >= from && one < to).sort();
      expect([...ordered.ascending(from, to)]).toEqual(expected);
      expect([...ordered.descending(from, to)]).toEqual(expected.toReversed());
    });
    fc.assert(property, { numRuns: 40 });
  });

  it("are empty again once every key is gone", () => {
    const ordered = new OrderedKeys();
    const keys = Array.from({ length: 2_000 }, (_, n) => String(n));
    for (const key of keys) ordered.insert(key);
    for (const key of keys) ordered.remove(key);

    expect([...ordered.ascending("", "z")]).toEqual([]);
    expect([...ordered.descending("", "z")]).toEqual([]);
  });
});
