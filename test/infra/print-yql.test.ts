import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { allStatements, sampleRequests } from "../../shared/adapters/ydb/all-statements.ts";
import { schemaVersionTable } from "../../shared/adapters/ydb/schema-version.ts";
import { tables } from "../../shared/records/tables.ts";

describe("npm run yql", () => {
  it("prints every statement of our tables and of the schema's version, one per line", () => {
    const printed = execFileSync(process.execPath, ["infra/print-yql.ts"], { encoding: "utf8" });
    const ours = [schemaVersionTable, ...tables];
    const texts = [...allStatements(ours), ...sampleRequests(tables)];
    expect(printed).toBe(texts.map((text) => `${text.replaceAll("\n", " ")}\n`).join(""));
  });
});
