import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration } from "../../support/builders.ts";
import { exits, obeys } from "../../support/scripted-executor.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

const usage = async (...args: readonly string[]): Promise<string> => {
  const { code, out, err } = await orrery("usage", "demo", "--data", world.directory, ...args);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  return out;
};

describe("a project's units", () => {
  it("are shown with its limits, what is held and what is left", async () => {
    const limits = { unitsPerHour: 20_000, unitsPerExecution: 8_000, concurrentRuns: 1 };
    await world.apply(aConfiguration({ limits: { ...limits, balance: 9_000 } }));
    await world.submit(obeys);

    const out = await usage();

    expect(out).toMatch(/^Limits +20000 units an hour, 8000 units an execution, 1 run at once$/m);
    expect(out).toMatch(/^Balance +9000 units left$/m);
    expect(out).toMatch(/^Held +7240 units, by 1 running attempt$/m);
    expect(out).toMatch(/^Last hour +░{20} 0 of 20000 units spent$/m);
    expect(out).toMatch(/^#1 +20.*Z +setBalance +9000 +0 +9000 +configured$/m);
    expect(out).toMatch(/^#2 +20.*Z +hold +7240 +7240 +9000 +nightly\..*\.1 \(admitted\)$/m);
  });

  it("draw what was spent in the last hour as a bar that is full at the limit", async () => {
    await world.apply(aConfiguration({ limits: { unitsPerHour: 7_240 } }));
    const id = await world.submit({ runMs: 1 });
    await world.untilEnded(id);

    expect(await usage()).toMatch(/^Last hour +█░{19} [1-4] of 7240 units spent$/m);
  });

  it("need no limits to be shown", async () => {
    await world.apply(aConfiguration());
    await world.submit(exits(0));

    const out = await usage();

    expect(out).toMatch(/^Limits +none$/m);
    expect(out).toMatch(/^Balance +no limit$/m);
    expect(out).toMatch(/^Last hour +\d units spent$/m);
  });

  it("come with as many ledger entries as asked for, newest first", async () => {
    await world.apply(aConfiguration({ limits: { unitsPerHour: 20_000 } }));
    const id = await world.submit({ runMs: 1 });
    await world.untilEnded(id);

    const answer = await orreryJson("usage", "demo", "--entries", "1", "--data", world.directory);

    expect(answer).toEqual({
      project: "demo",
      limits: { unitsPerHour: 20_000 },
      heldUnits: 0,
      runningAttempts: 0,
      // The second that was paid for may not be over yet.
      spentLastHourUnits: expect.toSatisfy((units) => units >= 1 && units <= 4) as number,
      entries: [
        {
          seq: 2,
          at: expect.stringMatching(/Z$/) as string,
          kind: "settle",
          units: 4,
          attempt: `${id}.1`,
          reason: "ended",
          heldAfter: 0,
        },
      ],
    });
  });
});

describe("a project that nobody configured or used", () => {
  it("is PROJECT_NOT_FOUND, and exits 3", async () => {
    const { code, out, err } = await orrery("usage", "dmeo", "--data", world.directory);

    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toContain("[PROJECT_NOT_FOUND]");
  });
});
