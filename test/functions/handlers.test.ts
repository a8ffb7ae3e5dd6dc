import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { scanRejections } from "../../shared/records/rejection-record.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { aCron, aTiming } from "../support/timing-builder.ts";
import { World } from "../support/world.ts";
import { recordedEvent } from "./recorded-event.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  const timing = aTiming({ when: [aCron("0 0 * * *")] });
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing, overlap: "allow" })] }));
});
afterEach(async () => await world.close());

const causes = async (): Promise<readonly string[]> =>
  (await world.runs()).map(({ cause }) => (cause.kind === "message" ? cause.id : cause.kind));

describe("the tick", () => {
  it.each(["timer", "timer-without-payload"])("fires on a recorded event: %s", async (name) => {
    expect(await world.call("tick", recordedEvent(name))).toEqual({
      runs: 1,
      redriven: 0,
      complete: true,
    });
  });

  it("fires nothing on an event that is no timer's", async () => {
    await expect(world.call("tick", {})).rejects.toThrow("This is no timer trigger event");

    expect(await world.runs()).toEqual([]);
  });
});

describe("the intake", () => {
  it.each([
    "queue",
    "queue-snake-case-attributes",
    "queue-camel-case-attributes",
    "queue-binary-attribute",
    "queue-without-attributes",
    "queue-with-unknown-members",
  ])("makes the run that a recorded message asks for: %s", async (name) => {
    await world.call("intake", recordedEvent(name));

    expect(await causes()).toEqual(["order-1"]);
  });

  it("sets a message aside that it cannot read, and does the rest of its batch", async () => {
    await world.call("intake", recordedEvent("queue-batch"));

    expect((await causes()).toSorted()).toEqual(["order-1", "order-3"]);
    const rejected = await world.store.snapshot(
      async (reader) => await scanRejections(reader, "intake", 10),
    );
    expect(rejected).toMatchObject([{ id: "7d9f-0002", excerpt: "{ not json" }]);
  });

  it("fails the batch for a message that failed, names it, and does the others all the same", async () => {
    let calls = 0;
    world.crashPoints.arm(({ name }) => {
      if (name === "transact request-run" && ++calls === 1) throw new Error("The store is away");
      return undefined;
    });

    const called = world.call("intake", recordedEvent("queue-batch"));

    await expect(called).rejects.toThrow("1 of 3 messages failed: The store is away");
    expect(await causes()).toHaveLength(1);
    await world.call("intake", recordedEvent("queue-batch"));
    expect((await causes()).toSorted()).toEqual(["order-1", "order-3"]);
  });
});

describe("a function behind a queue", () => {
  it.each(["intake", "submit", "watch", "notify"])(
    "refuses what is no queue's event: %s",
    async (name) => {
      await expect(world.call(name, recordedEvent("timer"))).rejects.toMatchObject({
        code: "MESSAGE_INVALID",
      });
    },
  );

  it.each(["submit", "watch", "notify"] as const)(
    "sets aside what is no work of %s, and fails for nothing",
    async (queue) => {
      for (const body of ["{", "{}", '{"run":"x"}', '{"delivery":"x"}', '{"run":1,"x":2}']) {
        await world.message(queue, body);
      }
      await world.deliverAll();

      const rejected = await world.store.snapshot(
        async (reader) => await scanRejections(reader, queue, 10),
      );
      expect(rejected).toHaveLength(5);
      expect(world.failures).toEqual([]);
    },
  );

  it.each(["submit", "watch"] as const)("%s does nothing for a run that is gone", async (queue) => {
    await world.message(queue, JSON.stringify({ run: "nightly.20270114T000000Z.0123abcd" }));
    await world.deliverAll();

    expect(world.failures).toEqual([]);
    expect(await world.runs()).toEqual([]);
  });
});

describe("a message that fails for ever", () => {
  it("moves to the dead-letter queue, and the work is still owed by its timer", async () => {
    world.crashPoints.arm(({ name }) => {
      if (name === "transact submit") throw new Error("The store is away");
      return undefined;
    });
    await world.live(120 * MINUTE_MS);
    world.crashPoints.arm(() => undefined);

    expect(world.deadLetters()).toBeGreaterThan(0);
    await world.live(2 * MINUTE_MS);
    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });
});
