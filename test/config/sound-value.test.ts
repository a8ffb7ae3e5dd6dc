import { describe, expect, it } from "vitest";
import * as z from "zod";
import { checkShape } from "../../shared/config/sound-value.ts";

const form = z.union([
  z.strictObject({ cron: z.string(), zone: z.string().optional() }),
  z.strictObject({ every: z.string(), offset: z.string() }),
  z.string({ error: "a pattern" }),
]);
const schema = z.strictObject({
  name: z.string().optional(),
  forms: z.array(form).optional(),
  inner: z.strictObject({ needed: z.number(), more: z.number().optional() }).optional(),
});

describe("a value of the right shape", () => {
  it("has no findings", () => {
    expect(checkShape(schema, { name: "x", forms: ["a"] })).toEqual({
      findings: [],
      value: { name: "x", forms: ["a"] },
    });
  });
});

describe("a value with faults", () => {
  it("is judged by the form of a union it comes nearest to", () => {
    const { findings } = checkShape(schema, { forms: [{ every: "1h", ofset: "5m" }] });

    expect(findings).toEqual([
      { path: ["forms", 0, "offset"], found: "nothing", expected: "a text" },
      {
        path: ["forms", 0, "ofset"],
        found: 'the unknown key "ofset"',
        expected: 'one of every, offset (did you mean "offset"?)',
        at: "key",
      },
    ]);
  });

  it("is told all forms of a union when it is of no form's kind", () => {
    expect(checkShape(schema, { forms: [5] }).findings).toEqual([
      { path: ["forms", 0], found: "5 (number)", expected: "a mapping, or a pattern" },
    ]);
  });

  it("keeps its sound parts", () => {
    const value = { name: 5, nmae: 1, forms: ["a"], inner: { needed: 1, more: "x" } };

    expect(checkShape(schema, value).value).toEqual({ forms: ["a"], inner: { needed: 1 } });
  });

  it("loses the whole of a list with a faulty element, and of a mapping without what it needs", () => {
    const value = { name: "x", forms: ["a", 5], inner: { more: 1 } };

    expect(checkShape(schema, value).value).toEqual({ name: "x" });
  });

  it("has nothing sound in it when it is of another kind", () => {
    expect(checkShape(schema, [])).toEqual({
      findings: [{ path: [], found: "a list", expected: "a mapping" }],
    });
  });

  it("is left as it was", () => {
    const value = { name: 5 };

    checkShape(schema, value);

    expect(value).toEqual({ name: 5 });
  });

  it("is refused with a reason where a key has one", () => {
    expect(checkShape(schema, { later: 1 }, { later: "no such key yet" }).findings).toEqual([
      { path: ["later"], found: 'the unknown key "later"', expected: "no such key yet", at: "key" },
    ]);
  });
});
