import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { orrery, orreryJson } from "../cli-world.ts";

const EXAMPLE = "examples/quickstart/orrery.yaml";

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "orrery-cli-"));
  file = join(folder, "orrery.yaml");
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe("a schedules file that is right", () => {
  it("is summed up in a line", async () => {
    const { code, out, err } = await orrery("validate", EXAMPLE);

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toBe(`${EXAMPLE} is valid: 1 schedule, 1 project, 1 notification\n`);
  });

  it("has no problems for programs", async () => {
    expect(await orreryJson("validate", EXAMPLE)).toEqual({
      valid: true,
      problems: [],
      warnings: [],
    });
  });
});

describe("a schedules file that is wrong", () => {
  const WRONG =
    "version: 1\nschedules:\n  nightly:\n    when: { every: often }\n    project: demo\n";

  it("is told with every problem's place, and exits 2", async () => {
    writeFileSync(file, WRONG);

    const { code, out, err } = await orrery("validate", file);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(`${file}:4:20 schedules.nightly.when.every: found "often" (text)`);
    expect(err).toMatch(/has 2 problems: nothing of it was used \[CONFIG_INVALID\]\n$/);
  });

  it("gives programs the place, what was found, and what would be right", async () => {
    writeFileSync(file, WRONG);

    const answer = await orreryJson("validate", file);

    expect(answer).toMatchObject({ valid: false });
    const { problems } = answer as { problems: Record<string, unknown>[] };
    expect(problems).toHaveLength(2);
    const problem = problems.find((each) => each["path"] === "schedules.nightly.when.every");
    expect(Object.keys(problem ?? {}).sort()).toEqual(
      ["column", "expected", "file", "found", "line", "path"].sort(),
    );
    expect(problem).toMatchObject({ file, line: 4, column: 20, found: '"often" (text)' });
  });
});

describe("a schedules file that is not there", () => {
  it("is told by its name, and exits 2", async () => {
    const { code, out, err } = await orrery("validate", file, "--json");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^orrery: Cannot read .*orrery\.yaml: .* \[CONFIG_UNREADABLE\]\n$/);
  });
});
