import { describe, expect, it } from "vitest";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { filesOf } from "../support/config-files.ts";

const HEAD = `version: 1
schedules:
  nightly: { project: demo, job: { name: j, cmd: "true" } }
assertions:
`;

async function read(entry: string): Promise<readonly unknown[]> {
  const file = { file: "orrery.yaml", text: `${HEAD}  - ${entry}\n` };
  const result = await readConfiguration(file, filesOf());
  return result.ok ? (result.value.assertions ?? []) : result.problems.map(formatProblem);
}

describe("an entry of `assertions`", () => {
  it.each([
    [
      '{ schedules: "night*", neverOverlaps: true, doneBefore: "07:30" }',
      [
        { kind: "neverOverlaps", schedules: "night*" },
        { kind: "doneBefore", schedules: "night*", timeOfDayMs: 27_000_000 },
      ],
    ],
    [
      '{ schedules: "*", maxWait: 30m, alwaysStarts: true }',
      [
        { kind: "alwaysStarts", schedules: "*" },
        { kind: "maxWait", schedules: "*", waitMs: 1_800_000 },
      ],
    ],
    [
      "{ project: demo, peakPerHour: 40000, balanceLasts: true }",
      [
        { kind: "peakPerHour", project: "demo", units: 40_000 },
        { kind: "balanceLasts", project: "demo" },
      ],
    ],
  ])("says what must hold: %s", async (entry, expected) => {
    expect(await read(entry)).toEqual(expected);
  });

  it.each([
    ["{ maxWait: 1m }", "5:5 assertions[0]: found neither `schedules` nor `project`"],
    ['{ schedules: "*", project: demo, maxWait: 1m }', "5:5 assertions[0]: found both"],
    [
      "{ schedules: nightly, peakPerHour: 1 }",
      "5:40 assertions[0].peakPerHour: found the key peakPerHour, expected neverOverlaps",
    ],
    ["{ project: demo, maxWait: 1m }", "5:31 assertions[0].maxWait: found the key maxWait"],
    ["{ schedules: nightly }", "5:5 assertions[0]: found `schedules` alone, expected at least one"],
    [
      "{ schedules: nihgtly, maxWait: 1m }",
      '5:18 assertions[0].schedules: found "nihgtly", expected a schedule of this file (did you mean "nightly"?)',
    ],
    ["{ project: dmeo, balanceLasts: true }", "expected a project of this file"],
    ['{ schedules: "*", neverOverlaps: false }', "expected true; leave the key out"],
    ['{ schedules: "*", doneBefore: "24:00" }', 'expected a time of day such as "07:00"'],
    ['{ schedules: "*", doneBefore: "7:60" }', 'expected a time of day such as "07:00"'],
    ["{ project: demo, peakPerHour: -1 }", "assertions[0].peakPerHour"],
    ["{ project: demo, peekPerHour: 1 }", 'did you mean "peakPerHour"?'],
  ])("is refused with its place: %s", async (entry, expected) => {
    const problems = await read(entry);

    expect(problems).toHaveLength(1);
    expect(String(problems[0])).toContain(expected);
  });
});
