import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { roleIdsThatGive } from "../../../shared/core/access/access.ts";
import {
  bindingCursorText,
  bindingDigest,
  parseBindingCursor,
} from "../../../shared/core/access/binding-cursor.ts";
import { encodePageToken } from "../../../shared/api/page-token.ts";

const bindings = fc.record({
  roleId: fc.constantFrom(...roleIdsThatGive("viewer", "project")),
  subject: fc.record({
    type: fc.constantFrom("userAccount", "serviceAccount", "federatedUser", "system"),
    id: fc.string({ minLength: 1, maxLength: 100, unit: "grapheme", size: "max" }),
  }),
});

describe("a cursor of a listing of bindings", () => {
  it("comes back from its text, or as the digest where the text would be too long", () => {
    fc.assert(
      fc.property(bindings, (binding) => {
        const text = bindingCursorText(binding, "project");
        const cursor = parseBindingCursor(text, "project");

        const digest = { kind: "digest", digest: bindingDigest(binding) };
        expect(cursor).toEqual(text.startsWith("~") ? digest : { kind: "binding", binding });
      }),
    );
  });

  it("fits a page token of 100 characters", () => {
    fc.assert(
      fc.property(bindings, (binding) => {
        const token = encodePageToken("bindings", [bindingCursorText(binding, "project")]);
        expect(token.length).toBeLessThanOrEqual(100);
      }),
    );
  });

  it("is spelled out for the ids of the cloud", () => {
    const id = "ajebqhva3aqd5k2mlnov";
    const [roleId = ""] = roleIdsThatGive("viewer", "project");
    const federated = { roleId, subject: { type: "federatedUser", id } };

    expect(bindingCursorText(federated, "project")).toBe(`0federatedUser:${id}`);
  });

  it.each(["", "0", "9userAccount:ann", "userAccount:ann", "0:ann", "0userAccount:", "~12"])(
    "is not %j",
    (text) => {
      expect(parseBindingCursor(text, "project")).toBeUndefined();
    },
  );
});
