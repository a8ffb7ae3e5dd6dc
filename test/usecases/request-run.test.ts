import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../shared/core/time/duration.ts";
import { scanRejections } from "../../shared/records/rejection-record.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { World } from "../support/world.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null, overlap: "allow" })] }));
});
afterEach(async () => await world.close());

const rejections = async () =>
  await world.store.snapshot(async (reader) => await scanRejections(reader, "intake", 10));

async function send(...bodies: readonly (object | string)[]): Promise<void> {
  for (const body of bodies) {
    await world.message("intake", typeof body === "string" ? body : JSON.stringify(body));
  }
  await world.live(MINUTE_MS);
}

describe("a message that asks for a run", () => {
  it("makes one, with the message as its cause", async () => {
    await send({ schedule: "nightly", id: "order-7", inputs: { REGION: "eu" } });

    expect(await world.onlyRun("nightly")).toMatchObject({
      state: "succeeded",
      cause: { kind: "message", id: "order-7" },
      inputs: { REGION: "eu" },
    });
  });

  it("makes no second one when it is sent again under its id", async () => {
    await send({ schedule: "nightly", id: "order-7", inputs: { A: "1", B: "2" } });

    // The order of inputs means nothing.
    await send({ schedule: "nightly", id: "order-7", inputs: { B: "2", A: "1" } });

    expect(await world.states("nightly")).toEqual(["succeeded"]);
    expect(await rejections()).toEqual([]);
  });

  it("is set aside where its id asked for something else before", async () => {
    await send({ schedule: "nightly", id: "order-7" });
    await send({ schedule: "nightly", id: "order-7", inputs: { A: "1" } });

    expect(await world.states("nightly")).toEqual(["succeeded"]);
    expect(await rejections()).toMatchObject([
      { reason: expect.stringContaining("with other contents") as string },
    ]);
  });

  it("makes one for each message where it names no id", async () => {
    await send({ schedule: "nightly" }, { schedule: "nightly" });

    expect(await world.states("nightly")).toEqual(["succeeded", "succeeded"]);
  });

  it("makes one when its batch comes again", async () => {
    world.crashPoints.arm(({ name }) => (name === "send submit" ? "after" : undefined));
    await world.message("intake", JSON.stringify({ schedule: "nightly", id: "order-7" }));
    await world.deliverAll();
    world.crashPoints.arm(() => undefined);
    world.crashPoints.revive();
    await world.live(5 * MINUTE_MS);

    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });

  it.each([
    ["a schedule that is not configured", { schedule: "nowhere" }, "is not configured"],
    ["no schedule", { id: "x" }, "schedule:"],
    ["a name that is none", { schedule: "Not A Name" }, "expected a schedule's name"],
    ["an unknown member", { schedule: "nightly", when: "now" }, "when"],
    ["an input that is no text", { schedule: "nightly", inputs: { A: 1 } }, "inputs.A"],
    ["no JSON", "{", "the body is not JSON"],
  ])("is set aside with the reason where it has %s", async (_what, body, reason) => {
    await send(body);

    const [rejected, ...others] = await rejections();
    expect(others).toEqual([]);
    expect(rejected?.reason).toContain(reason);
    expect(rejected?.excerpt).toBe(typeof body === "string" ? body : JSON.stringify(body));
    expect(world.failures).toEqual([]);
  });

  it("is set aside once, however often it comes again with its batch", async () => {
    await world.message("intake", "{");
    await world.message("intake", JSON.stringify({ schedule: "nightly" }));
    let calls = 0;
    world.crashPoints.arm(({ name }) => {
      // The second message fails at first, and the whole batch comes again.
      if (name === "transact request-run" && ++calls === 1) throw new Error("The store is away");
      return undefined;
    });

    await world.live(5 * MINUTE_MS);

    expect(world.failures).toHaveLength(1);
    expect(await rejections()).toHaveLength(1);
    expect(await world.states("nightly")).toEqual(["succeeded"]);
  });

  it("is shown by its first characters where it is long, cut at a whole one", async () => {
    await send(`{${"😀".repeat(limits.rejectionExcerptChars)}`);

    const [rejected] = await rejections();
    expect(rejected?.excerpt.length).toBeLessThanOrEqual(limits.rejectionExcerptChars);
    expect(rejected?.excerpt.isWellFormed()).toBe(true);
  });
});

describe("a person who asks for a run", () => {
  it("has one, and the same one when asking again under the same id", async () => {
    const first = await world.ask("nightly", "p1");
    const second = await world.ask("nightly", "p1");

    expect(first).toMatchObject({ outcome: "made" });
    expect(second).toEqual({ ...first, outcome: "repeated" });
  });

  it("is told where the schedule is not configured", async () => {
    expect(await world.ask("nowhere", "p1")).toMatchObject({
      outcome: "rejected",
      reason: expect.stringContaining("nowhere") as string,
    });
  });
});
