import { describe, expect, it } from "vitest";
import { environmentSecrets } from "../../../shared/adapters/secrets/environment-secrets.ts";

describe("a reference to the environment", () => {
  it("stands for the variable's value, as it is at the moment", () => {
    const environment: Record<string, string> = { OPS_SECRET: "first" };
    const secretOf = environmentSecrets(environment);

    const before = secretOf("env:OPS_SECRET");
    environment["OPS_SECRET"] = "second";

    expect([before, secretOf("env:OPS_SECRET")]).toEqual(["first", "second"]);
  });

  it("finds a variable of this process", () => {
    expect(environmentSecrets(process.env)("env:PATH")).toBe(process.env["PATH"]);
  });

  it.each([
    "env:MISSING",
    "env:EMPTY",
    "env:",
    "env:constructor",
    "OPS_SECRET",
    "lockbox:OPS_SECRET",
  ])("stands for nothing as %s", (reference) => {
    const secretOf = environmentSecrets({ OPS_SECRET: "first", EMPTY: "" });

    expect(secretOf(reference)).toBeUndefined();
  });
});
