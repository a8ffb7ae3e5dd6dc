import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliveryIdOf, type RunId } from "../../../shared/core/ids.ts";
import { writeDelivery } from "../../../shared/records/delivery-record.ts";
import { aConfiguration, aSchedule, aSubscription, START_AT } from "../../support/builders.ts";
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

  it("finds the few that were buried behind many others", async () => {
    const subscriptions = [aSubscription({ name: "team" })];
    await world.apply(aConfiguration({ schedules: [aSchedule()], subscriptions }));
    await world.data.store.transact("deliveries", (tx) => {
      for (let n = 0; n < 100; n += 1) {
        writeDelivery(tx, undefined, {
          id: deliveryIdOf("team", String(n)),
          subscription: "team",
          about: { run: "nightly.20270115T000000Z.00000000" as RunId },
          target: { kind: "log" },
          body: JSON.stringify({ type: "orrery.run.failed.v1" }),
          state: n % 50 === 0 ? "buried" : "delivered",
          nextTryAt: START_AT,
          tries: [{ at: START_AT, tookMs: 1, detail: "410 Gone" }],
        });
      }
      return Promise.resolve();
    });

    const buried = await orreryJson("deliveries", "--state", "buried", "--data", world.directory);

    const expected = {
      subscription: "team",
      type: "run.failed",
      run: "nightly.20270115T000000Z.00000000",
      state: "buried",
      tries: [{ at: "2027-01-15T00:00:00Z", delivered: false, detail: "410 Gone" }],
    };
    expect(buried).toEqual({
      deliveries: ["0", "50"]
        .map((event) => ({ delivery: deliveryIdOf("team", event), ...expected }))
        .toSorted((a, b) => (a.delivery < b.delivery ? -1 : 1)),
    });
  });
});
