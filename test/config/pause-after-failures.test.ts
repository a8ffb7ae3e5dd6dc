import { describe, expect, it } from "vitest";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { filesOf } from "../support/config-files.ts";

/** A file of one schedule, which stands on its fourth line. */
const file = (key: string, defaults = "{}"): string =>
  `version: 1\ndefaults: ${defaults}\nschedules:\n  a: { project: p, job: { cmd: x }, ${key} }\n`;

async function only(text: string): Promise<ScheduleDefinition | undefined> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value.schedules[0];
}

async function problems(text: string): Promise<readonly string[]> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  return read.ok ? [] : read.problems.map(formatProblem);
}

describe("pauseAfterFailures", () => {
  it("is what the schedule says, else what defaults say, else absent", async () => {
    const defaults = "{ pauseAfterFailures: 3 }";

    expect(await only(file("pauseAfterFailures: 5", defaults))).toMatchObject({
      pauseAfterFailures: 5,
    });
    expect(await only(file("priority: high", defaults))).toMatchObject({ pauseAfterFailures: 3 });
    expect(await only(file("priority: high"))).not.toHaveProperty("pauseAfterFailures");
  });

  it.each(["1", "100"])("may be %s", async (count) => {
    expect(await only(file(`pauseAfterFailures: ${count}`))).toMatchObject({
      pauseAfterFailures: Number(count),
    });
  });

  it.each([
    ["0", "0 (number)"],
    ["101", "101 (number)"],
    ["-1", "-1 (number)"],
    ["2.5", "2.5 (number)"],
    ["'3'", '"3" (text)'],
    ["true", "true (boolean)"],
    ["[3]", "a list"],
    ["null", "nothing"],
  ])("cannot be %s", async (value, found) => {
    const expected = "expected a whole number, 1 to 100";

    expect(await problems(file(`pauseAfterFailures: ${value}`))).toEqual([
      `orrery.yaml:4:57 schedules.a.pauseAfterFailures: found ${found}, ${expected}`,
    ]);
  });
});
