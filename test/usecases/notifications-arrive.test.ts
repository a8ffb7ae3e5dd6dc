import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { deliveryIdOf } from "../../shared/core/ids.ts";
import { limits } from "../../shared/core/limits.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { deliveryOwedBy } from "../../shared/records/delivery-record.ts";
import { readRun } from "../../shared/records/run-record.ts";
import { deliver } from "../../shared/usecases/deliver.ts";
import { aConfiguration, aSchedule, aSubscription } from "../support/builders.ts";
import { deliveriesOf, expectNothingOwed } from "../support/invariants.ts";
import { exits } from "../support/scripted-executor.ts";
import { World } from "../support/world.ts";

/** P5: what is owed is delivered at least once to each target, or buried with its history. */
let world: World;
beforeEach(() => {
  world = new World();
});
afterEach(async () => await world.close());

const ended = aSubscription({ name: "ended", on: ["run.succeeded", "run.failed"] });

async function runOnce(subscriptions = [ended]): Promise<void> {
  world.willRun("nightly", exits(SECOND_MS));
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })], subscriptions }));
  await world.ask("nightly", "p1");
  await world.live(MINUTE_MS);
}

const failing = { delivered: false, retryable: true, detail: "503" } as const;

describe("a notification", () => {
  it("is delivered once to each target that wants it", async () => {
    const log = aSubscription({ name: "log", on: ["run.started"], target: { kind: "log" } });
    await runOnce([ended, log]);

    expect(world.webhook.types).toEqual(["run.succeeded"]);
    expect(world.logChannel.types).toEqual(["run.started"]);
    await expectNothingOwed(world);
  });

  it("is tried again with growing waits while its receiver fails, and then told no more", async () => {
    let tries = 0;
    world.webhook.answer = () => (++tries < 4 ? failing : { delivered: true, detail: "200" });
    await runOnce();

    await world.live(10 * MINUTE_MS);

    const sentAt = world.webhook.received.map((each) => each.sentAt);
    const waits = sentAt.slice(1).map((at, index) => at - (sentAt[index] ?? 0));
    expect(waits).toHaveLength(3);
    expect(waits).toEqual(waits.toSorted((a, b) => a - b));
    expect((await deliveriesOf(world))[0]).toMatchObject({ state: "delivered" });
    await expectNothingOwed(world);
  });

  it("is buried with its whole history when its receiver never takes it", async () => {
    world.webhook.answer = () => failing;
    await runOnce();

    await world.live(4 * HOUR_MS);

    const [delivery] = await deliveriesOf(world);
    expect(delivery?.state).toBe("buried");
    expect(delivery?.tries).toHaveLength(limits.deliveryAttemptsMax);
    expect(world.webhook.received).toHaveLength(limits.deliveryAttemptsMax);
    expect(world.log.map((entry) => entry.name)).toContain("delivery.buried");
    await expectNothingOwed(world);
  });

  it("is buried at once where trying again cannot help", async () => {
    world.webhook.answer = () => ({ delivered: false, retryable: false, detail: "410 Gone" });
    await runOnce();

    expect((await deliveriesOf(world))[0]).toMatchObject({
      state: "buried",
      tries: [{ detail: "410 Gone" }],
    });
  });

  it("has one id and one body for every try, so a receiver can drop repeats", async () => {
    let tries = 0;
    world.webhook.answer = () => (++tries < 3 ? failing : { delivered: true, detail: "200" });
    await runOnce();

    await world.live(10 * MINUTE_MS);

    const sent = world.webhook.received.map(({ id, body }) => `${id} ${body}`);
    expect(sent).toHaveLength(3);
    expect(new Set(sent).size).toBe(1);
  });

  it("is told again after a crash between the try and its record, under the same id", async () => {
    world.crashPoints.arm(({ name }) => (name === "deliver" ? "after" : undefined));
    await runOnce();
    world.crashPoints.arm(() => undefined);

    await world.restart();
    await world.live(2 * MINUTE_MS);

    const ids = world.webhook.received.map(({ id }) => id);
    expect(ids).toHaveLength(2);
    expect(new Set(ids).size).toBe(1);
    await expectNothingOwed(world);
  });

  it("goes where the run's end owed it to, though the configuration has another target by then", async () => {
    const targets: unknown[] = [];
    const record = world.webhook.deliver.bind(world.webhook);
    world.webhook.deliver = async (target, notification) => {
      targets.push(target);
      return await record(target, notification);
    };
    const held: string[] = [];
    world.loses = ({ queue, body }) => queue === "notify" && held.push(body) > 0;
    await runOnce();
    world.loses = () => false;
    const elsewhere = { kind: "webhook", url: "https://hooks.example.org/elsewhere" } as const;
    const moved = aSubscription({ ...ended, target: elsewhere });
    const schedules = [aSchedule({ timing: null })];
    await world.apply(aConfiguration({ schedules, subscriptions: [moved] }));

    for (const body of held) await world.message("notify", body);
    await world.deliverAll();

    expect(targets).toEqual([ended.target]);
    await expectNothingOwed(world);
  });

  it("is told from the run where a message does not say what it is about", async () => {
    const held: string[] = [];
    world.loses = ({ queue, body }) => queue === "notify" && held.push(body) > 0;
    await runOnce();
    world.loses = () => false;
    const [{ delivery, run, owed }] = held.map(
      (body) => JSON.parse(body) as { delivery: string; run: string; owed: { body: string } },
    ) as [{ delivery: string; run: string; owed: { body: string } }];

    await world.message("notify", JSON.stringify({ delivery, run }));
    await world.deliverAll();

    expect(world.webhook.received.map(({ body }) => body)).toEqual([owed.body]);
    await expectNothingOwed(world);
  });

  it("is not sent again by a message that comes twice, early or late", async () => {
    let tries = 0;
    world.webhook.answer = () => (++tries < 2 ? failing : { delivered: true, detail: "200" });
    await runOnce();
    const [delivery] = await deliveriesOf(world);
    const repeat = async (): Promise<void> => {
      await world.message("notify", JSON.stringify({ delivery: delivery?.id }));
      await world.deliverAll();
    };

    await repeat();
    await world.live(MINUTE_MS);
    await repeat();

    expect(world.webhook.received).toHaveLength(2);
  });

  it("that two functions try at once counts as tried once, and is sent at most twice", async () => {
    world.loses = ({ queue }) => queue === "notify";
    world.willRun("nightly", exits(SECOND_MS));
    const schedules = [aSchedule({ timing: null })];
    await world.apply(aConfiguration({ schedules, subscriptions: [ended] }));
    const asked = await world.askRun("nightly", "p1");
    await world.advance(2 * SECOND_MS);
    // It has no row before its first try: the run owes it.
    const run = await world.store.snapshot(async (reader) => await readRun(reader, asked));
    const id = (run && deliveryOwedBy(run))?.delivery.id ?? deliveryIdOf("none", "none");

    // While the first try is under way, another function makes the second one.
    let tries = 0;
    world.webhook.answer = async () => {
      tries += 1;
      if (tries === 1) await deliver(world.services, id, asked);
      return failing;
    };
    await deliver(world.services, id, asked);

    expect((await deliveriesOf(world))[0]?.tries).toHaveLength(1);
    expect(world.webhook.received).toHaveLength(2);
  });

  it("about a delivery that is not there changes nothing", async () => {
    await runOnce();

    const body = JSON.stringify({ delivery: deliveryIdOf("gone", "event") });
    await world.message("notify", body);
    await world.deliverAll();

    expect(world.failures).toEqual([]);
  });
});

describe("a slow receiver", () => {
  it("holds up no other subscription", async () => {
    world.webhook.answer = () => failing;
    const log = aSubscription({ name: "log", target: { kind: "log" } });
    await runOnce([ended, log]);

    expect(world.logChannel.types).toEqual(["run.started", "run.succeeded"]);
  });
});

describe("a run that waits for one limit, then for another, then for the first again", () => {
  it("says so each time, and owes nothing afterwards", async () => {
    const tenMinutes = { timing: null, overlap: "allow", timeoutMs: 10 * MINUTE_MS } as const;
    const limited = (given: UnitLimits) =>
      aConfiguration({
        schedules: [aSchedule({ name: "holder", ...tenMinutes }), aSchedule(tenMinutes)],
        subscriptions: [aSubscription({ on: ["run.waiting"] })],
        limits: given,
      });
    world.alwaysRuns("holder", exits(5 * MINUTE_MS));
    world.alwaysRuns("nightly", exits(MINUTE_MS));
    // Each notification is still on its way when the next one is owed.
    world.webhook.answer = () => failing;
    await world.apply(limited({ concurrentRuns: 1 }));
    await world.ask("holder", "h1");
    await world.deliverAll();
    await world.ask("nightly", "p1");

    for (const given of [{ unitsPerHour: 2_500 }, { concurrentRuns: 1 }]) {
      await world.live(MINUTE_MS);
      await world.apply(limited(given));
    }
    await world.live(4 * HOUR_MS);

    const told = (await deliveriesOf(world)).map(
      ({ body }) => JSON.parse(body) as { time: string; data: { reason: { code: string } } },
    );
    const inOrder = told.toSorted((a, b) => a.time.localeCompare(b.time));
    expect(inOrder.map((event) => event.data.reason.code)).toEqual([
      "limit_concurrency",
      "limit_hour",
      "limit_concurrency",
    ]);
    await expectNothingOwed(world);
  });
});
