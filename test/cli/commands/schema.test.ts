import { describe, expect, it } from "vitest";
import { configurationJsonSchema } from "../../../shared/config/json-schema.ts";
import { orrery } from "../cli-world.ts";

describe("the schema for editors", () => {
  it("is printed as one JSON document, the one that the reader uses", async () => {
    const { code, out } = await orrery("schema");

    const printed = JSON.parse(out) as unknown;
    expect(code).toBe(0);
    expect(printed).toEqual(JSON.parse(JSON.stringify(configurationJsonSchema())));
    expect(printed).toMatchObject({ type: "object", required: ["version", "schedules"] });
  });
});
