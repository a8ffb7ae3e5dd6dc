import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileTiming } from "../../shared/core/schedule/compile-timing.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { instant } from "../../shared/core/time/instant.ts";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { filesOf } from "../support/config-files.ts";
import { occurrencesBetween } from "../support/occurrences.ts";

async function read(
  lines: readonly string[],
): Promise<{ schedules: readonly ScheduleDefinition[]; problems: readonly string[] }> {
  const text = ["version: 1", "defaults: { project: p }", "schedules:", ...lines].join("\n");
  const result = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  if (result.ok) return { schedules: result.value.schedules, problems: [] };
  return { schedules: [], problems: result.problems.map(formatProblem) };
}

const schedule = (name: string, when: string, rest = ""): string =>
  `  ${name}: { when: ${when}, job: { cmd: run }${rest} }`;
const hourly = (stagger: string): string => `{ cron: "0 * * * *"${stagger} }`;
const AUTO = ", stagger: auto";

async function offsets(lines: readonly string[]): Promise<Readonly<Record<string, number>>> {
  const { schedules, problems } = await read(lines);
  expect(problems).toEqual([]);
  return Object.fromEntries(
    schedules.map(({ name, stagger }) => [name, (stagger?.offsetMs ?? -MINUTE_MS) / MINUTE_MS]),
  );
}

describe("a schedule that staggers", () => {
  it("finds a place in its window, beside those that do not", async () => {
    const lines = [
      schedule("a", hourly(AUTO)),
      schedule("b", hourly(""), ", timeout: 5m"),
      schedule("c", hourly(", stagger: { window: 30m }")),
      schedule("other", hourly(", stagger: { window: 59m }"), ", project: q"),
    ];

    // `b` runs for five minutes and ten seconds of grace, the others for ten minutes as is assumed.
    expect(await offsets(lines)).toEqual({ a: 6, b: -1, c: 16, other: 0 });
  });

  it("keeps its place when one is added behind it, and may take any offset by hand", async () => {
    const lines = [schedule("a", hourly(AUTO)), schedule("b", hourly(AUTO))];
    const before = await offsets(lines);
    const added = await offsets([
      ...lines,
      schedule("z", hourly(AUTO)),
      schedule("y", hourly(AUTO)),
    ]);

    expect(added).toMatchObject(before);
    expect(await offsets([schedule("a", hourly(", stagger: 3m30s"))])).toEqual({ a: 3.5 });
  });

  it("goes by an estimate, and stays before its next occurrence", async () => {
    const often = "{ every: 5m, stagger: { window: 1h } }";
    const lines = [
      schedule("long", hourly(""), ", estimate: { duration: 40m }"),
      schedule("late", hourly(", stagger: { window: 59m }")),
      schedule("often", often),
    ];

    const found = await offsets(lines);
    expect(found).toMatchObject({ late: 40 });
    expect(found["often"]).toBeLessThan(5);
  });

  it("is read with its window, so that what is live shows how it came about", async () => {
    const { schedules } = await read([schedule("a", hourly(", stagger: { window: 20m }"))]);

    expect(schedules[0]?.stagger).toEqual({ offsetMs: 0, windowMs: 20 * MINUTE_MS });
    expect(schedules[0]?.timing).not.toHaveProperty("stagger");
  });

  it.each([
    [hourly(", stagger: yes"), 'stagger: found "yes" (text), expected auto, or a duration'],
    [hourly(", stagger: 25h"), "expected auto, or a duration"],
    [
      hourly(", stagger: { window: 30s }"),
      'stagger.window: found "30s" (text), expected a duration such as 90s, 15m or 1h30m, 1m or more and at most 1d',
    ],
    [hourly(", stagger: {}"), "stagger.window: found nothing"],
    [hourly(", stagger: auto, jitter: 5m"), '"stagger" beside "jitter", expected one of the two'],
    [
      "{ at: 2027-01-01T00:00, stagger: auto }",
      '"stagger" beside "at", expected it beside cron or every only',
    ],
    [
      "[{ every: 1h, stagger: auto }]",
      'found the unknown key "stagger", expected the key inside a `when` that is one mapping',
    ],
  ])("may be written wrongly: %s", async (when, problem) => {
    const { problems } = await read([schedule("a", when)]);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^orrery.yaml:4:\d+ schedules\.a\.when/);
    expect(problems[0]).toContain(problem);
  });

  it("is refused where its project has too many schedules to lay out", async () => {
    const lines = Array.from({ length: 1_001 }, (_, index) => schedule(`s${index}`, hourly("")));
    const { problems } = await read([...lines.slice(1), schedule("s0", hourly(AUTO))]);

    expect(problems).toEqual([
      expect.stringContaining(
        "schedules.s0.when.stagger: found a project of 1001 schedules, expected at most 1000",
      ),
    ]);
  });
});

describe("a schedule with a number of times", () => {
  it("has it in its timing", async () => {
    const { schedules } = await read([schedule("a", hourly(", times: 3"))]);

    expect(schedules[0]?.timing).toMatchObject({ times: 3 });
  });

  it.each([
    [hourly(", times: 0"), "times: found 0 (number), expected a whole number, 1 to 10000"],
    [hourly(", times: 10001"), "expected a whole number, 1 to 10000"],
    [hourly(", times: 1.5"), "expected a whole number, 1 to 10000"],
    [hourly(', times: "3"'), 'found "3" (text), expected a whole number'],
    ["[{ every: 1h, times: 3 }]", "expected the key inside a `when` that is one mapping"],
  ])("may be written wrongly: %s", async (when, problem) => {
    const { problems } = await read([schedule("a", when)]);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^orrery.yaml:4:\d+ schedules\.a\.when/);
    expect(problems[0]).toContain(problem);
  });
});

describe("the calendar of Russia that comes with the examples", () => {
  it("has the working days that the year's norm of 1,972 hours is made of", async () => {
    const text = [
      "version: 1",
      "calendars: { ru: { kind: weekly, include: [mon, tue, wed, thu, fri], files: [ru.yaml] } }",
      "schedules:",
      '  a: { project: p, job: { cmd: run }, when: { cron: "0 0 * * *", calendar: ru } }',
      '  b: { project: p, job: { cmd: run }, when: { cron: "0 0 * * *", calendar: ru.short } }',
    ].join("\n");
    const files = filesOf({ "ru.yaml": readFileSync("examples/calendars/ru-2026.yaml", "utf8") });
    const result = await readConfiguration({ file: "orrery.yaml", text }, files);
    if (!result.ok) throw new Error(result.problems.map(formatProblem).join("\n"));
    const [working = 0, short = 0] = result.value.schedules.map(({ timing }) => {
      const compiled = compileTiming(timing ?? { when: [], timezone: "UTC" });
      if (!compiled.ok) throw new Error("it compiles");
      const year = {
        afterAt: instant(Date.UTC(2026, 0, 1) - 1),
        throughAt: instant(Date.UTC(2026, 11, 31)),
      };
      return occurrencesBetween(compiled.value, { ...year, limit: 400 }).length;
    });

    expect({ working, hours: working * 8 - short }).toEqual({ working: 247, hours: 1_972 });
  });
});
