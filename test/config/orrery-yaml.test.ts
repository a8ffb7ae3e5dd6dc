// Long for its two tables: every key as it is read, and every fault with its place.

import { describe, expect, it } from "vitest";
import type { ConfigFiles } from "../../shared/config/config-files.ts";
import { formatProblem, type LocatedProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { limits } from "../../shared/core/limits.ts";
import { NOTIFICATION_TYPES } from "../../shared/core/notification/notification-type.ts";
import type { Configuration } from "../../shared/core/project/configuration.ts";
import type { ScheduleDefinition } from "../../shared/core/schedule/schedule-definition.ts";
import { filesOf } from "../support/config-files.ts";

async function configuration(text: string, files = filesOf()): Promise<Configuration> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, files);
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value;
}

async function located(text: string, files = filesOf()): Promise<readonly LocatedProblem[]> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, files);
  return read.ok ? [] : read.problems;
}

async function problems(text: string, files?: ConfigFiles): Promise<readonly string[]> {
  return (await located(text, files)).map(formatProblem);
}

/** A file whose one schedule `a` consists of these lines, the first of them on line 4. */
function schedule(...lines: readonly string[]): string {
  const rest = ["project: p", "job: { cmd: run }"].filter(
    (line) => !lines.some((own) => own.startsWith(line.slice(0, 4))),
  );
  return [
    "version: 1",
    "schedules:",
    "  a:",
    ...[...lines, ...rest].map((line) => `    ${line}`),
  ].join("\n");
}

async function only(...lines: readonly string[]): Promise<ScheduleDefinition> {
  const [first] = (await configuration(schedule(...lines))).schedules;
  if (first === undefined) throw new Error("no schedule was read");
  return first;
}

describe("a schedules file", () => {
  it("is read whole, with defaults laid under every schedule", async () => {
    const text = `
version: 1
defaults:
  project: bt1qk3v0d2m5p8s1a4r7
  timezone: Europe/Moscow
  retry: { attempts: 3, on: [failed, capacity] }
  catchup: { window: 2h }
projects:
  bt1qk3v0d2m5p8s1a4r7:
    limits: { unitsPerHour: 50000, unitsPerExecution: 20000, balance: 1000000, concurrentRuns: 4 }
  other: {}
rates: { x1.2: 7 }
schedules:
  nightly-train:
    when:
      cron: "30 2 * * *"
      dst: { gap: skip }
      from: 2027-01-01
      until: 2027-12-31
      jitter: 5m
    job: jobs/train/config.yaml
    inputs: { DATE: "{{ nominalAt | date('yyyy-MM-dd') }}", VERSION: 1.10, DRY: false }
    timeout: 2h
    overlap: queue-one
    catchup: { policy: all }
    startDeadline: 3h
    onLimit: fail
    priority: high
    retry: { initial: 1m, factor: 1.5, max: 5m, jitter: none }
  hourly:
    project: other
    timezone: UTC
    when: { every: 1h, offset: 5m, anchor: 2027-01-01T00:00:00Z }
    job: { cmd: echo 0x1F, cloud-instance-type: x1.2, env: { vars: [REGION, V: 1.10] } }
    after: { nightly-train: succeeded }
notifications:
  ops:
    on: [run.failed, run.timedOut]
    schedules: [nightly-*, hourly]
    webhook: { url: "https://hooks.example.org/orrery", secret: "\${env:OPS_SECRET}" }
  journal: { on: "*", log: {} }
`;
    const files = filesOf({ "jobs/train/config.yaml": "cmd: python train.py" });

    expect(await configuration(text, files)).toMatchObject({
      projects: [
        {
          project: "bt1qk3v0d2m5p8s1a4r7",
          limits: {
            unitsPerHour: 50_000,
            unitsPerExecution: 20_000,
            balance: 1_000_000,
            concurrentRuns: 4,
          },
        },
        { project: "other", limits: {} },
      ],
      rates: { "x1.2": 7 },
      schedules: [
        {
          name: "nightly-train",
          project: "bt1qk3v0d2m5p8s1a4r7",
          timezone: "Europe/Moscow",
          timing: {
            when: [
              {
                kind: "cron",
                expression: "30 2 * * *",
                timezone: "Europe/Moscow",
                dst: { gap: "skip" },
              },
            ],
            timezone: "Europe/Moscow",
            from: "2027-01-01",
            until: "2027-12-31",
          },
          jitterMs: 300_000,
          work: { command: "python train.py", root: "/config/jobs/train" },
          inputs: {
            DATE: "{{ nominalAt | date('yyyy-MM-dd') }}",
            VERSION: "1.10",
            DRY: "false",
          },
          timeoutMs: 7_200_000,
          overlap: "queue-one",
          catchup: { policy: "all", windowMs: 7_200_000 },
          startDeadlineMs: 10_800_000,
          onLimit: "fail",
          priority: "high",
          retry: {
            attempts: 3,
            initialMs: 60_000,
            factor: 1.5,
            maxMs: 300_000,
            jitter: "none",
            on: ["failed", "capacity"],
          },
          after: [],
        },
        {
          name: "hourly",
          project: "other",
          timezone: "UTC",
          timing: {
            when: [
              {
                kind: "every",
                everyMs: 3_600_000,
                offsetMs: 300_000,
                anchorAt: Date.UTC(2027, 0, 1),
              },
            ],
          },
          work: {
            command: "echo 0x1F",
            environment: { REGION: "eu", V: "1.10" },
            instanceTypes: ["x1.2"],
            root: "/config",
          },
          after: [{ schedule: "nightly-train", condition: "succeeded" }],
        },
      ],
      subscriptions: [
        {
          name: "ops",
          on: ["run.failed", "run.timedOut"],
          schedules: ["nightly-*", "hourly"],
          target: {
            kind: "webhook",
            url: "https://hooks.example.org/orrery",
            secret: "env:OPS_SECRET",
          },
        },
        {
          name: "journal",
          on: NOTIFICATION_TYPES,
          schedules: ["*"],
          target: { kind: "log" },
        },
      ],
    });
  });

  it("leaves a schedule that only messages and people start without times", async () => {
    expect(await only("project: p")).toEqual({
      name: "a",
      project: "p",
      timezone: "UTC",
      jitterMs: 0,
      work: expect.objectContaining({ command: "run", root: "/config" }) as unknown,
      inputs: {},
      timeoutMs: limits.timeoutDefaultMs,
      overlap: "skip",
      catchup: { policy: "last", windowMs: 3_600_000 },
      onLimit: "wait",
      priority: "normal",
      retry: {
        attempts: 1,
        initialMs: 30_000,
        factor: 2,
        maxMs: 600_000,
        jitter: "full",
        on: ["failed", "timedOut", "system", "capacity"],
      },
      after: [],
    });
  });

  it("does not cap a first wait it was told with a cap it was not", async () => {
    expect((await only("retry: { attempts: 2, initial: 1h }")).retry).toMatchObject({
      initialMs: 3_600_000,
      maxMs: 3_600_000,
    });
  });

  it.each([
    ["a bare pattern", 'when: "0 9 * * *"', ["cron"]],
    ["a nickname", 'when: "@daily"', ["cron"]],
    ["a local time", "when: { at: 2027-01-15T09:00 }", ["at"]],
    [
      "a list",
      'when: ["0 9 * * *", { every: 15m }, { at: 2027-01-15T09:00Z }]',
      ["cron", "every", "at"],
    ],
  ])("takes times as %s", async (_, line, kinds) => {
    expect((await only(line)).timing?.when.map(({ kind }) => kind)).toEqual(kinds);
  });

  it("lets an element of a list have a zone of its own", async () => {
    const line = 'when: ["0 9 * * *", { cron: "0 9 * * *", timezone: Asia/Tokyo }]';

    const { timing, timezone } = await only("timezone: Europe/Moscow", line);

    expect(timezone).toBe("Europe/Moscow");
    expect(timing).toMatchObject({
      timezone: "Europe/Moscow",
      when: [{ timezone: "Europe/Moscow" }, { timezone: "Asia/Tokyo" }],
    });
  });

  it("reads dates in inputs by the zone of its times where it names no other", async () => {
    const definition = await only('when: { cron: "0 1 * * *", timezone: Asia/Tokyo }');

    expect(definition.timezone).toBe("Asia/Tokyo");
  });

  it("takes parts from anchors and merges", async () => {
    const text = `
version: 1
defaults: &defaults { project: p, retry: &retry { attempts: 5 } }
schedules:
  a: { <<: *defaults, job: &job { cmd: run }, retry: { <<: *retry, factor: 3 } }
  b: { job: *job }
`;

    expect((await configuration(text)).schedules).toMatchObject([
      { name: "a", project: "p", work: { command: "run" }, retry: { attempts: 5, factor: 3 } },
      { name: "b", project: "p", work: { command: "run" }, retry: { attempts: 5 } },
    ]);
  });

  it("may be without schedules when it says so", async () => {
    expect(await configuration("version: 1\nschedules: {}")).toEqual({
      projects: [],
      rates: {},
      schedules: [],
      subscriptions: [],
    });
  });

  it("reads a job that many schedules name once", async () => {
    const reads: string[] = [];
    const inner = filesOf({ "job.yaml": "cmd: run" });
    const files: ConfigFiles = {
      ...inner,
      read: async (path) => {
        reads.push(path);
        return await inner.read(path);
      },
    };

    await configuration(
      "version: 1\ndefaults: {project: p}\nschedules: {a: {job: job.yaml}, b: {job: job.yaml}}",
      files,
    );

    expect(reads).toEqual(["job.yaml"]);
  });
});

describe("a faulty schedules file", () => {
  it.each([
    ["", "1:1: found nothing, expected a mapping"],
    [
      "version: 2\nnonsense: 1",
      "1:10 version: found 2 (number), expected 1, the only version there is",
    ],
    ['version: "1"', '1:10 version: found "1" (text), expected 1, the only version there is'],
    ["schedules: {}", "1:1 version: found nothing, expected 1, the only version there is"],
    ["version: 1", "1:1 schedules: found nothing, expected a mapping"],
    ["version: 1\nschedules:", "2:1 schedules: found nothing, expected a mapping"],
    [
      "version: 1\nschedules: {}\nprojcts: {}",
      '3:1 projcts: found the unknown key "projcts", expected one of version, defaults, projects, calendars, rates, schedules, notifications, assertions (did you mean "projects"?)',
    ],
    [
      "version: 1\nschedules: {}\ncalendar: {}",
      '3:1 calendar: found the unknown key "calendar", expected the key inside `when`',
    ],
    [
      "version: 1\nschedules: {}\nprojects: { Bad: {} }",
      '3:13 projects.Bad: found the name "Bad", expected a project: 1 to 63 lower-case letters, digits and dashes',
    ],
    [
      "version: 1\nschedules: {}\nprojects: { p: { limits: { unitsPerHour: 1.5 } } }",
      "3:42 projects.p.limits.unitsPerHour: found 1.5 (number), expected a whole number, 0 or more",
    ],
    [
      "version: 1\nschedules: {}\nrates: { c1.4: 0 }",
      `3:16 rates."c1.4": found 0 (number), expected a whole number, 1 to ${limits.unitRateMax}`,
    ],
    [
      "version: 1\nschedules: {}\ndefaults: { timezone: Mars/Phobos }",
      '3:23 defaults.timezone: found "Mars/Phobos" (text), expected an IANA time zone such as Europe/Moscow or UTC',
    ],
    [
      "version: 1\nschedules: {}\ndefaults: { retry: { attempts: 21 } }",
      "3:32 defaults.retry.attempts: found 21 (number), expected a whole number, 1 to 20",
    ],
    [
      "version: 1\nschedules: { a_b: { project: p, job: { cmd: x } } }",
      '2:14 schedules.a_b: found the name "a_b", expected 1 to 63 lower-case letters, digits and inner dashes',
    ],
    [
      "version: 1\nschedules:\n  a: { job: { cmd: x } }\n  b: { job: { cmd: x }, project: p }",
      "3:3 schedules.a.project: found nothing, expected a project, here or in `defaults`",
    ],
    [
      "version: 1\nprojects: { alpha: {} }\nschedules: { a: { project: alhpa, job: { cmd: x } } }",
      '3:28 schedules.a.project: found the undeclared project "alhpa", expected one that `projects` declares (did you mean "alpha"?)',
    ],
    [
      "version: 1\nprojects: { alpha: {} }\ndefaults: { project: beta }\nschedules: { a: { job: { cmd: x } } }",
      '3:22 defaults.project: found the undeclared project "beta", expected one that `projects` declares',
    ],
    [
      "version: 1\nschedules:\n  a: {}\n  b: {}\n  a: {}",
      '5:3 schedules.a: found a duplicate name: "a" already stands on line 3, expected every name once',
    ],
  ])("as a whole: %s", async (text, problem) => {
    expect((await problems(text)).filter((one) => !one.includes(".b"))).toEqual([
      `orrery.yaml:${problem}`,
    ]);
  });

  it.each([
    [
      "tymezone: UTC",
      /^4:5 schedules\.a\.tymezone: found the unknown key "tymezone", expected one of .* \(did you mean "timezone"\?\)$/,
    ],
    [
      "notebook: { path: x.ipynb }",
      /^4:5 schedules\.a\.notebook: found the unknown key "notebook", expected a `job`: this version runs no notebooks$/,
    ],
    [
      'cron: "0 9 * * *"',
      /^4:5 schedules\.a\.cron: found the unknown key "cron", expected the key inside `when`$/,
    ],
    [
      "timeout: fivem",
      /^4:14 schedules\.a\.timeout: found "fivem" \(text\), expected a duration such as 90s, 15m or 1h30m, 1ms or more and at most 30d$/,
    ],
    [
      "timeout: 90",
      /^4:14 schedules\.a\.timeout: found 90 \(number\), expected a duration such as /,
    ],
    ["timeout: 31d", /^4:14 schedules\.a\.timeout: found "31d" \(text\), .* at most 30d$/],
    [
      "overlap: skp",
      /^4:14 schedules\.a\.overlap: found "skp" \(text\), expected one of skip, queue-one, .* \(did you mean "skip"\?\)$/,
    ],
    ["retry: 3", /^4:12 schedules\.a\.retry: found 3 \(number\), expected a mapping$/],
    [
      "retry: { factor: 0.5 }",
      /^4:22 .*factor: found 0\.5 \(number\), expected a number from 1 to 10$/,
    ],
    ["catchup: none", /^4:14 schedules\.a\.catchup: found "none" \(text\), expected a mapping$/],
    ["when: []", /^4:11 schedules\.a\.when: found a list, expected at least one element$/],
    [
      "when: 5",
      /^4:11 schedules\.a\.when: found 5 \(number\), expected a cron pattern such as "30 2 \* \* \*", or a mapping with cron, every or at, or a list of such mappings$/,
    ],
    [
      "when: { timezone: UTC }",
      /^4:11 schedules\.a\.when: found no cron, every or at, expected exactly one of cron, every and at$/,
    ],
    [
      "when: { every: 1h, at: 2027-01-01T00:00 }",
      /^4:11 schedules\.a\.when: found every and at together, expected exactly one of/,
    ],
    [
      "when: { every: 1h, dst: { gap: skip } }",
      /^4:24 schedules\.a\.when\.dst: found "dst" beside "every", expected it beside cron or at only$/,
    ],
    [
      'when: { cron: "0 9 * * *", offset: 5m }',
      /^4:32 schedules\.a\.when\.offset: found "offset" beside "cron", expected it beside every only$/,
    ],
    [
      'when: [{ cron: "0 9 * * *", jitter: 5m }]',
      /^4:33 schedules\.a\.when\[0\]\.jitter: found the unknown key "jitter", expected the key inside a `when` that is one mapping$/,
    ],
    [
      "when: { every: 10ms }",
      /^4:20 schedules\.a\.when\.every: found "10ms" \(text\), .* 1s or more/,
    ],
    [
      "when: { every: 1h, anchor: 2027-02-30T00:00:00Z }",
      /^4:32 schedules\.a\.when\.anchor: found "2027-02-30T00:00:00Z" \(text\), expected an instant such as/,
    ],
    ['when: "61 * * * *"', /^4:11 schedules\.a\.when: found .*61/],
    ['when: { cron: "0 9 31 2 *" }', /^4:19 schedules\.a\.when\.cron: found .*0 9 31 2 \*/],
    [
      "when: { cron: [0] }",
      /^4:19 schedules\.a\.when\.cron: found a list, expected a cron pattern/,
    ],
    ['when: ["0 9 * * *", "9 * * *"]', /^4:25 schedules\.a\.when\[1\]: found .*9 \* \* \*/],
    ["when: { at: 2027-02-30T09:00 }", /^4:17 schedules\.a\.when\.at: found 2027-02-30T09:00/],
    ["when: { every: 1h, from: 2027-02-30 }", /^4:30 schedules\.a\.when\.from: found 2027-02-30/],
    [
      "when: { every: 1h, from: 2027-02-02, until: 2027-02-01 }",
      /^4:49 schedules\.a\.when\.until: found /,
    ],
    [
      "when: { every: 1h, timezone: Europe/Moskow }",
      /^4:34 schedules\.a\.when\.timezone: found "Europe\/Moskow" \(text\), expected an IANA time zone/,
    ],
    [
      'inputs: { X: "{{ now }}" }',
      /^4:18 schedules\.a\.inputs\.X: found the name now, expected one of nominalAt/,
    ],
    [
      'inputs: { API_TOKEN: "{{ hunter2 }}" }',
      /^4:26 schedules\.a\.inputs\.API_TOKEN: found a faulty {{ … }}, expected one of nominalAt/,
    ],
    [
      `when: "0 9\\n\\e[31m${"9".repeat(300)}"`,
      /^4:11 schedules\.a\.when: found [^\p{Cc}]{1,1001}, expected [^\p{Cc}]*$/u,
    ],
    ["inputs: { X: [1] }", /^4:18 schedules\.a\.inputs\.X: found a list, expected a text/],
    ["inputs: { X: }", /^4:15 schedules\.a\.inputs\.X: found nothing, expected a text/],
    [
      "inputs: { 'a b': 1 }",
      /^4:15 schedules\.a\.inputs\."a b": found the name "a b", expected a variable/,
    ],
    [
      "after: { b: succeeded }",
      /^4:14 schedules\.a\.after\.b: found the unknown schedule "b", expected a schedule of this file$/,
    ],
    [
      "after: { a: succeeded }",
      /^4:14 schedules\.a\.after\.a: found a circle: a → a, expected schedules that wait for no run/,
    ],
    [
      "job: [a]",
      /^4:10 schedules\.a\.job: found a list, expected the path of a job's config\.yaml, or a mapping$/,
    ],
    ["job:", /^4:5 schedules\.a\.job: found nothing, expected the path of a job's config\.yaml/],
    [
      "job: jobs/missing.yaml",
      /^4:10 schedules\.a\.job: found no file at "jobs\/missing\.yaml", expected a DataSphere job's config\.yaml, named relative to this file$/,
    ],
    [
      "job: { cmd: x, inputs: [../a] }",
      /^4:29 schedules\.a\.job\.inputs\[0\]: found "\.\.\/a" \(text\), expected a relative path/,
    ],
    [
      "job: { cmd: x, cloud-instance-type: c9 }",
      /^4:41 schedules\.a\.job\.cloud-instance-type: found "c9" \(text\), expected an instance type with a known price/,
    ],
  ])("in one schedule: %s", async (line, problem) => {
    const all = await problems(schedule(line));

    expect(all).toHaveLength(1);
    expect(all[0]?.replace(/^orrery\.yaml:/, "")).toMatch(problem);
  });

  it.each([
    [
      "{ on: [run.faild], log: true }",
      '3:13 notifications.n.on[0]: found "run.faild" (text), expected one of run.waiting, run.started, run.retried, run.succeeded, run.failed, run.timedOut, run.cancelled, run.skipped, run.refused, run.expired, budget.threshold, budget.low, budget.forecast, budget.refused, estimate.drift, schedule.paused, schedule.resumed (did you mean "run.failed"?)',
    ],
    ["{ log: true }", "3:3 notifications.n.on: found nothing"],
    [
      '{ on: "*" }',
      "3:6 notifications.n: found no target, expected exactly one of webhook and log",
    ],
    [
      '{ on: "*", log: true, webhook: { url: "http://h" } }',
      "3:6 notifications.n: found two targets, expected exactly one of webhook and log",
    ],
    [
      '{ on: "*", log: true, schedules: [nightly] }',
      '3:40 notifications.n.schedules[0]: found the unknown schedule "nightly", expected a schedule of this file, or a pattern with *',
    ],
    [
      '{ on: "*", log: false }',
      "3:22 notifications.n.log: found false (boolean), expected true, or a mapping",
    ],
    [
      '{ on: "*", telegram: { chat: 1 }, log: true }',
      '3:17 notifications.n.telegram: found the unknown key "telegram", expected `webhook` or `log`: this version sends no Telegram messages',
    ],
    [
      '{ on: "*", webhook: { url: "ftp://h" } }',
      "3:33 notifications.n.webhook.url: found text, expected an http or https URL without user name, password or #",
    ],
    [
      '{ on: "*", webhook: { url: "http://h", secret: hunter2 } }',
      '3:53 notifications.n.webhook.secret: found text, expected a reference such as "${env:OPS_SECRET}", never the secret itself',
    ],
  ])("in one notification: %s", async (entry, problem) => {
    const all = await problems(`version: 1\nnotifications:\n  n: ${entry}\nschedules: {}`);

    expect(all).toHaveLength(1);
    expect(all[0]).toContain(`orrery.yaml:${problem}`);
  });

  it("names a circle of schedules whole, and once", async () => {
    const text = `version: 1
defaults: { project: p }
schedules:
  a: { job: { cmd: x }, after: { b: succeeded } }
  b: { job: { cmd: x }, after: { c: succeeded } }
  c: { job: { cmd: x }, after: { a: succeeded } }
  d: { job: { cmd: x }, after: { a: succeeded } }
`;

    expect(await problems(text)).toEqual([
      "orrery.yaml:4:34 schedules.a.after.b: found a circle: a → b → c → a, expected schedules that wait for no run of their own",
    ]);
  });

  it("tells ten circles, however many there are", async () => {
    const entries = Array.from(
      { length: 1_000 },
      (_, n) =>
        `  s${n}: { when: "@daily", job: job.yaml, after: { s0: succeeded, s${Math.min(n + 1, 999)}: succeeded } }`,
    );
    const text = `version: 1\ndefaults: { project: p }\nschedules:\n  s0: { job: job.yaml, after: { s1: failed } }\n${entries.slice(1).join("\n")}`;

    expect(await problems(text, filesOf({ "job.yaml": "cmd: run" }))).toHaveLength(10);
  });

  it("may be nothing but faults, of which the first are shown", async () => {
    const keys = Array.from({ length: 20_000 }, (_, n) => `k${n}: 1`);

    const shown = await problems(`version: 1\nschedules: {}\n${keys.join("\n")}`);

    expect(shown).toHaveLength(limits.configProblems + 1);
    expect(shown.at(-1)).toContain(`${20_000 - limits.configProblems} more problems`);
  });

  it("looks for circles once along each path, however many paths there are", async () => {
    const layer = (n: number): string =>
      ["a", "b"]
        .map((side) => {
          const after = n === 0 ? "" : `, after: { a${n - 1}: succeeded, b${n - 1}: succeeded }`;
          return `  ${side}${n}: { when: "@daily", job: { cmd: x }${after} }`;
        })
        .join("\n");
    const text = `version: 1\ndefaults: { project: p }\nschedules:\n${Array.from({ length: 40 }, (_, n) => layer(39 - n)).join("\n")}`;

    expect((await configuration(text)).schedules).toHaveLength(80);
  });

  it("asks no schedule for a project that its defaults name wrongly", async () => {
    const text = "version: 1\ndefaults: { project: No }\nschedules: { a: { job: { cmd: x } } }";

    expect(await problems(text)).toEqual([
      'orrery.yaml:2:22 defaults.project: found "No" (text), expected a project: 1 to 63 lower-case letters, digits and dashes',
    ]);
  });

  it("starts a schedule without times from one upstream, not from two", async () => {
    const text = (when: string): string => `version: 1
defaults: { project: p }
schedules:
  a: { job: { cmd: x } }
  b: { job: { cmd: x } }
  c: { job: { cmd: x }, after: { a: succeeded, b: failed }${when} }
`;

    expect(await problems(text(', when: "@daily"'))).toEqual([]);
    expect(await problems(text(""))).toEqual([
      "orrery.yaml:6:32 schedules.c.after: found 2 upstream schedules and no `when`, expected exactly one upstream, whose runs start this one's, or a `when`",
    ]);
  });

  it("follows a chain as long as the file allows", async () => {
    const names = Array.from({ length: limits.schedulesPerConfig }, (_, n) => `s${n}`);
    const entries = names.map((name, n) => {
      const upstream = names[n + 1];
      return `  ${name}: { job: job.yaml${upstream === undefined ? "" : `, after: { ${upstream}: succeeded }`} }`;
    });
    const text = `version: 1\ndefaults: { project: p }\nschedules:\n${entries.join("\n")}`;
    const files = filesOf({ "job.yaml": "cmd: run" });

    // One schedule too many is all that is wrong with it.
    expect(await problems(`${text}\n  more: { job: job.yaml }`, files)).toEqual([
      "orrery.yaml:3:1 schedules: found 10001 schedules, expected at most 10000",
    ]);
  });

  it("has the problems of a job told in the job's file, with who named it, once", async () => {
    const text = `version: 1
defaults: { project: p }
schedules:
  a: { job: jobs/train.yaml }
  b: { job: jobs/train.yaml }
`;
    const files = filesOf({
      "jobs/train.yaml": "cmd: run\n\nflags: [disk]\nenv:\n  vars: [MISSING]",
    });

    expect(await problems(text, files)).toEqual([
      'jobs/train.yaml:3:9 flags[0]: found "disk" (text), expected attach-project-disk (named by orrery.yaml schedules.a.job)',
      'jobs/train.yaml:5:10 env.vars[0]: found no value for "MISSING" in this environment, expected MISSING set here, or MISSING: value (named by orrery.yaml schedules.a.job)',
    ]);
  });

  it("says why a job's file cannot be read, at every schedule that names it", async () => {
    const files: ConfigFiles = {
      ...filesOf(),
      read: () => Promise.resolve({ state: "unreadable", reason: "permission denied" }),
    };
    const text =
      "version: 1\ndefaults: {project: p}\nschedules:\n  a: {job: x.yaml}\n  b: {job: x.yaml}";

    expect(await problems(text, files)).toEqual([
      expect.stringMatching(/^orrery\.yaml:4:12 schedules\.a\.job: found .*\(permission denied\)/),
      expect.stringMatching(/^orrery\.yaml:5:12 schedules\.b\.job: found .*\(permission denied\)/),
    ]);
  });

  it("shows a fault behind an anchor once, where it is written", async () => {
    const text = `version: 1
defaults: { project: p }
schedules:
  a: { job: { cmd: x }, retry: &retry { attempts: 0 } }
  b: { job: { cmd: x }, retry: *retry }
`;

    expect(await problems(text)).toEqual([
      "orrery.yaml:4:51 schedules.a.retry.attempts: found 0 (number), expected a whole number, 1 to 20",
    ]);
  });

  it("has every problem told at once, of shape and of meaning, in the order of the text", async () => {
    const text = `defalts: {}
defaults: { project: p, timezone: Mars/Phobos }
schedules:
  a:
    when: { cron: "61 * * * *", every: [] , from: 2027-02-30 }
    timeout: soon
    after: { b: done, zz: succeeded }
  b:
    job: missing.yaml
    when: "61 * * * *"
    calendar: c
notifications:
  n: { on: [], schedules: [c], webhook: hunter2 }
`;

    const all = await problems(text);

    expect(all.map((problem) => problem.split(": ")[0]?.replace("orrery.yaml:", ""))).toEqual([
      "1:1 version",
      "1:1 defalts",
      "2:35 defaults.timezone",
      "4:3 schedules.a.job",
      "5:11 schedules.a.when",
      "5:40 schedules.a.when.every",
      "6:14 schedules.a.timeout",
      "7:17 schedules.a.after.b",
      "7:23 schedules.a.after.zz",
      "9:10 schedules.b.job",
      "10:11 schedules.b.when",
      "11:5 schedules.b.calendar",
      "13:12 notifications.n.on",
      "13:41 notifications.n.webhook",
    ]);
    expect(all.join("\n")).not.toContain("hunter2");
  });

  it("shows the place with a caret under it", async () => {
    const [problem] = await located(schedule("timeout: fivem"));

    expect(problem?.excerpt).toBe("    timeout: fivem\n             ^");
  });
});
