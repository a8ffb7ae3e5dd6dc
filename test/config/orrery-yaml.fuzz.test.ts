import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJobConfig } from "../../shared/config/job-config.ts";
import { formatProblem, type Located } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import { filesOf } from "../support/config-files.ts";

const SECRET = "hunter2";

const GOOD = `version: 1
defaults: &d { project: p-1, timezone: Europe/Moscow, retry: { attempts: 3, on: [failed] } }
projects: { p-1: { limits: { unitsPerHour: 50000, concurrentRuns: 4 } } }
rates: { x1.2: 7 }
schedules:
  nightly:
    <<: *d
    when: { cron: "30 2 * * *", dst: { gap: shift }, from: 2027-01-01, jitter: 5m }
    job: job.yaml
    inputs: { DATE: "{{ nominalAt | date('yyyy-MM-dd') }}" }
  hourly:
    when: ["0 * * * *", { every: 1h, offset: 5m }]
    job: { cmd: run, inputs: [a: A, b], env: { vars: [REGION, V: 1] } }
    after: { nightly: succeeded }
notifications:
  ops:
    on: [run.failed]
    webhook:
      url: https://hooks.example.org/x
      secret: "\${env:OPS}"
`;

const GOOD_JOB = `name: n
cmd: python train.py
args: { A: 1 }
inputs: [lib, data: DATA, c: { var: C }]
env:
  vars: [REGION, V: 1]
  docker: { image: x, username: u, password: { secret-id: s } }
  python: { version: "3.10", root-paths: [.] }
working-storage: { size: 100GB }
graceful-shutdown: { signal: SIGINT, timeout: 5s }
output-datasets: [{ name: d, var: D, size: 1GB }]
`;

/** Pieces that break YAML, or mean something else in another place. */
const pieces = fc.constantFrom(
  ..."\t|\n|  |: |- |? |{|}|[|]|,|&d|*d|*x|<<: |!!set|!x|%YAML 1.1\n|---\n|...\n|#|\"|'|>|\\|\u0000|\uFEFF|@|`|~|null|true|-1|1e99|0x|__proto__: 1\n|a:\n|\r".split(
    "|",
  ),
  "|",
  "when: ",
  "constructor",
);

interface Edit {
  readonly at: number;
  readonly cut: number;
  readonly put: string;
}
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    cut: fc.integer({ min: 0, max: 12 }),
    put: fc.oneof(pieces, fc.string({ maxLength: 4 })),
  }),
  { minLength: 1, maxLength: 4 },
);

function edited(text: string, changes: readonly Edit[]): string {
  return changes.reduce((before, { at, cut, put }) => {
    const offset = Math.floor(at * before.length);
    return before.slice(0, offset) + put + before.slice(offset + cut);
  }, text);
}

const context = { folder: "/", environment: () => "eu", hasRate: () => true };

/** What must hold of an answer to any text: problems that stand inside it, each on one line. */
function expectSound(read: Located<unknown>, text: string): void {
  if (read.ok) return;
  const lines = text.split("\n");
  expect(read.problems).not.toEqual([]);
  for (const problem of read.problems) {
    if (problem.file !== "f.yaml") continue;
    const line = lines[problem.line - 1] ?? "";
    expect(problem.column).toBeGreaterThanOrEqual(1);
    expect(problem.column).toBeLessThanOrEqual(line.length + 1);
    expect(formatProblem(problem)).not.toMatch(/[\n\r\u001b]/);
    expect(problem.excerpt.split("\n")).toHaveLength(2);
  }
}

describe("whatever the text", () => {
  const files = filesOf({ "job.yaml": "cmd: run" });

  it("a schedules file is answered with a configuration or with problems in it", async () => {
    await fc.assert(
      fc.asyncProperty(edits, async (changes) => {
        const text = edited(GOOD, changes);
        expectSound(await readConfiguration({ file: "f.yaml", text }, files), text);
      }),
      { numRuns: 200 },
    );
  });

  it("a job is answered with a definition or with problems in it", () => {
    fc.assert(
      fc.property(edits, (changes) => {
        const text = edited(GOOD_JOB, changes);
        expectSound(readJobConfig({ file: "f.yaml", text }, context), text);
      }),
      { numRuns: 200 },
    );
  });

  it("text that is no YAML of ours is answered with problems in it", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 60 }), async (text) => {
        const read = await readConfiguration({ file: "f.yaml", text }, files);
        expect(read.ok).toBe(false);
        expectSound(read, text);
      }),
      { numRuns: 200 },
    );
  });

  it("a literal secret is never repeated, whatever else is wrong with the file", async () => {
    const places = ["${env:OPS}", "https://hooks.example.org/x"];
    await fc.assert(
      fc.asyncProperty(
        edits,
        fc.constantFrom(...places),
        fc.constantFrom(SECRET, `x ${SECRET}`, `*${SECRET}`, `"${SECRET}\\n"`, `[${SECRET}`),
        async (changes, place, secret) => {
          // The edits stay before the secret: it is where it belongs, in a file that is not sound.
          const [before = "", after = ""] = GOOD.split(place);
          const head = before.slice(0, before.lastIndexOf("notifications:"));
          const tail = before.slice(head.length) + secret + after;
          const text = edited(head, changes) + tail;

          const read = await readConfiguration({ file: "f.yaml", text }, files);

          const said = read.ok ? [] : read.problems;
          expect(JSON.stringify(said)).not.toContain(SECRET);
        },
      ),
      { numRuns: 200 },
    );
  });
});
