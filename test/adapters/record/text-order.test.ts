import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareText } from "../../../shared/adapters/record/text-order.ts";

describe("the order of two texts", () => {
  it("is that of their UTF-8 bytes", () => {
    const text = fc.string({
      unit: fc.constantFrom("a", "é", "\ud7ff", "\ue000", "\uffff", "😀", "😁"),
    });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const bytes = Buffer.compare(Buffer.from(a), Buffer.from(b));
        expect(Math.sign(compareText(a, b))).toBe(bytes);
      }),
      { numRuns: 1_000 },
    );
  });
});
