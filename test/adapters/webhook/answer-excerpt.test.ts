import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { answerExcerpt } from "../../../shared/adapters/webhook/answer-excerpt.ts";

const WITHHELD = "(the answer repeats the request and is not shown)";

function excerptOf(answer: string | Uint8Array, url = "https://a.example/", secret = ""): string {
  return answerExcerpt(typeof answer === "string" ? Buffer.from(answer) : answer, {
    url: new URL(url),
    secret,
  });
}

describe("the beginning of an answer", () => {
  it("is shown as one line without control characters", () => {
    expect(excerptOf("\u001b[31m no\r\n\0 such\u202e channel \u2028")).toBe("[31m no such channel");
  });

  it("is shown without the character that the cut went through", () => {
    expect(excerptOf(Buffer.from("канал").subarray(0, 9))).toBe("кана");
  });

  it("is printable whatever its bytes are", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(excerptOf(bytes)).toMatch(/^\P{C}*$/u);
      }),
    );
  });

  it.each([
    ["the query", "?k=1", "https://a.example/?k=1"],
    ["a value of the query", "token abcdef12", "https://a.example/?k=abcdef12"],
    ["a name in the query", "token abcdef12", "https://a.example/?abcdef12"],
    ["a decoded value", "token a/b/c/d/e", "https://a.example/?k=a%2Fb%2Fc%2Fd%2Fe"],
    ["the path", "Cannot POST /a/b/c/d", "https://a.example/a/b/c/d"],
    ["a part of the path", "no abcdef12 here", "https://a.example/v1/abcdef12"],
    ["a decoded path", "no ключ-123", "https://a.example/v1/%D0%BA%D0%BB%D1%8E%D1%87-123"],
    ["a path that does not decode", "no 100%25-abc", "https://a.example/v1/100%25-abc%"],
    ["a token's first half", "no abcdef12", "https://a.example/v1/abcdef1234567890"],
  ])("is withheld when it repeats %s", (_what, answer, url) => {
    expect(excerptOf(answer, url)).toBe(WITHHELD);
  });

  it.each(["whsec_c2VjcmV0", "key c2VjcmV0"])(
    "is withheld when it repeats the secret: %s",
    (answer) => {
      expect(excerptOf(answer, "https://a.example/", "whsec_c2VjcmV0")).toBe(WITHHELD);
    },
  );

  it("is shown when it merely shares a word with the path", () => {
    expect(excerptOf("no hook here", "https://a.example/hook")).toBe("no hook here");
  });
});
