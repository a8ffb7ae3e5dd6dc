import { describe, expect, it } from "vitest";
import { simulate, type Simulated } from "../../../infra/simulation/simulate.ts";
import { timelineHtml } from "../../../infra/simulation/timeline-html.ts";
import type { Configuration } from "../../../shared/core/project/configuration.ts";
import { readConfiguration } from "../../../shared/config/orrery-yaml.ts";
import { assert } from "../../../shared/core/assert.ts";
import { formatProblem } from "../../../shared/config/located-problem.ts";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";
import { filesOf } from "../../support/config-files.ts";

const from = instant(Date.parse("2027-01-01T00:00:00Z"));

async function configured(text: string): Promise<Configuration> {
  const read = await readConfiguration(
    { file: "orrery.yaml", text: `version: 1\n${text}` },
    filesOf(),
  );
  assert(read.ok, read.ok ? "" : read.problems.map(formatProblem).join("; "));
  return read.value;
}

async function played(
  text: string,
  { ms = DAY_MS, seed = 1, failPercent = 0 } = {},
): Promise<Simulated> {
  const configuration = await configured(text);
  return await simulate({ configuration, from, until: plusMs(from, ms), seed, failPercent });
}

/** In a word each, with when it started. */
const told = ({ runs }: Simulated): readonly string[] =>
  runs.map(({ state, reason, attempts, effectiveAt }) => {
    const [first] = attempts;
    const late = first === undefined ? "" : ` +${(first.startedAt - effectiveAt) / MINUTE_MS}m`;
    return `${state}${reason === undefined ? "" : ` ${reason}`}${late}`;
  });

const JOB = 'job: { name: j, cmd: "true", cloud-instance-types: [c1.4] }';

describe("a simulation", () => {
  it("plays every occurrence for as long as its estimate says, and spends what that costs", async () => {
    const simulated = await played(`
defaults: { project: p }
schedules:
  hourly: { when: { every: 1h }, estimate: 20m, timeout: 30m, ${JOB} }
`);

    expect(simulated.runs).toHaveLength(25);
    expect(told(simulated).slice(0, 24)).toEqual(Array(24).fill("succeeded +0m"));
    expect(simulated.runs[3]?.attempts).toEqual([
      {
        startedAt: from + 3 * HOUR_MS,
        endedAt: from + 3 * HOUR_MS + 20 * MINUTE_MS,
        rate: 4,
        units: 4_800,
      },
    ]);
    expect(simulated.complete).toBe(true);
  });

  it("lets wait what does not fit, as a platform does, and starts it when there is room", async () => {
    const simulated = await played(
      `
defaults: { project: p, estimate: 30m }
projects: { p: { limits: { concurrentRuns: 1 } } }
schedules:
  a: { when: { at: "2027-01-01T01:00" }, timeout: 1h, ${JOB} }
  b: { when: { at: "2027-01-01T01:00" }, timeout: 1h, ${JOB} }
`
        .replace(", estimate: 30m", "")
        .replaceAll("timeout: 1h", "timeout: 1h, estimate: 30m"),
    );

    expect(told(simulated)).toEqual(["succeeded +0m", "succeeded +30m"]);
    expect(simulated.runs[1]?.waitedFor).toBe("limit_concurrency");
  });

  it("stops what takes longer than its timeout, and takes that where there is no estimate", async () => {
    const simulated = await played(`
defaults: { project: p }
schedules:
  slow: { when: { at: "2027-01-01T01:00" }, timeout: 10m, estimate: 30m, ${JOB} }
  unknown: { when: { at: "2027-01-01T01:00" }, timeout: 10m, ${JOB} }
`);

    expect(told(simulated)).toEqual(["timedOut timeout +0m", "succeeded +0m"]);
    expect(simulated.runs.map(({ attempts }) => attempts[0]?.units)).toEqual([2_400, 2_400]);
  });

  it("says when a balance ends, and refuses nothing that a platform would not", async () => {
    const simulated = await played(
      `
defaults: { project: p }
projects: { p: { limits: { balance: 10000 } } }
schedules:
  hourly: { when: { every: 1h, offset: 30m }, estimate: 10m, timeout: 20m, ${JOB} }
`,
      { ms: 6 * HOUR_MS },
    );

    // Each holds some 4,800 and spends 2,400: the fourth does not fit the 2,800 that are left.
    expect(told(simulated).slice(0, 3)).toEqual(Array(3).fill("succeeded +0m"));
    expect(simulated.runs[3]).toMatchObject({ state: "waiting", reason: "limit_balance" });
    expect(simulated.balanceEnds).toEqual([
      { project: "p", at: from + 3.5 * HOUR_MS, because: "limit_balance" },
    ]);
  });

  it("fails as many as are asked for, and the same ones for the same seed", async () => {
    const text = `
defaults: { project: p }
schedules:
  often: { when: { every: 10m }, estimate: 1m, timeout: 5m, ${JOB} }
`;
    const failed = async (seed: number): Promise<string> =>
      (await played(text, { seed, failPercent: 30 })).runs.map(({ state }) => state).join();

    const first = await failed(7);

    expect(await failed(7)).toBe(first);
    expect(await failed(8)).not.toBe(first);
    const count = first.split(",").filter((state) => state === "failed").length;
    expect(count).toBeGreaterThan(20);
    expect(count).toBeLessThan(70);
  });

  it("forgets none of many days, though its store keeps but the latest", async () => {
    const simulated = await played(
      `
defaults: { project: p }
schedules:
  often: { when: { every: 1h }, estimate: 1m, timeout: 5m, ${JOB} }
`,
      { ms: 20 * DAY_MS },
    );

    const nominal = simulated.runs.map(({ nominalAt }) => (nominalAt - from) / HOUR_MS);
    expect(nominal).toEqual(Array.from({ length: 20 * 24 + 1 }, (_, hour) => hour));
  });

  it("follows dependencies through the day", async () => {
    const simulated = await played(`
defaults: { project: p }
schedules:
  first: { when: { at: "2027-01-01T01:00" }, estimate: 10m, timeout: 20m, ${JOB} }
  second: { after: { first: succeeded }, estimate: 5m, timeout: 20m, ${JOB} }
`);

    const [, second] = simulated.runs;
    expect(second?.attempts[0]?.startedAt).toBe(from + HOUR_MS + 10 * MINUTE_MS);
  });
});

describe("the timeline", () => {
  it("shows a row for each schedule, and nothing that a name could break out of", async () => {
    const text = `
defaults: { project: p }
projects: { p: { limits: { unitsPerHour: 20000 } } }
schedules:
  hourly: { when: { every: 1h }, estimate: 20m, timeout: 30m, ${JOB} }
`;
    const configuration = await configured(text);

    const html = timelineHtml(await played(text), configuration);

    expect(html.match(/class="ran"/g)).toHaveLength(24);
    expect(html).toContain("20000 an hour");
    expect(html).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)|NaN|undefined/);
  });
});
