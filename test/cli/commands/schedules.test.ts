import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration, aSchedule } from "../../support/builders.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

describe("orrery schedules", () => {
  it("lists the live ones by name, with the next fire and the latest run", async () => {
    await world.apply(
      aConfiguration({
        schedules: [aSchedule({ name: "nightly" }), aSchedule({ name: "asked", timing: null })],
      }),
    );
    const run = await world.ask("asked");

    const { code, out } = await orrery("schedules", "--data", world.directory);

    expect(code).toBe(0);
    const [, first, second] = out.trim().split("\n");
    expect(first).toMatch(new RegExp(`^asked +demo +- +${run} +queued$`));
    expect(second).toMatch(/^nightly +demo +20\d\d-\d\d-\d\dT02:30:00Z +-$/);
    expect(await orreryJson("schedules", "--data", world.directory)).toMatchObject({
      schedules: [
        { schedule: "asked", project: "demo", latestRun: { run, state: "queued" } },
        {
          schedule: "nightly",
          nextFire: { nominalAt: expect.stringMatching(/T02:30:00Z$/) as unknown },
        },
      ],
    });
  });

  it("says how to get one where there are none", async () => {
    const { out } = await orrery("schedules", "--data", world.directory);
    expect(out).toContain("orrery up --config");
  });
});
