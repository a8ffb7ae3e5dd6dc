import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  formatTraceParent,
  parseTraceParent,
  readTraceParent,
} from "../../../shared/core/telemetry/traceparent.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

describe("a traceparent", () => {
  it("says its trace, its span and whether it is sampled", () => {
    const context = { traceId: TRACE, spanId: SPAN };

    expect(parseTraceParent(`00-${TRACE}-${SPAN}-01`)).toEqual({ ...context, isSampled: true });
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...context, isSampled: false });
    expect(parseTraceParent(`00-${TRACE}-${SPAN}-03`)).toEqual({ ...context, isSampled: true });
  });

  it("of a later version is read as far as this one goes, and passed on as this one", () => {
    expect(readTraceParent(`01-${TRACE}-${SPAN}-09-more`)).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  it.each([
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${"0".repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${"0".repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}`,
    ` 00-${TRACE}-${SPAN}-01`,
    `01-${TRACE}-${SPAN}-01-${"x".repeat(200)}`,
    undefined,
    7,
  ])("is not %j", (text) => {
    expect(parseTraceParent(text)).toBeUndefined();
  });

  it("reads as it was written", () => {
    const hex = (length: number) =>
      fc
        .string({
          unit: fc.constantFrom("0", "1", "7", "9", "a", "f"),
          minLength: length,
          maxLength: length,
        })
        .filter((text) => !/^0+$/.test(text));

    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, isSampled) => {
        const context = { traceId, spanId, isSampled };

        expect(parseTraceParent(formatTraceParent(context))).toEqual(context);
      }),
    );
  });
});
