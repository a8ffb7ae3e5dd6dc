import { readFileSync } from "node:fs";
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import {
  listing,
  LISTING_FILE,
  PAGE_FILE,
  withTables,
} from "../../../infra/observability/listing.ts";
import { ALARMS } from "../../../shared/core/telemetry/alarms.ts";
import { METRICS, type Metric } from "../../../shared/core/telemetry/metrics.ts";

const WRITE = "run `npm run observability`";

describe("the listing for other programs", () => {
  it("is what the source says", () => {
    const written: unknown = JSON.parse(readFileSync(LISTING_FILE, "utf8"));

    expect(written, WRITE).toEqual(JSON.parse(JSON.stringify(listing())));
  });
});

describe("the page about observability", () => {
  it("has every metric and every alarm as the source has them", async () => {
    const page = readFileSync(PAGE_FILE, "utf8");
    const options = { ...(await resolveConfig(PAGE_FILE)), filepath: PAGE_FILE };

    expect(await format(withTables(page), options), WRITE).toBe(page);
  });
});

describe("every alarm", () => {
  it.each(ALARMS.map((alarm) => [alarm.name, alarm] as const))(
    "%s looks at values that its metric has",
    (_, { metric, where, aggregation }) => {
      const { attributes, kind }: Metric = METRICS[metric];

      for (const [name, values] of Object.entries(where)) {
        const known = attributes[name];
        expect(known, name).toBeDefined();
        if (typeof known !== "string") expect(known).toEqual(expect.arrayContaining([...values]));
      }
      const kinds = {
        increase: ["counter", "histogram"],
        max: ["gauge"],
        p95: ["histogram"],
        p99: ["histogram"],
      };
      expect(kinds[aggregation]).toContain(kind);
    },
  );

  it("has a name of its own", () => {
    expect(new Set(ALARMS.map(({ name }) => name)).size).toBe(ALARMS.length);
  });
});

describe("every promise", () => {
  it.each(["P1", "P2", "P3", "P4", "P5", "P6", "P7"])("%s has an alarm", (promise) => {
    expect(ALARMS.some((alarm) => alarm.promise.startsWith(`${promise}:`))).toBe(true);
  });
});

describe("every metric", () => {
  const source = readFileSync("shared/core/telemetry/metrics.ts", "utf8");

  it.each(Object.keys(METRICS))("%s is recorded somewhere", async (name) => {
    const { globSync } = await import("node:fs");
    const files = globSync("{shared,functions}/**/*.ts").filter(
      (path) => !path.startsWith("shared/core/telemetry"),
    );

    expect(source).toContain(`"${name}"`);
    expect(files.some((path) => readFileSync(path, "utf8").includes(`"${name}"`))).toBe(true);
  });
});
