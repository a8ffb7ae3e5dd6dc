import { describe, expect, it } from "vitest";
import { formatProblem } from "../../shared/config/located-problem.ts";
import { readConfiguration } from "../../shared/config/orrery-yaml.ts";
import type { ConfiguredEstimate } from "../../shared/core/schedule/schedule-definition.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { filesOf } from "../support/config-files.ts";

const schedule = (estimate: string): string =>
  `version: 1\nschedules:\n  a:\n    project: p\n    job: { cmd: x }\n    estimate: ${estimate}\n`;

async function estimateOf(written: string): Promise<ConfiguredEstimate | undefined> {
  const read = await readConfiguration({ file: "orrery.yaml", text: schedule(written) }, filesOf());
  if (!read.ok) throw new Error(read.problems.map(formatProblem).join("\n"));
  return read.value.schedules[0]?.estimate;
}

async function problems(text: string): Promise<readonly string[]> {
  const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());
  return read.ok ? [] : read.problems.map(formatProblem);
}

const A_DURATION = "a duration such as 90s, 15m or 1h30m, 1s or more and at most 30d";
const EITHER = "`duration`, `units` or both, such as { duration: 40m }";
const UNITS = "a whole number, 1 or more";

describe("the estimate of a schedule", () => {
  it.each([
    { written: "40m", is: { durationMs: 40 * MINUTE_MS } },
    { written: "{ duration: 40m }", is: { durationMs: 40 * MINUTE_MS } },
    { written: "{ units: 5000 }", is: { units: 5_000 } },
    {
      written: "{ duration: 1m, units: 5000 }",
      is: { durationMs: MINUTE_MS, units: 5_000 },
    },
  ])("may be $written", async ({ written, is }) => {
    expect(await estimateOf(written)).toEqual(is);
  });

  it("is absent where nothing is said", async () => {
    const text = schedule("40m").replace("    estimate: 40m\n", "");
    const read = await readConfiguration({ file: "orrery.yaml", text }, filesOf());

    expect(read.ok && read.value.schedules[0]).not.toHaveProperty("estimate");
  });

  it.each([
    {
      written: "0s",
      is: `6:15 schedules.a.estimate: found "0s" (text), expected ${A_DURATION}, or ${EITHER}`,
    },
    {
      written: "31d",
      is: `6:15 schedules.a.estimate: found "31d" (text), expected ${A_DURATION}, or ${EITHER}`,
    },
    {
      written: "5000",
      is: `6:15 schedules.a.estimate: found 5000 (number), expected ${A_DURATION}, or ${EITHER}`,
    },
    {
      written: "[40m]",
      is: `6:15 schedules.a.estimate: found a list, expected ${A_DURATION}, or ${EITHER}`,
    },
    {
      written: "{}",
      is: `6:15 schedules.a.estimate: found a mapping, expected ${A_DURATION}, or ${EITHER}`,
    },
    {
      written: "{ duration: 40 }",
      is: `6:27 schedules.a.estimate.duration: found 40 (number), expected ${A_DURATION}`,
    },
    {
      written: "{ units: 0 }",
      is: `6:24 schedules.a.estimate.units: found 0 (number), expected ${UNITS}`,
    },
    {
      written: "{ units: 1.5 }",
      is: `6:24 schedules.a.estimate.units: found 1.5 (number), expected ${UNITS}`,
    },
    {
      written: "{ unit: 5 }",
      is: '6:17 schedules.a.estimate.unit: found the unknown key "unit", expected one of duration, units (did you mean "units"?)',
    },
  ])("is told with its place where it is wrong: $written", async ({ written, is }) => {
    expect(await problems(schedule(written))).toEqual([`orrery.yaml:${is}`]);
  });

  it("is one schedule's own, and refused for all of them", async () => {
    const text = "version: 1\ndefaults: { estimate: 40m }\nschedules: {}\n";

    expect(await problems(text)).toEqual([
      'orrery.yaml:2:13 defaults.estimate: found the unknown key "estimate", expected the key inside a schedule',
    ]);
  });
});
