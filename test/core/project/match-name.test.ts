import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nameMatcher } from "../../../shared/core/project/match-name.ts";

describe("a pattern of a listing", () => {
  it.each([
    ["", "anything", true],
    ["", "", true],
    ["team", "The-TEAM-of-ours", true],
    ["team", "tea", false],
    ["*", "", true],
    ["t*m", "team", true],
    ["t*m", "my team", false],
    ["*T?am", "my team", true],
    ["t?am", "tam", false],
    ["a*b*c", "axxbyyc", true],
    ["a*b*c", "axxcyyb", false],
    ["a**b", "ab", true],
    ["a.c", "abc", false],
    ["?", "😀", true],
    ["??", "😀", false],
    ["ИМЯ*", "имя-проекта", true],
  ])("%j says of %j: %s", (pattern, text, isMatch) => {
    expect(nameMatcher(pattern)(text)).toBe(isMatch);
  });

  it("means what a regular expression of it means", () => {
    const letters = fc.constantFrom("a", "b", "*", "?", ".");
    const texts = fc.string({ unit: fc.constantFrom("a", "b", "."), maxLength: 12 });

    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 6 }), texts, (pattern, text) => {
        const isWild = /[*?]/.test(pattern);
        const source = pattern.replaceAll(
          /[*?.]/g,
          (sign) => ({ "*": ".*", "?": "." })[sign] ?? "\\.",
        );
        const oracle = new RegExp(isWild ? `^${source}$` : source);
        expect(nameMatcher(pattern)(text)).toBe(oracle.test(text));
      }),
      { numRuns: 1_000 },
    );
  });

  it("takes no longer for many stars", () => {
    const matches = nameMatcher(`${"*a".repeat(100)}b`);

    expect(matches("a".repeat(5_000))).toBe(false);
  });
});
