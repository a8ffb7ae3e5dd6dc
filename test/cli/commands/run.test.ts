import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockDataDirectory } from "../../../infra/local/wiring.ts";
import { runKeyOf } from "../../../shared/core/ids.ts";
import { aConfiguration } from "../../support/builders.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  await world.apply(aConfiguration());
});
afterEach(async () => {
  await world.close();
});

const run = async (...args: readonly string[]): ReturnType<typeof orrery> =>
  await orrery("run", "--data", world.directory, ...args);

describe("a person who asks for a run", () => {
  it("gets its id, and a queued run with the inputs", async () => {
    const { code, out } = await run("nightly", "--input", "DATE=2027-01-14", "--input", "EQ=a=b");

    const id = runKeyOf(out.trimEnd())?.run;
    expect({ code, schedule: id && runKeyOf(id)?.schedule }).toEqual({
      code: 0,
      schedule: "nightly",
    });
    expect(id && (await world.run(id))).toMatchObject({
      state: "queued",
      cause: { kind: "person" },
      inputs: { DATE: "2027-01-14", EQ: "a=b" },
    });
  });

  it("gets a run for every time of asking", async () => {
    const first = await run("nightly");
    const second = await run("nightly");

    expect(first.out).not.toBe(second.out);
  });

  it("gets the run itself as JSON", async () => {
    const answer = await orreryJson("run", "nightly", "--data", world.directory);

    expect(answer).toMatchObject({ schedule: "nightly", state: "queued", cause: "person" });
  });

  it("is told beside the result that no platform runs", async () => {
    const { out, err } = await run("nightly");

    expect(out).not.toContain("platform");
    expect(err).toBe(
      `No platform runs on ${world.directory}: the run starts with the next \`orrery up\`.\n`,
    );
  });

  it("is told nothing of the kind while one runs, and leaves its lock alone", async () => {
    const unlock = lockDataDirectory(world.directory);

    const { code, err } = await run("nightly");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(lockDataDirectory(world.directory)).toBeUndefined();
    unlock?.();
  });

  it("leaves no lock behind for the platform that starts next", async () => {
    await run("nightly");

    const unlock = lockDataDirectory(world.directory);

    expect(unlock).toBeDefined();
    unlock?.();
  });

  it("is told the nearest name of a schedule that does not exist, and nothing is made", async () => {
    const { code, out, err } = await run("nighty");

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain('(did you mean "nightly"?) [SCHEDULE_NOT_FOUND]');
    expect(await orreryJson("runs", "--data", world.directory)).toEqual({ runs: [] });
  });
});
