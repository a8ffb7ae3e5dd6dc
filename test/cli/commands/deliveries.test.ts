import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { aConfiguration, aSchedule, aSubscription } from "../../support/builders.ts";
import { exits } from "../../support/scripted-executor.ts";
import { CliWorld, orrery, orreryJson } from "../cli-world.ts";

let world: CliWorld;
beforeEach(() => {
  world = new CliWorld();
});
afterEach(async () => {
  await world.close();
});

describe("orrery deliveries", () => {
  it("lists what is on its way, by subscription", async () => {
    const subscriptions = [aSubscription({ name: "team" }), aSubscription({ name: "ops" })];
    await world.apply(aConfiguration({ schedules: [aSchedule()], subscriptions }));
    await world.untilEnded(await world.submit(exits(0)));

    const listed = (await orreryJson("deliveries", "--data", world.directory)) as {
      readonly deliveries: readonly { subscription: string; state: string; type: string }[];
    };

    expect(new Set(listed.deliveries.map((each) => each.subscription))).toEqual(
      new Set(["ops", "team"]),
    );
    expect(listed.deliveries.every((each) => each.state === "pending")).toBe(true);
    expect(listed.deliveries.map((each) => each.type)).toContain("run.succeeded");

    const ops = await orrery("deliveries", "--subscription", "ops", "--data", world.directory);
    expect(ops.out).toContain("ops.");
    expect(ops.out).not.toContain("team.");
    const buried = await orrery("deliveries", "--state", "buried", "--data", world.directory);
    expect(buried.out).toBe("There are no deliveries.\n");
  });
});
