// Long for its table: every fault of a calendar with its place.

import { describe, expect, it } from "vitest";
import { formatDay } from "../../shared/core/calendar/day.ts";
import { compileTiming } from "../../shared/core/schedule/compile-timing.ts";
import type { TimingSpec } from "../../shared/core/schedule/timing.ts";
import { instant } from "../../shared/core/time/instant.ts";
import { formatProblem, type LocatedProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { filesOf } from "../support/config-files.ts";
import { occurrencesBetween } from "../support/occurrences.ts";

interface Reading {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
  readonly timing?: TimingSpec;
}

async function read(text: string, files: Readonly<Record<string, string>> = {}): Promise<Reading> {
  const result = await readConfiguration({ file: "orrery.yaml", text }, filesOf(files));
  const shown = (problem: LocatedProblem): string => formatProblem(problem);
  if (!result.ok) return { problems: result.problems.map(shown), warnings: [] };
  const timing = result.value.schedules[0]?.timing;
  return {
    problems: [],
    warnings: (result.warnings ?? []).map(shown),
    ...(timing !== undefined && { timing }),
  };
}

/** A file whose calendars are these lines, the first on line 3, and whose schedule goes by `when`. */
function fileOf(lines: readonly string[], when = '{ cron: "0 0 * * *", calendar: c }'): string {
  return [
    "version: 1",
    "calendars:",
    ...lines.map((line) => `  ${line}`),
    `schedules: { a: { project: p, job: { cmd: run }, when: ${when} } }`,
  ].join("\n");
}

const JANUARY = {
  afterAt: instant(Date.UTC(2027, 0, 1) - 1),
  throughAt: instant(Date.UTC(2027, 0, 31)),
  limit: 100,
};

/** The days of January 2027 on which the schedule fires; it begins with a Friday. */
async function january(
  lines: readonly string[],
  options: { when?: string; files?: Readonly<Record<string, string>> } = {},
): Promise<readonly number[]> {
  const { timing, problems } = await read(fileOf(lines, options.when), options.files);
  expect(problems).toEqual([]);
  const compiled = compileTiming(timing ?? { when: [], timezone: "UTC" });
  if (!compiled.ok) throw new Error("it does not compile");
  return occurrencesBetween(compiled.value, JANUARY).map((at) => new Date(at).getUTCDate());
}

const WORKING = "include: [mon, tue, wed, thu, fri]";
const WEEKDAYS_OF_JANUARY = [
  1, 4, 5, 6, 7, 8, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 25, 26, 27, 28, 29,
];
const without = (...days: readonly number[]): readonly number[] =>
  WEEKDAYS_OF_JANUARY.filter((day) => !days.includes(day));

describe("a calendar", () => {
  it("has its weekdays, but for holidays and with working days that are listed", async () => {
    const lines = [
      `c: { kind: weekly, ${WORKING}, holidays: [2027-01-01..2027-01-08, 2027-01-09], workdays: [2027-01-16] }`,
    ];

    expect(await january(lines)).toEqual([...without(1, 4, 5, 6, 7, 8), 16].sort((a, b) => a - b));
  });

  it("takes a day off away where it moves it to, and works where it moves it from, unless that is a holiday", async () => {
    const lines = [
      "c:",
      `  kind: weekly`,
      `  ${WORKING}`,
      "  holidays: [2027-01-02]",
      "  moved: { 2027-01-02: 2027-01-11, 2027-01-30: 2027-01-22 }",
    ];

    expect(await january(lines)).toEqual([...without(11, 22), 30].sort((a, b) => a - b));
  });

  it("is only the dates that it lists, less those it excludes", async () => {
    expect(
      await january([
        "c: { kind: dated, dates: [2027-01-10..2027-01-14, 2027-01-31], exclude: [2027-01-12] }",
      ]),
    ).toEqual([10, 11, 13, 14, 31]);
  });

  it("is made of others, whatever their order, and of all but others", async () => {
    const lines = [
      "c: { kind: combined, include: [first, weekend], exclude: [closed, 2027-01-31] }",
      "weekend: { kind: weekly, include: [sat, sun] }",
      "first: { kind: dated, dates: 2027-01-01 }",
      "closed: { kind: combined, include: [audit] }",
      "audit: { kind: dated, dates: [2027-01-09..2027-01-12] }",
    ];

    expect(await january(lines)).toEqual([1, 2, 3, 16, 17, 23, 24, 30]);
  });

  it("may be what a schedule leaves out, alone and from another one", async () => {
    const lines = [
      `c: { kind: weekly, ${WORKING} }`,
      "short: { kind: dated, dates: [2027-01-04..2027-01-29] }",
    ];

    expect(await january(lines, { when: '{ cron: "0 0 * * *", not: c }' })).toEqual([
      2, 3, 9, 10, 16, 17, 23, 24, 30, 31,
    ]);
    expect(
      await january(lines, { when: '{ cron: "0 0 * * *", calendar: c, not: short }' }),
    ).toEqual([1]);
  });

  it("has its shortened days under a name of their own", async () => {
    const lines = [`c: { kind: weekly, ${WORKING}, short: [2027-01-15, 2027-01-29] }`];

    expect(await january(lines, { when: '{ cron: "0 0 * * *", calendar: c.short }' })).toEqual([
      15, 29,
    ]);
    expect(
      await january(lines, { when: '{ cron: "0 0 * * *", calendar: c, not: c.short }' }),
    ).toEqual(without(15, 29));
  });

  it("reads lists from files, and whole years", async () => {
    const files = {
      "./days.yaml": "# New year\n- 2027-01-01..2027-01-08\n- 2027-01-11\n",
      "ru/2027.yaml":
        "holidays: [2027-01-20]\nworkdays: [2027-01-23]\nmoved: { 2027-01-24: 2027-01-25 }\nshort: [2027-01-19]\n",
      "ru/2028.yaml": "{}\n",
    };
    const lines = [
      `c: { kind: weekly, ${WORKING}, holidays: ./days.yaml, files: [ru/2027.yaml, ru/2028.yaml] }`,
    ];

    expect(await january(lines, { files })).toEqual(
      [...without(1, 4, 5, 6, 7, 8, 11, 20, 25), 23, 24].sort((a, b) => a - b),
    );
  });

  it("lets an occurrence on another day move to its next or previous one", async () => {
    const lines = [`c: { kind: weekly, ${WORKING}, holidays: [2027-01-15] }`];
    const when = (roll: string): string => `{ cron: "0 0 15,16 * *", calendar: c, roll: ${roll} }`;

    expect(await january(lines, { when: when("next") })).toEqual([18]);
    expect(await january(lines, { when: when("previous") })).toEqual([14]);
    expect(await january(lines, { when: when("none").replace("15,16", "14-16") })).toEqual([14]);
  });

  it("goes with elements of a list and with rhythms, and stands in the timing once", async () => {
    const lines = ["c: { kind: weekly, include: [sat] }"];
    const when = '[{ cron: "0 0 * * *", calendar: c }, { every: 12h, calendar: c }, "0 0 4 1 *"]';

    expect(await january(lines, { when })).toEqual([2, 2, 4, 9, 9, 16, 16, 23, 23, 30, 30]);
    const { timing } = await read(fileOf(lines, when));
    expect(timing?.calendars).toEqual([{ weekdays: 0b100_0000, toggled: [] }]);
    expect(timing?.when[1]).toMatchObject({ days: { calendar: 0 }, timezone: "UTC" });
  });

  it("leaves a timing without one as it always was", async () => {
    const { timing } = await read(fileOf(["c: { kind: weekly, include: [sat] }"], "{ every: 1h }"));

    expect(timing).toEqual({
      when: [{ kind: "every", everyMs: 3_600_000, offsetMs: 0 }],
      timezone: "UTC",
    });
  });
});

describe("how long a calendar lasts", () => {
  it("is told as a warning, by the year for lists and by the day for dates", async () => {
    const lines = [
      `c: { kind: weekly, ${WORKING}, holidays: [2027-01-01] }`,
      `open: { kind: weekly, ${WORKING} }`,
      "d: { kind: dated, dates: [2027-03-01, 2027-02-01] }",
    ];

    expect((await read(fileOf(lines))).warnings).toEqual([
      "orrery.yaml:3:3 calendars.c: found dates through 2027-12-31, expected more of them before 2028-01-01; from then on its weekdays alone decide",
      "orrery.yaml:5:3 calendars.d: found dates through 2027-03-01, expected more of them before 2027-03-02; from then on it has no days",
    ]);
  });

  it("goes with the timing, and is the shorter of two that make it up", async () => {
    const lines = [
      `c: { kind: combined, include: [long], exclude: [brief] }`,
      `long: { kind: weekly, ${WORKING}, holidays: [2029-01-01] }`,
      "brief: { kind: dated, dates: [2027-03-01] }",
    ];
    const { timing } = await read(fileOf(lines));

    expect(formatDay(timing?.calendars?.[0]?.through ?? 0)).toBe("2027-03-01");
  });
});

const weekly = (rest: string): readonly string[] => [`c: { kind: weekly, ${WORKING}, ${rest} }`];

/** The text without its mark, and where the mark stood, as editors count. */
function marked(text: string): { readonly text: string; readonly place: string } {
  const offset = text.indexOf("§");
  const before = text.slice(0, Math.max(0, offset));
  const line = before.split("\n").length;
  const column = before.length - before.lastIndexOf("\n");
  return { text: text.replace("§", ""), place: offset < 0 ? "" : `orrery.yaml:${line}:${column} ` };
}

describe("a faulty calendar", () => {
  it.each<[what: string, lines: readonly string[], problem: string]>([
    [
      "no kind",
      ["§c: { include: [mon] }"],
      "calendars.c.kind: found nothing, expected one of weekly, dated, combined",
    ],
    [
      "an unknown kind",
      ["c: { kind: §weakly }"],
      'calendars.c.kind: found "weakly" (text), expected one of weekly, dated, combined (did you mean "weekly"?)',
    ],
    [
      "no weekdays",
      ["§c: { kind: weekly }"],
      "calendars.c.include: found nothing, expected its weekdays, as in [mon, tue, wed, thu, fri]",
    ],
    [
      "an empty include",
      ["c: { kind: weekly, include: §[] }"],
      "calendars.c.include: found a list, expected at least one of them",
    ],
    [
      "no dates",
      ["§c: { kind: dated }"],
      "calendars.c.dates: found nothing, expected its dates, listed or in a file",
    ],
    [
      "no calendars",
      ["§c: { kind: combined }"],
      "calendars.c.include: found nothing, expected the calendars that it is made of",
    ],
    [
      "a strange weekday",
      ["c: { kind: weekly, include: [mon, §tues] }"],
      'calendars.c.include[1]: found "tues", expected one of sun, mon, tue, wed, thu, fri, sat (did you mean "tue"?)',
    ],
    [
      "another kind's key",
      ["c: { kind: dated, dates: [2027-01-01], §short: [2027-01-01] }"],
      'calendars.c.short: found "short" beside kind dated, expected it beside kind weekly only',
    ],
    [
      "an unknown key",
      ["c: { kind: dated, dates: [2027-01-01], date: x }"],
      'found the unknown key "date"',
    ],
    [
      "a date that is none",
      weekly("holidays: [2027-01-01, §2027-02-29]"),
      'calendars.c.holidays[1]: found "2027-02-29", expected a date that the calendar has, such as 2027-01-15, in years 1970 to 9999',
    ],
    [
      "a time",
      weekly("holidays: §2027-01-01T00:00"),
      'calendars.c.holidays: found "2027-01-01T00:00", expected a date',
    ],
    [
      "a range that falls",
      weekly("holidays: [§2027-01-08..2027-01-01]"),
      'calendars.c.holidays[0]: found "2027-01-08..2027-01-01", expected a range whose end is not before its beginning',
    ],
    [
      "a range of three",
      weekly("holidays: [2027-01-01..2027-01-02..2027-01-03]"),
      "expected a date that the calendar has",
    ],
    [
      "too long a list",
      weekly("holidays: [2000-01-01..2020-01-01]"),
      "expected at most 4000 days in a list",
    ],
    [
      "a number",
      weekly("holidays: [§2027]"),
      "calendars.c.holidays[0]: found 2027 (number), expected a date such as 2027-01-15, or a range such as 2027-01-01..2027-01-08",
    ],
    [
      "a working holiday",
      weekly("holidays: [2027-01-01], workdays: [§2027-01-01..2027-01-02]"),
      'calendars.c.workdays[0]: found "2027-01-01", a holiday too, expected a day that is only one of both',
    ],
    [
      "a working day that moves",
      weekly("moved: { §2027-01-04: 2027-01-05 }"),
      'calendars.c.moved.2027-01-04: found "2027-01-04", a working day, expected a day off, by weekday or as a holiday, that moves',
    ],
    [
      "a move onto a day off",
      weekly("moved: { 2027-01-02: §2027-01-03 }"),
      'calendars.c.moved.2027-01-02: found "2027-01-03", a day off already, expected a working day that becomes a day off instead',
    ],
    [
      "two moves onto one day",
      weekly("moved: { 2027-01-02: 2027-01-04, 2027-01-03: §2027-01-04 }"),
      'calendars.c.moved.2027-01-03: found "2027-01-04", a day off already',
    ],
    [
      "a move onto a working day that is listed",
      weekly("workdays: [2027-01-04], moved: { 2027-01-02: §2027-01-04 }"),
      'calendars.c.moved.2027-01-02: found "2027-01-04", which `workdays` lists',
    ],
    [
      "a moved date that is none",
      weekly("moved: { §soon: later }"),
      'calendars.c.moved.soon: found "soon", expected a date',
    ],
    [
      "a shortened day off",
      weekly("short: [§2027-01-02]"),
      'calendars.c.short[0]: found "2027-01-02", a day off, expected a working day, which is shorter',
    ],
    [
      "an unknown calendar",
      ["c: { kind: combined, include: [§workign] }", "working: { kind: weekly, include: [mon] }"],
      'calendars.c.include[0]: found the unknown calendar "workign", expected one that `calendars` declares (did you mean "working"?)',
    ],
    [
      "a circle",
      [
        "c: { kind: combined, include: [d] }",
        "d: { kind: combined, include: [e], exclude: [§c] }",
        "e: { kind: weekly, include: [mon] }",
      ],
      "calendars.d.exclude[0]: found a circle: c → d → c, expected calendars that are not made of themselves",
    ],
    [
      "a name like a date",
      ["§2027-01: { kind: weekly, include: [mon] }", ...weekly("short: [2027-01-04]")],
      'calendars.2027-01: found the name "2027-01", expected a name that is no date, for `exclude` lists both',
    ],
    [
      "a name with a dot",
      ["§c.short: { kind: weekly, include: [mon] }", ...weekly("short: [2027-01-04]")],
      'calendars."c.short": found the name "c.short", expected 1 to 63 lower-case letters, digits and inner dashes',
    ],
    [
      "a file that is missing",
      weekly("holidays: §./none.yaml"),
      'calendars.c.holidays: found no file at "./none.yaml", expected a calendar\'s file, named relative to this file',
    ],
    [
      "a file of a wrong form",
      weekly("files: [list.yaml]"),
      "list.yaml:1:1: found a list, expected a mapping (named by orrery.yaml calendars.c.files[0])",
    ],
    [
      "a file that is no list",
      weekly("holidays: year.yaml"),
      "year.yaml:1:1: found a mapping, expected a list of dates and ranges such as 2027-01-01..2027-01-08 (named by orrery.yaml calendars.c.holidays)",
    ],
    [
      "a wrong date in a file",
      weekly("holidays: wrong.yaml"),
      'wrong.yaml:2:3 [1]: found "2027-13-01", expected a date',
    ],
    ["a file that is no YAML", weekly("holidays: broken.yaml"), "broken.yaml:1:"],
    [
      "a contradiction with a file",
      weekly("workdays: [§2027-01-06], files: [year.yaml]"),
      'calendars.c.workdays[0]: found "2027-01-06", a holiday too',
    ],
    ["a list instead of a mapping", ["c: §[mon]"], "calendars.c: found a list, expected a mapping"],
  ])("is told with its place: %s", async (_, lines, problem) => {
    const files = {
      "list.yaml": "- 2027-01-01",
      "year.yaml": "holidays: [2027-01-06]",
      "wrong.yaml": "- 2027-01-01\n- 2027-13-01",
      "broken.yaml": "- [2027-01-01",
    };
    const { text, place } = marked(fileOf(lines));
    const { problems } = await read(text, files);

    expect(problems.join("\n")).toContain(`${place}${problem}`);
    expect(problems).toHaveLength(problem.includes("moved.soon") ? 2 : 1);
  });

  it.each<[what: string, when: string, problem: string]>([
    [
      "an unknown calendar",
      '{ cron: "0 0 * * *", calendar: §d }',
      'schedules.a.when.calendar: found the unknown calendar "d", expected one that `calendars` declares',
    ],
    [
      "an unknown one to leave out",
      "{ every: 1h, not: §workdays }",
      'schedules.a.when.not: found the unknown calendar "workdays"',
    ],
    [
      "one without shortened days",
      "{ every: 1h, calendar: §c.short }",
      'schedules.a.when.calendar: found the unknown calendar "c.short"',
    ],
    [
      "a one-off",
      "{ at: 2027-01-01T00:00, §calendar: c }",
      'schedules.a.when.calendar: found "calendar" beside "at", expected it beside cron or every only',
    ],
    [
      "a rhythm that would roll",
      "{ every: 1h, calendar: c, §roll: next }",
      'schedules.a.when.roll: found "roll" beside "every", expected it beside cron only',
    ],
    [
      "nothing to roll by",
      '{ cron: "0 0 * * *", §roll: next }',
      'schedules.a.when.roll: found "roll", expected it beside `calendar` or `not`, which say what is moved',
    ],
    [
      "a strange roll",
      '{ cron: "0 0 * * *", calendar: c, roll: §back }',
      'schedules.a.when.roll: found "back" (text), expected one of none, next, previous',
    ],
    [
      "a pattern that never meets it",
      '{ cron: §"0 0 * * sun", calendar: c }',
      'schedules.a.when.cron: found "0 0 * * sun", expected a date that comes; its calendar has none of those that this pattern names',
    ],
    [
      "a rhythm of days",
      "{ every: §2d, calendar: c }",
      "schedules.a.when.every: found 2d, expected at most 24h beside a calendar",
    ],
    [
      "an empty name",
      '{ cron: "0 0 * * *", §calendar: "" }',
      "schedules.a.when.calendar: found an empty text, expected the name of a calendar",
    ],
  ])("may be named wrongly by a schedule: %s", async (_, when, problem) => {
    const { text, place } = marked(fileOf(["c: { kind: weekly, include: [mon] }"], when));
    const { problems } = await read(text);

    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(`${place}${problem}`);
  });

  it("is too much for one schedule where its days stand apart by the hundred", async () => {
    const odd = Array.from({ length: 401 }, (_, index) => formatDay(21_000 + 2 * index));
    const { problems } = await read(fileOf([`c: { kind: dated, dates: [${odd.join(", ")}] }`]));

    expect(problems).toEqual([
      expect.stringMatching(
        /schedules\.a\.when: found calendars of 401 separate ranges of days, expected at most 400 in one schedule$/,
      ),
    ]);
  });

  it("is one of at most a hundred", async () => {
    const many = Array.from(
      { length: 101 },
      (_, index) => `c${index}: { kind: weekly, include: [mon] }`,
    );
    const { problems } = await read(fileOf(many, "{ every: 1h }"));

    expect(problems).toEqual([
      expect.stringContaining("calendars: found a mapping, expected at most 100 calendars"),
    ]);
  });
});
