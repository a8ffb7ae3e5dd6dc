import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatLocalTime, localTime, parseLocal } from "../../../shared/core/time/local-time.ts";

describe("a written local time", () => {
  it.each([
    ["2027-01-15", "2027-01-15T00:00:00", "date"],
    ["2027-01-15T09:05", "2027-01-15T09:05:00", "time"],
    ["2028-02-29T23:59:59", "2028-02-29T23:59:59", "time"],
  ])("reads as what it says: %s", (text, shown, precision) => {
    const written = parseLocal(text);

    expect(written?.precision).toBe(precision);
    expect(formatLocalTime(written?.local ?? localTime(0))).toBe(shown);
  });

  it.each([
    "2027-02-29",
    "2027-04-31T00:00",
    "2027-13-01",
    "2027-00-10",
    "2027-01-00",
    "1969-12-31",
    "0027-01-01",
    "2027-01-15T24:00",
    "2027-01-15T10:60",
    "2027-01-15T10:00:60",
    "2027-01-15T10",
    "2027-1-5",
    "2027-01-15 10:00",
    "2027-01-15T10:00Z",
    "",
  ])("is nothing where no clock and calendar show it: '%s'", (text) => {
    expect(parseLocal(text)).toBeUndefined();
  });

  it("prints as it reads", () => {
    const seconds = fc.integer({ min: 0, max: 253_402_300_799 });
    fc.assert(
      fc.property(seconds, (second) => {
        const local = localTime(second * 1_000);

        expect(parseLocal(formatLocalTime(local))?.local).toBe(local);
      }),
    );
  });
});
