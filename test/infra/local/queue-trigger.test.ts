import { afterEach, describe, expect, it } from "vitest";
import { decodeQueueEvent } from "../../../functions/trigger-event.ts";
import { QueueTrigger, type QueueTriggerOptions } from "../../../infra/local/queue-trigger.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { MemoryQueue } from "../../../shared/adapters/memory/memory-queue.ts";
import { limits } from "../../../shared/core/limits.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { keptLog, type KeptLog } from "../../support/kept-log.ts";
import { at } from "../../support/timing-builder.ts";

const VISIBILITY_MS = 90_000;

/** A submit queue, and a function behind it whose calls end when the test says so. */
interface World {
  readonly clock: ManualClock;
  readonly queue: MemoryQueue;
  readonly log: KeptLog;
  /** The bodies of each call, in order. */
  readonly calls: readonly (readonly string[])[];
  /** The ids of messages that are done. */
  readonly done: readonly string[];
  trigger(part?: Partial<QueueTriggerOptions>): QueueTrigger;
  send(...bodies: readonly string[]): Promise<void>;
}

let triggers: QueueTrigger[] = [];
afterEach(() => {
  for (const trigger of triggers) trigger.stop();
  triggers = [];
});

function aWorld(call: (bodies: readonly string[]) => Promise<unknown> = succeed): World {
  const clock = new ManualClock(at("2027-01-01T00:00:00Z"));
  const retentionMs = limits.queueRetentionMs;
  const settings = { visibilityTimeoutMs: VISIBILITY_MS, maxReceiveCount: 3, retentionMs };
  const queue = new MemoryQueue({
    clock,
    random: seededRandom(1),
    queues: { submit: { ...settings, deadLetter: "submit-dead" }, "submit-dead": settings },
  });
  const log = keptLog();
  const calls: (readonly string[])[] = [];
  const done: string[] = [];
  const handle = async (event: object): Promise<unknown> => {
    const bodies = decodeQueueEvent(event).map((message) => message.body);
    calls.push(bodies);
    return await call(bodies);
  };
  const onDone = (ids: readonly string[]): Promise<void> => {
    done.push(...ids);
    return Promise.resolve();
  };
  const options = { queue: "submit", batch: 2, messages: queue, clock, log, call: handle, onDone };
  return {
    clock,
    queue,
    log,
    calls,
    done,
    trigger: (part = {}) => {
      const trigger = new QueueTrigger({ ...options, ...part });
      triggers.push(trigger);
      return trigger;
    },
    send: async (...bodies) =>
      await queue.send(
        "submit",
        bodies.map((body) => ({ body, delayMs: 0 })),
      ),
  };
}

const succeed = (): Promise<void> => Promise.resolve();
const never = async (): Promise<void> => await new Promise<never>(() => undefined);

describe("messages in a queue", () => {
  it("go to the function in batches, as an event it decodes", async () => {
    const world = aWorld();
    world.trigger();

    await world.send("a", "b", "c");
    await world.clock.advance(0);

    expect(world.calls).toEqual([["a", "b"], ["c"]]);
    expect(world.queue.depthOf("submit")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("go at once where they were there before the trigger", async () => {
    const world = aWorld();
    await world.send("a");

    world.trigger();

    expect(world.calls).toEqual([["a"]]);
  });

  it("go the moment their delay is over, and not before", async () => {
    const world = aWorld();
    world.trigger();
    await world.queue.send("submit", [
      { body: "later", delayMs: 7_000 },
      { body: "soon", delayMs: 1_500 },
    ]);

    await world.clock.advance(1_499);
    expect(world.calls).toEqual([]);
    await world.clock.advance(1);
    expect(world.calls).toEqual([["soon"]]);
    await world.clock.advance(5_500);

    expect(world.calls).toEqual([["soon"], ["later"]]);
  });

  it("are told to be done, before they are acknowledged", async () => {
    const world = aWorld();
    let depth: unknown;
    const onDone = (): Promise<void> => {
      depth = world.queue.depthOf("submit");
      return Promise.resolve();
    };
    world.trigger({ onDone });

    await world.send("a");
    await world.clock.advance(0);

    expect(depth).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });
});

describe("a function that is busy", () => {
  it("has a bounded number of calls under way, and the rest waits its turn", async () => {
    const ends: (() => void)[] = [];
    const world = aWorld(async () => await new Promise<void>((resolve) => ends.push(resolve)));
    world.trigger({ batch: 1 });
    const bodies = Array.from({ length: limits.triggerCallsMax + 5 }, (_, n) => `m${n}`);

    await world.send(...bodies);
    await world.clock.advance(0);
    expect(world.calls).toHaveLength(limits.triggerCallsMax);
    ends[3]?.();
    await world.clock.advance(0);
    expect(world.calls).toHaveLength(limits.triggerCallsMax + 1);
    for (let end = 0; end < bodies.length; end += 1) {
      ends[end]?.();
      await world.clock.advance(0);
    }

    expect(world.calls.flat()).toEqual(bodies);
    expect(world.done).toHaveLength(bodies.length);
  });

  it("keeps no alarm running while it can take nothing", async () => {
    const world = aWorld(never);
    world.trigger({ batch: 1 });

    await world.send(...Array.from({ length: limits.triggerCallsMax + 1 }, (_, n) => `m${n}`));

    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });
});

describe("a batch that fails", () => {
  it("comes again whole after the visibility timeout, and not before", async () => {
    let failures = 1;
    const world = aWorld(() =>
      failures-- > 0 ? Promise.reject(new Error("out of luck")) : Promise.resolve(),
    );
    world.trigger();

    await world.send("a", "b");
    await world.clock.advance(VISIBILITY_MS - 1);
    expect(world.calls).toEqual([["a", "b"]]);
    await world.clock.advance(1);

    expect(world.calls).toEqual([
      ["a", "b"],
      ["a", "b"],
    ]);
    expect(world.done).toHaveLength(2);
    expect(world.log.entries.map((entry) => entry.message)).toEqual([
      "A batch of 2 from submit failed and comes again: out of luck",
    ]);
  });

  it("moves to the dead-letter queue after its last receive, and blocks nothing", async () => {
    const world = aWorld((bodies) =>
      bodies.includes("poison") ? Promise.reject(new Error("poison")) : Promise.resolve(),
    );
    world.trigger({ batch: 1 });

    await world.send("poison", "fine");
    await world.clock.advance(10 * VISIBILITY_MS);

    expect(world.calls).toEqual([["poison"], ["fine"], ["poison"], ["poison"]]);
    expect(world.queue.receive("submit-dead", { max: 10 })).toMatchObject([{ body: "poison" }]);
    expect(world.queue.depthOf("submit")).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
  });

  it("comes again where only the telling that it is done failed", async () => {
    const world = aWorld();
    let failures = 1;
    const onDone = (): Promise<void> =>
      failures-- > 0 ? Promise.reject(new Error("disk full")) : Promise.resolve();
    world.trigger({ onDone });

    await world.send("a");
    await world.clock.advance(VISIBILITY_MS);

    expect(world.calls).toEqual([["a"], ["a"]]);
  });
});

describe("a stopped trigger", () => {
  it("receives nothing any more, whether new, delayed or to come again", async () => {
    const world = aWorld(() => Promise.reject(new Error("failed")));
    const trigger = world.trigger();
    await world.send("a");
    await world.queue.send("submit", [{ body: "delayed", delayMs: 5_000 }]);
    await world.clock.advance(0);

    trigger.stop();
    await world.send("new");
    await world.clock.advance(10 * VISIBILITY_MS);

    expect(world.calls).toEqual([["a"]]);
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });

  it("lets a call under way finish and be acknowledged, and takes none after it", async () => {
    let end = (): void => undefined;
    const world = aWorld(async () => await new Promise<void>((resolve) => (end = resolve)));
    const trigger = world.trigger();
    await world.send("a");

    trigger.stop();
    await world.send("b");
    end();
    await world.clock.advance(0);

    expect(world.calls).toEqual([["a"]]);
    expect(world.done).toHaveLength(1);
    expect(world.queue.depthOf("submit")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });
});
