import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { VERSION } from "../../shared/core/version.ts";

it("the version in the source is that of the package", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as {
    readonly version: string;
  };

  expect(VERSION).toBe(version);
});
