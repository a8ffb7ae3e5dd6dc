import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  await world.apply(aConfiguration());
});
afterEach(async () => {
  await world.close();
});

const call = async (...args: readonly string[]): ReturnType<typeof orrery> =>
  await orrery(...args, "--data", world.directory);

describe("orrery retry", () => {
  it("makes another run of one that has ended, and prints its id", async () => {
    const id = await world.submit(exits(0, 1));

    const { code, out, err } = await call("retry", id, "--input", "BATCH=100");

    expect(code).toBe(0);
    expect(err).toContain("the run starts with the next `orrery up`");
    expect(await orreryJson("show", out.trim(), "--data", world.directory)).toMatchObject({
      retryOf: id,
      state: "queued",
      inputs: ["BATCH"],
    });
    const shown = (await call("show", out.trim())).out;
    expect(shown).toMatch(new RegExp(`^Retry of +${id}$`, "m"));
    expect(shown).toMatch(/^Inputs for +\d{4}-/m);
  });

  it("prints the run as JSON", async () => {
    const id = await world.submit(exits(0, 1));

    expect(await orreryJson("retry", id, "--data", world.directory)).toMatchObject({ retryOf: id });
  });

  it("is an error while the run lives, and exits 2", async () => {
    const id = await world.submit(obeys);

    const { code, out, err } = await call("retry", id);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("[RUN_LIVE]");
  });

  it("is an error where there is no such run, and exits 3", async () => {
    expect((await call("retry", "nightly.20270115T023000Z.00000000")).code).toBe(3);
  });
});

describe("orrery run with what is said of this run alone", () => {
  it("shows it with the run", async () => {
    const args = ["--priority", "high", "--timeout", "4h", "--on-limit", "fail"];
    const { code, out } = await call("run", "nightly", ...args);

    expect(code).toBe(0);
    const shown = (await call("show", out.trim())).out;
    expect(shown).toMatch(/^Priority +high$/m);
    expect(shown).toMatch(/^Overrides +priority high, timeout 4h, onLimit fail$/m);
    expect(await orreryJson("show", out.trim(), "--data", world.directory)).toMatchObject({
      overrides: { priority: "high", timeoutMs: 14_400_000, onLimit: "fail" },
    });
  });

  it("shows nothing of it where nothing was said", async () => {
    const { out } = await call("run", "nightly");

    expect((await call("show", out.trim())).out).not.toContain("Overrides");
  });
});
