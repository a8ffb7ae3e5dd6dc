import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Finding } from "../../shared/core/finding.ts";
import { limits } from "../../shared/core/limits.ts";
import { MINUTE_MS } from "../../shared/core/time/duration.ts";
import { INSTANT_MAX, instant } from "../../shared/core/time/instant.ts";
import { scanLanes } from "../../shared/records/timer-record.ts";
import { diagnose } from "../../shared/usecases/diagnose.ts";
import { rejectMessage } from "../../shared/usecases/reject-message.ts";
import { aConfiguration, aSchedule, PROJECT } from "../support/builders.ts";
import { ScriptedProvider } from "../support/scripted-provider.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(() => (world = new World()));
afterEach(async () => await world.close());

async function finding(check: string): Promise<Finding | undefined> {
  return (await diagnose(world.services)).findings.find((each) => each.check === check);
}

describe("a diagnosis", () => {
  it("of an installation that does what it should finds nothing to do", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule()] }));

    const { findings, appliedAt } = await diagnose(world.services);

    expect(appliedAt).toBe(world.clock.now());

    expect(findings.map(({ check, status }) => [check, status])).toEqual([
      ["store", "ok"],
      ["configuration", "ok"],
      ["zones", "ok"],
      ["tick", "ok"],
      ["messages", "ok"],
      ["deliveries", "ok"],
    ]);
    expect(findings.every(({ remedy }) => remedy === undefined)).toBe(true);
  });

  it("says that nothing was ever applied", async () => {
    expect(await finding("configuration")).toMatchObject({
      status: "warning",
      text: expect.stringContaining("nothing fires") as string,
    });
  });

  it("says that the tick does not come, once it cannot be only late", async () => {
    await world.apply(aConfiguration({ schedules: [aSchedule()] }));
    const { store, clock } = world.services;
    const page = { throughAt: instant(INSTANT_MAX) };
    const timers = (await store.snapshot(async (reader) => await scanLanes(reader, page))).flat();
    const dueAt = timers[0]?.dueAt ?? clock.now();

    // The clock alone goes on: nothing ticks.
    await world.clock.advance(dueAt + limits.tickLagMs - 1 - clock.now());
    expect((await finding("tick"))?.status).toBe("ok");
    await world.clock.advance(1);

    expect(await finding("tick")).toMatchObject({
      status: "failed",
      text: expect.stringContaining("the first for 3m") as string,
    });
  });

  it("counts what was set aside in the last day, and no longer", async () => {
    const { clock } = world.services;
    const message = { id: "m", body: "{", sentAt: clock.now(), attributes: {} };
    await rejectMessage(world.services, { ...message, source: "intake", reason: "no JSON" });

    expect(await finding("messages")).toMatchObject({
      status: "warning",
      text: "1 were set aside in the last day, the latest from intake",
    });
    await world.advance(limits.doctorLookBackMs + MINUTE_MS);
    expect((await finding("messages"))?.status).toBe("ok");
  });

  it("answers for a store that does not, and asks nothing more of it", async () => {
    const store = {
      ...world.services.store,
      snapshot: async () => await Promise.reject(new Error("no answer from YDB")),
    };

    const { findings } = await diagnose({ ...world.services, store });

    expect(findings).toHaveLength(1);
    expect(findings).toMatchObject([
      { check: "store", status: "failed", text: expect.stringContaining("no answer") as string },
    ]);
  });

  it("says which projects DataSphere does not show, where it owns them", async () => {
    const schedules = [aSchedule({ name: "one" }), aSchedule({ name: "two", project: "hidden" })];
    await world.apply(aConfiguration({ schedules }));
    const provider = new ScriptedProvider();
    provider.set(PROJECT, {});
    provider.set("hidden", {});
    const look = async (): Promise<Finding | undefined> =>
      (await diagnose({ ...world.services, provider })).findings.at(-1);

    expect(await look()).toMatchObject({ check: "projects", status: "ok" });
    provider.fail("hidden", "down");

    expect(await look()).toMatchObject({
      status: "failed",
      text: expect.stringContaining("does not show 1 of 2 projects: hidden (") as string,
    });
  });
});
