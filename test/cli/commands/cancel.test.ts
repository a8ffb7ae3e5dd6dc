import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { CliWorld, orrery } from "../cli-world.ts";

let world: CliWorld;
beforeEach(async () => {
  world = new CliWorld();
  await world.apply(aConfiguration());
});
afterEach(async () => {
  await world.close();
});

const cancel = async (id: string): ReturnType<typeof orrery> =>
  await orrery("cancel", id, "--data", world.directory);

describe("a run that somebody cancels", () => {
  it("is cancelled at once where nothing of it runs", async () => {
    const id = await world.ask();

    const { code, out, err } = await cancel(id);

    expect({ code, out, err }).toEqual({
      code: 0,
      out: `Run ${id} is cancelled; nothing of it ran.\n`,
      err: "",
    });
    expect((await world.run(id)).state).toBe("cancelled");
  });

  it("is asked to end where it runs, and ends when the platform looks next", async () => {
    const id = await world.submit(obeys);

    const { code, out, err } = await cancel(id);

    expect(code).toBe(0);
    expect(out).toContain(`Run ${id} was asked to end`);
    expect(err).toContain("the next `orrery up` ends its program");
    expect((await world.run(id)).state).toBe("running");
    expect((await world.untilEnded(id)).state).toBe("cancelled");
  });

  it("may be cancelled again while it ends", async () => {
    const id = await world.submit(obeys);
    const first = await cancel(id);

    expect(await cancel(id)).toEqual(first);
  });

  it("is an error where it has ended, and exits 2", async () => {
    const id = await world.submit(exits(0));

    const { code, out, err } = await cancel(id);

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain("[RUN_FINISHED]");
  });

  it("is RUN_NOT_FOUND where there is none, and exits 3", async () => {
    expect((await cancel("nightly")).code).toBe(3);
    expect((await cancel("nightly.20270115T023000Z.00000000")).code).toBe(3);
  });
});
