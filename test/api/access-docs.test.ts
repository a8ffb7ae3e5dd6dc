import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ROLES, roleIdsThatGive } from "../../shared/core/access/access.ts";
import { SUBJECT_TYPES } from "../../shared/core/access/check-binding.ts";
import { accessRows } from "./access-table.ts";

/** Every table row of the page, with the padding that makes columns line up taken out. */
const text = readFileSync("docs/access.md", "utf8");
const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| "))
  .map((line) => line.replaceAll(/ +/g, " "));

describe("docs/access.md", () => {
  it("says of every method what the options of the protos say", () => {
    const expected = accessRows();
    const services = new Set(expected.map((row) => row.split(" | ")[0]));
    const found = rows.filter((row) => services.has(row.split(" | ")[0]));

    expect(expected.join("\n")).not.toContain("?");
    expect(found).toEqual(expected);
  });

  it("names every role and every type of subject", () => {
    const roles = [
      ...roleIdsThatGive("viewer", "project"),
      ...roleIdsThatGive("viewer", "community"),
    ];

    for (const role of roles) {
      const [family = ""] = role.split(/\.(?=[a-z]+$)/);
      expect(text).toContain(`${family}.{${ROLES.join(",")}}`);
    }
    for (const type of SUBJECT_TYPES) expect(text).toContain(`\`${type}\``);
  });
});
