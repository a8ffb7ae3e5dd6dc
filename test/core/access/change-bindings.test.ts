import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccessBinding } from "../../../shared/core/access/access.ts";
import {
  applyDeltas,
  replaceBindings,
  type BindingChange,
} from "../../../shared/core/access/change-bindings.ts";

const bindings = fc.record({
  roleId: fc.constantFrom("viewer", "admin"),
  subject: fc.record({
    type: fc.constantFrom("userAccount", "system"),
    id: fc.constantFrom("a", "b", "a admin"),
  }),
});
const deltas = fc.record({ action: fc.constantFrom("add", "remove"), binding: bindings });

const text = (binding: AccessBinding): string => JSON.stringify(binding);
const set = (some: readonly AccessBinding[]): Set<string> => new Set(some.map(text));

/** What is there once a change is written over what was there. */
function written(before: readonly AccessBinding[], change: BindingChange): Set<string> {
  const after = set(before);
  for (const binding of change.removed) expect(after.delete(text(binding))).toBe(true);
  for (const binding of change.added) {
    expect(after.has(text(binding))).toBe(false);
    after.add(text(binding));
  }
  expect(change.count).toBe(after.size);
  return after;
}

describe("a change of bindings", () => {
  it("that replaces them leaves exactly those that are wanted", () => {
    fc.assert(
      fc.property(fc.array(bindings), fc.array(bindings), (before, wanted) => {
        expect(written(before, replaceBindings(before, wanted))).toEqual(set(wanted));
      }),
    );
  });

  it("by deltas leaves what they leave one after another", () => {
    fc.assert(
      fc.property(fc.array(bindings), fc.array(deltas), (before, given) => {
        const expected = set(before);
        for (const { action, binding } of given) {
          if (action === "add") expected.add(text(binding));
          else expected.delete(text(binding));
        }
        expect(written(before, applyDeltas(before, given))).toEqual(expected);
      }),
    );
  });
});
