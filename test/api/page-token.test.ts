import { describe, expect, it } from "vitest";
import { fitPage } from "../../shared/api/fit-page.ts";
import { decodePageToken, encodePageToken, pageSize } from "../../shared/api/page-token.ts";
import { limits } from "../../shared/core/limits.ts";
import { START_AT } from "../support/builders.ts";

const wrongField = (field: string): unknown =>
  expect.objectContaining({
    code: "ARGUMENT_INVALID",
    fields: [expect.objectContaining({ field }) as unknown],
  });

function thrownBy(body: () => unknown): unknown {
  try {
    return body();
  } catch (error) {
    return error;
  }
}

describe("a page size", () => {
  it("is what a client says, and the usual one where it says nothing", () => {
    expect([pageSize(0n), pageSize(1n), pageSize(1_000n)]).toEqual([limits.pageItems, 1, 1_000]);
  });

  it.each([-1n, 1_001n, 2n ** 60n])("is never %s", (size) => {
    expect(thrownBy(() => pageSize(size))).toEqual(wrongField("page_size"));
  });
});

describe("a page token", () => {
  const place = [START_AT, "bt1abcdefghijklmnopq"];

  it("brings its place back, and stands for none where it is empty", () => {
    expect(decodePageToken("jobs", encodePageToken("jobs", place))).toEqual(place);
    expect(encodePageToken("jobs", undefined)).toBe("");
    expect(decodePageToken("jobs", "")).toBeUndefined();
  });

  it("of our ids has at most 100 characters that need no quoting anywhere", () => {
    for (const each of [place, ["p".repeat(63)], ["f".repeat(64)]]) {
      expect(encodePageToken("tokens", each)).toMatch(/^[\w-]{1,100}$/);
    }
  });

  it.each([
    ["another listing's", encodePageToken("projects", place)],
    ["noise", "!!!"],
    ["JSON of something else", Buffer.from(`{"a":1}`).toString("base64url")],
    ["a place that is none", Buffer.from(`["job",null]`).toString("base64url")],
    ["a number that is none", Buffer.from(`["job",1.5]`).toString("base64url")],
    ["a text that no key holds", Buffer.from(`["job","\\u0000"]`).toString("base64url")],
    ["half a character", Buffer.from(`["job","\\ud800"]`).toString("base64url")],
    ["no place", Buffer.from(`["job"]`).toString("base64url")],
    ["too long", encodePageToken("jobs", ["x".repeat(limits.pageTokenChars)])],
  ])("is refused where it is %s", (_what, token) => {
    expect(thrownBy(() => decodePageToken("jobs", token))).toEqual(wrongField("page_token"));
  });
});

describe("a page of large items", () => {
  const kilobytes = (...sizes: readonly number[]) =>
    fitPage({ items: sizes, next: 99 }, { bytesOf: (size) => size * 1024, keyOf: (size) => size });

  it("is left as it is where it fits", () => {
    expect(kilobytes(1, 1_023)).toEqual({ items: [1, 1_023], next: 99 });
  });

  it("is cut where it does not, and goes on behind what is left", () => {
    expect(kilobytes(400, 500, 300, 1)).toEqual({ items: [400, 500], next: 500 });
  });

  it("always has its first item", () => {
    expect(kilobytes(9_000, 1)).toEqual({ items: [9_000], next: 9_000 });
  });
});
