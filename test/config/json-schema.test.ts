import { describe, expect, it } from "vitest";
import { configurationJsonSchema } from "../../shared/config/json-schema.ts";

describe("the JSON Schema of a schedules file", () => {
  it("names the keys of a schedule, and no others", () => {
    const schema = JSON.parse(JSON.stringify(configurationJsonSchema())) as {
      properties: { schedules: { additionalProperties: Record<string, unknown> } };
    };

    const schedule = schema.properties.schedules.additionalProperties;
    expect(schedule["additionalProperties"]).toBe(false);
    expect(Object.keys(schedule["properties"] as object).sort()).toEqual([
      "after",
      "atLowBalance",
      "catchup",
      "concurrentRuns",
      "estimate",
      "inputs",
      "job",
      "onLimit",
      "overlap",
      "pauseAfterFailures",
      "priority",
      "project",
      "retry",
      "startDeadline",
      "timeout",
      "timezone",
      "when",
    ]);
  });

  it("describes what a text must look like, for editors to show", () => {
    expect(JSON.stringify(configurationJsonSchema())).toContain(
      "a duration such as 90s, 15m or 1h30m",
    );
  });
});
