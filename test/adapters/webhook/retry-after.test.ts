import { describe, expect, it } from "vitest";
import { readRetryAfterMs } from "../../../shared/adapters/webhook/retry-after.ts";
import { instant } from "../../../shared/core/time/instant.ts";

const NOW = instant(Date.UTC(2027, 0, 15, 6));

describe("a Retry-After", () => {
  it.each([
    ["0", 0],
    ["120", 120_000],
    ["Fri, 15 Jan 2027 06:00:01 GMT", 1_000],
    ["Sat, 16 Jan 2027 06:00:00 GMT", 86_400_000],
    ["Fri, 15 Jan 2027 05:59:59 GMT", 0],
  ])("of %j asks for %i ms", (text, expectedMs) => {
    expect(readRetryAfterMs(text, NOW)).toBe(expectedMs);
  });

  it.each([
    "",
    "-1",
    "1.5",
    "soon",
    "9999999999",
    "2027-01-15T06:00:30Z",
    "Fri Jan 15 06:00:30 2027",
    "Fri, 99 Jan 2027 06:00:30 GMT",
  ])("of %j asks for nothing", (text) => {
    expect(readRetryAfterMs(text, NOW)).toBeUndefined();
  });
});
