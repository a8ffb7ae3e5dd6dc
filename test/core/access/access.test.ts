import { describe, expect, it } from "vitest";
import {
  higherRole,
  highestRoleOf,
  includesRole,
  roleIdsThatGive,
  ROLES,
} from "../../../shared/core/access/access.ts";

describe("a role", () => {
  it("includes itself and those before it, and no role includes any", () => {
    for (const [held, role] of ROLES.entries()) {
      const included = ROLES.filter((wanted) => includesRole(role, wanted));
      expect(included).toEqual(ROLES.slice(0, held + 1));
    }
    expect(ROLES.some((wanted) => includesRole(undefined, wanted))).toBe(false);
  });

  it("is higher than those before it, and than none", () => {
    expect(higherRole("viewer", "editor")).toBe("editor");
    expect(higherRole("editor", "viewer")).toBe("editor");
    expect(higherRole(undefined, "viewer")).toBe("viewer");
    expect(higherRole("viewer", undefined)).toBe("viewer");
    expect(higherRole(undefined, undefined)).toBeUndefined();
  });
});

describe("role ids", () => {
  it.each(["project", "community"] as const)("give the highest role on a %s", (kind) => {
    for (const role of ROLES) {
      const [id = ""] = roleIdsThatGive(role, kind);
      expect(highestRoleOf([id], kind)).toBe(role);
    }
    expect(highestRoleOf(roleIdsThatGive("viewer", kind), kind)).toBe("admin");
    expect(highestRoleOf(roleIdsThatGive("viewer", kind).slice(0, 3).toReversed(), kind)).toBe(
      "editor",
    );
  });

  it("give nothing on a resource of another kind", () => {
    expect(highestRoleOf(roleIdsThatGive("viewer", "project"), "community")).toBeUndefined();
    expect(highestRoleOf([], "project")).toBeUndefined();
  });
});
