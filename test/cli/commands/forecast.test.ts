import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { UnitLimits } from "../../../shared/core/project/project-settings.ts";
import { HOUR_MS, MINUTE_MS } from "../../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { aTiming } from "../../support/timing-builder.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

const hourly = (name: string, hours: number) =>
  aSchedule({
    name,
    timing: aTiming({ when: [{ kind: "every", everyMs: hours * HOUR_MS, offsetMs: 0 }] }),
    timeoutMs: 10 * MINUTE_MS,
    estimate: { durationMs: 5 * MINUTE_MS },
  });

const apply = async (limits: UnitLimits): Promise<void> => {
  await world.apply(
    aConfiguration({ schedules: [hourly("large", 1), hourly("small", 8)], limits }),
  );
};

const shown = async (...args: readonly string[]): Promise<string> => {
  const { code, out } = await orrery("forecast", "demo", ...args, "--data", world.directory);
  expect(code).toBe(0);
  return out;
};

describe("orrery forecast", () => {
  it("says in its first line when the balance ends, and what would change that", async () => {
    await apply({ balance: 24_000 });

    const [first] = (await shown()).split("\n");

    expect(first).toMatch(
      /^The balance of 24,000 units ends on 20\d\d-\S+Z at the present plan; without large it lasts to 20\d\d-\S+Z\.$/,
    );
  });

  it("has a table with the largest spender first, and bars of their shares", async () => {
    await apply({ balance: 24_000, unitsPerHour: 10_000 });

    const out = await shown("--days", "3");

    expect(out).toMatch(/^Peak hour +█+░+ 2,400 of 10,000 units in the hour to 20/m);
    expect(out).toMatch(/^SCHEDULE +UNITS +SHARE +STARTS +EACH +WITHOUT IT$/m);
    expect(out).toMatch(/^large +1\d,\d00 +\d\d% +█+░* +\d+ of 72 +1,200 by configured +it lasts/m);
    expect(out.indexOf("\nlarge ")).toBeLessThan(out.indexOf("\nsmall "));
    expect(out).toMatch(/^ {2}large: .*1 still wait in the end\.$/m);
  });

  it("looks at what would be if schedules were paused", async () => {
    await apply({ balance: 24_000 });

    const out = await shown("--without", "large", "--days", "2");

    expect(out).toMatch(
      /^The balance of 24,000 units lasts until 20\d\d-\S+Z at the present plan\.$/m,
    );
    expect(out).toMatch(/large +0 +0% .* 0 of 48 /);
  });

  it("says so where there is no balance that could end", async () => {
    await apply({});

    expect(await shown()).toMatch(/^The project has no balance, so that none can end\.\n/);
  });

  it("has all of it for programs", async () => {
    await apply({ balance: 24_000 });

    const told = await orreryJson("forecast", "demo", "--json", "--data", world.directory);

    expect(told).toMatchObject({
      project: "demo",
      truncated: false,
      balance: 24_000,
      schedules: [
        {
          schedule: "large",
          estimate: { units: 1_200, seconds: 300, source: "configured", runs: 0 },
          longestWaitMs: expect.any(Number) as number,
          balanceEndsWithoutAt: expect.stringMatching(/Z$/) as string,
        },
        { schedule: "small" },
      ],
    });
  });

  it.each([
    ["--days", "0"],
    ["--days", "367"],
    ["--without", "larger"],
  ])("refuses %s %s", async (...args) => {
    await apply({});

    const { code } = await orrery("forecast", "demo", ...args, "--data", world.directory);

    expect(code).toBeGreaterThan(1);
  });
});
