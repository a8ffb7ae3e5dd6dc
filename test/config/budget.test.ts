import { describe, expect, it } from "vitest";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { DAY_MS, HOUR_MS } from "../../shared/core/time/duration.ts";
import { filesOf } from "../support/config-files.ts";

async function configuration(text: string): Promise<Configuration> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value;
}

async function problems(text: string): Promise<readonly string[]> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  return read.ok ? [] : read.problems.map(formatProblem);
}

const project = (section: string): string =>
  `version: 1\nprojects:\n  p: ${section}\nschedules: {}\n`;
const budgetOf = async (section: string): Promise<unknown> =>
  (await configuration(project(`{ budget: ${section} }`))).projects[0]?.budget;

/** A file of one schedule, which stands on the last of its lines. */
const schedule = (policies: string, head = ""): string =>
  `version: 1\n${head}schedules:\n  a: { project: p, job: { cmd: x }, ${policies} }\n`;

async function only(policies: string, head?: string): Promise<ScheduleDefinition | undefined> {
  return (await configuration(schedule(policies, head))).schedules[0];
}

describe("the budget of a project", () => {
  it("is read with its percents in order, its horizon and its low mark", async () => {
    expect(await budgetOf("{ warnAt: [80%, 50%, 100%], warnAhead: 7d, lowAt: 20% }")).toEqual({
      warnAtPercent: [50, 80, 100],
      warnAheadMs: 7 * DAY_MS,
      lowAt: { percent: 20 },
    });
  });

  it("may mark low in units, and say nothing else", async () => {
    expect(await budgetOf("{ lowAt: 50000 }")).toEqual({
      warnAtPercent: [],
      lowAt: { units: 50_000 },
    });
  });

  it("is none where it says nothing", async () => {
    expect(await budgetOf("{}")).toBeUndefined();
  });

  it("stands beside limits, and beside none", async () => {
    const both = project("{ limits: { balance: 10 }, budget: { lowAt: 1 } }");

    expect((await configuration(both)).projects).toEqual([
      { project: "p", limits: { balance: 10 }, budget: { warnAtPercent: [], lowAt: { units: 1 } } },
    ]);
  });

  const PERCENT = "expected a percent from 1% to 100%";
  it.each([
    [
      "{ warnAt: [50%, 50%] }",
      "3:32 projects.p.budget.warnAt[1]: found 50% again, expected each once",
    ],
    ["{ warnAt: [0%] }", `3:27 projects.p.budget.warnAt[0]: found "0%" (text), ${PERCENT}`],
    ["{ warnAt: [101%] }", `3:27 projects.p.budget.warnAt[0]: found "101%" (text), ${PERCENT}`],
    ["{ warnAt: [50] }", `3:27 projects.p.budget.warnAt[0]: found 50 (number), ${PERCENT}`],
    ["{ warnAt: [12.5%] }", `3:27 projects.p.budget.warnAt[0]: found "12.5%" (text), ${PERCENT}`],
    [
      "{ warnAt: 50% }",
      '3:26 projects.p.budget.warnAt: found "50%" (text), expected a list of percents such as [50%, 80%]',
    ],
    [
      "{ warnAt: [] }",
      "3:26 projects.p.budget.warnAt: found a list, expected at least one percent, such as 80%",
    ],
    [
      `{ warnAt: [${Array.from({ length: limits.budgetPercents + 1 }, (_, n) => `${n + 1}%`).join(", ")}] }`,
      `3:26 projects.p.budget.warnAt: found a list, expected at most ${limits.budgetPercents} percents`,
    ],
    [
      "{ warnAhead: 5s }",
      '3:29 projects.p.budget.warnAhead: found "5s" (text), expected a duration such as 90s, 15m or 1h30m, 1h or more and at most 3650d',
    ],
    [
      "{ lowAt: 0 }",
      "3:25 projects.p.budget.lowAt: found 0 (number), expected a percent from 1% to 100%, or a whole number, 1 or more",
    ],
    [
      "{ lowAt: 120% }",
      '3:25 projects.p.budget.lowAt: found "120%" (text), expected a percent from 1% to 100%, or a whole number, 1 or more',
    ],
    [
      "{ warnat: [50%] }",
      '3:18 projects.p.budget.warnat: found the unknown key "warnat", expected one of warnAt, warnAhead, lowAt (did you mean "warnAt"?)',
    ],
    ["80%", '3:16 projects.p.budget: found "80%" (text), expected a mapping'],
  ])("is told with its place where it is wrong: %s", async (section, problem) => {
    expect(await problems(project(`{ budget: ${section} }`))).toEqual([`orrery.yaml:${problem}`]);
  });

  it("is refused inside a schedule, with where it belongs", async () => {
    expect(await problems(schedule("budget: { lowAt: 1 }"))).toEqual([
      'orrery.yaml:3:37 schedules.a.budget: found the unknown key "budget", expected the key inside a project of `projects`',
    ]);
  });
});

describe("what a schedule does at a low balance", () => {
  it.each(["run", "wait", "skip"])("may be %s", async (word) => {
    expect(await only(`atLowBalance: ${word}`)).toMatchObject({ atLowBalance: word });
  });

  it("may be to start less often", async () => {
    const definition = await only("atLowBalance: { atMostEvery: 6h }");

    expect(definition?.atLowBalance).toEqual({ atMostEveryMs: 6 * HOUR_MS });
  });

  it("is what defaults say where it says nothing itself, and nothing where nobody does", async () => {
    const defaults = "defaults: { atLowBalance: skip }\n";

    expect((await only("overlap: skip", defaults))?.atLowBalance).toBe("skip");
    expect((await only("atLowBalance: run", defaults))?.atLowBalance).toBe("run");
    expect(await only("overlap: skip")).not.toHaveProperty("atLowBalance");
  });

  it.each([
    ["pause", '"pause" (text), expected run, wait, skip, or a mapping such as { atMostEvery: 6h }'],
    ["6h", '"6h" (text), expected run, wait, skip, or a mapping such as { atMostEvery: 6h }'],
    ["[run]", "a list, expected run, wait, skip, or a mapping such as { atMostEvery: 6h }"],
  ])("is told where it is wrong: %s", async (value, problem) => {
    expect(await problems(schedule(`atLowBalance: ${value}`))).toEqual([
      `orrery.yaml:3:51 schedules.a.atLowBalance: found ${problem}`,
    ]);
  });

  it.each(["6", "0s", "{}"])("needs a duration to start less often: %s", async (value) => {
    const [problem] = await problems(schedule(`atLowBalance: { atMostEvery: ${value} }`));

    expect(problem).toMatch(
      /^orrery\.yaml:3:66 schedules\.a\.atLowBalance\.atMostEvery: found .*, expected a duration such as 90s/,
    );
  });
});

describe("how many runs of a schedule may be live at once", () => {
  it("is its own word, or that of defaults, or unsaid", async () => {
    const defaults = "defaults: { concurrentRuns: 4 }\n";

    expect((await only("concurrentRuns: 2", defaults))?.concurrentRuns).toBe(2);
    expect((await only("overlap: queue-all", defaults))?.concurrentRuns).toBe(4);
    expect(await only("overlap: queue-all")).not.toHaveProperty("concurrentRuns");
  });

  it("is set aside by a schedule's own `overlap: allow` where only defaults say it", async () => {
    const definition = await only("overlap: allow", "defaults: { concurrentRuns: 4 }\n");

    expect(definition).not.toHaveProperty("concurrentRuns");
  });

  const ALLOW =
    "expected none beside `overlap: allow`, which bounds nothing: use `overlap: queue-all`";
  const MOST = "expected at most 4, the `concurrentRuns` of project p";
  const LIMITED = "projects: { p: { limits: { concurrentRuns: 4 } } }\n";
  it.each([
    [
      "concurrentRuns: 0",
      "",
      "3:53 schedules.a.concurrentRuns: found 0 (number), expected a whole number, 1 or more",
    ],
    ["overlap: allow, concurrentRuns: 3", "", `3:69 schedules.a.concurrentRuns: found 3, ${ALLOW}`],
    [
      "concurrentRuns: 3",
      "defaults: { overlap: allow }\n",
      `4:53 schedules.a.concurrentRuns: found 3, ${ALLOW}`,
    ],
    [
      "timeout: 1h",
      "defaults: { overlap: allow, concurrentRuns: 3 }\n",
      `2:45 defaults.concurrentRuns: found 3, ${ALLOW}`,
    ],
    ["concurrentRuns: 5", LIMITED, `4:53 schedules.a.concurrentRuns: found 5, ${MOST}`],
    [
      "timeout: 1h",
      `defaults: { concurrentRuns: 5 }\n${LIMITED}`,
      `2:29 defaults.concurrentRuns: found 5, ${MOST}`,
    ],
  ])("is told where it cannot be: %s %s", async (policies, head, problem) => {
    expect(await problems(schedule(policies, head))).toEqual([`orrery.yaml:${problem}`]);
  });

  it("may be as many as its project allows", async () => {
    expect(await only("concurrentRuns: 4", LIMITED)).toMatchObject({ concurrentRuns: 4 });
  });
});
