import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wants } from "../../../shared/core/notification/match.ts";
import { NOTIFICATION_TYPES } from "../../../shared/core/notification/notification-type.ts";
import { aSubscription } from "../../support/builders.ts";

const heard = (pattern: string, schedule: string): boolean =>
  wants(aSubscription({ schedules: [pattern] }), "run.failed", schedule);

describe("a subscription", () => {
  it.each([
    ["nightly", "nightly", true],
    ["nightly", "nightly-train", false],
    ["*", "anything", true],
    ["*", "", true],
    ["nightly-*", "nightly-train", true],
    ["nightly-*", "nightly-", true],
    ["nightly-*", "nightly", false],
    ["*-train", "nightly-train", true],
    ["*-train", "train", false],
    ["a*b*c", "abc", true],
    ["a*b*c", "a-b-c", true],
    ["a*b*c", "acb", false],
    ["ab*ba", "aba", false],
    ["a*aa*a", "aaa", false],
    ["**", "x", true],
    ["", "", true],
    ["", "x", false],
  ])("of %j hears of %j: %s", (pattern, schedule, expected) => {
    expect(heard(pattern, schedule)).toBe(expected);
  });

  it("hears what a regular expression would match", () => {
    const letters = fc.string({ unit: fc.constantFrom("a", "b", "-"), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom("a", "b", "-", "*"), maxLength: 6 });
    fc.assert(
      fc.property(pattern, letters, (text, name) => {
        const expression = new RegExp(`^${text.replaceAll("*", ".*")}$`);
        expect(heard(text, name)).toBe(expression.test(name));
      }),
      { numRuns: 1_000 },
    );
  });

  it.each(NOTIFICATION_TYPES)("hears of %s only where it lists it", (type) => {
    const others = NOTIFICATION_TYPES.filter((each) => each !== type);

    expect(wants(aSubscription({ on: [type] }), type, "nightly")).toBe(true);
    expect(wants(aSubscription({ on: others }), type, "nightly")).toBe(false);
  });

  it("hears of a schedule that any of its patterns matches", () => {
    const subscription = aSubscription({ schedules: ["a", "b*"] });

    expect(["a", "bb", "c"].map((name) => wants(subscription, "run.failed", name))).toEqual([
      true,
      true,
      false,
    ]);
  });
});
