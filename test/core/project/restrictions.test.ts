import { describe, expect, it } from "vitest";
import type { Restriction } from "../../../shared/core/project/project.ts";
import {
  allowedInstanceTypes,
  checkRestrictions,
  mayResizeDisk,
} from "../../../shared/core/project/restrictions.ts";

const restriction = (name: string, values: Partial<Restriction>): Restriction => ({
  name,
  bools: [],
  longs: [],
  strings: [],
  ...values,
});
const holder = (...restrictions: readonly Restriction[]) => ({ restrictions });
const types = (...strings: readonly string[]) => restriction("ALLOWED_INSTANCE_TYPES", { strings });
const size = (may: boolean) => restriction("CHANGING_DISK_SIZE", { bools: [may] });

describe("the instance types that are allowed", () => {
  it.each([
    ["any, where nobody says anything", holder(), holder(), undefined],
    ["any, where there is no community", holder(), undefined, undefined],
    ["the project's", holder(types("c1.4", "g1.1")), holder(), ["c1.4", "g1.1"]],
    ["the community's", holder(), holder(types("c1.4")), ["c1.4"]],
    ["what both allow", holder(types("c1.4", "g1.1")), holder(types("g1.1", "x")), ["g1.1"]],
    ["none, where the two share none", holder(types("c1.4")), holder(types("g1.1")), []],
    ["none, where a list is empty", holder(types()), holder(), []],
  ])("are %s", (_name, project, community, expected) => {
    const allowed = allowedInstanceTypes(project, community);

    expect(allowed && [...allowed]).toEqual(expected);
  });
});

describe("a disk", () => {
  it.each([
    [holder(), undefined, true],
    [holder(size(true)), holder(size(true)), true],
    [holder(size(false)), holder(), false],
    [holder(size(true)), holder(size(false)), false],
  ])("under %j and %j may be resized: %s", (project, community, may) => {
    expect(mayResizeDisk(project, community)).toBe(may);
  });
});

describe("restrictions with too many or too long values", () => {
  it.each([
    ["101 values", [types(...Array.from({ length: 101 }, (_, n) => `t${n}`))]],
    ["a long value", [types("x".repeat(51))]],
    ["two booleans", [restriction("NODES_AND_ALIASES", { bools: [true, false] })]],
    ["more restrictions than there are", Array.from({ length: 6 }, () => size(true))],
  ])("are wrong for %s", (_name, given) => {
    expect(checkRestrictions(given)).toHaveLength(1);
  });

  it("are right with one value of each", () => {
    expect(checkRestrictions([size(false), types("c1.4")])).toEqual([]);
  });
});
