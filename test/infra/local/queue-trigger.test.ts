// Longer than most: a trigger on both kinds of queues, and each way in which a batch ends.
import { afterEach, describe, expect, it } from "vitest";
import { decodeQueueEvent } from "../../../functions/trigger-event.ts";
import { LocalQueue } from "../../../infra/local/local-queue.ts";
import type { MessageJournal } from "../../../infra/local/message-journal.ts";
import type { ConsumedQueues } from "../../../infra/local/platform-queues.ts";
import { QueueOutages } from "../../../infra/local/queue-outages.ts";
import { QueueTrigger, type QueueTriggerOptions } from "../../../infra/local/queue-trigger.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { MemoryQueue } from "../../../shared/adapters/memory/memory-queue.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import type { Instant } from "../../../shared/core/time/instant.ts";
import type { QueueName } from "../../../shared/ports/queue.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { keptLog, type KeptLog } from "../../support/kept-log.ts";
import { at } from "../../support/timing-builder.ts";

const VISIBILITY_MS = 90_000;

/** A submit queue, and a function behind it whose calls end when the test says so. */
interface World {
  readonly clock: ManualClock;
  readonly queue: MemoryQueue;
  /** Its consuming side, as a trigger sees it. */
  readonly messages: ConsumedQueues;
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
  const random = seededRandom(2);
  // The queue it consumes has no journal: only the one of another name would be in it.
  const local = new LocalQueue(queue, noJournal, { clock, random });
  const messages: ConsumedQueues = {
    receive: async (name, wanted) => await local.receive(name, wanted),
    remove: async (name, removed) => {
      await local.remove(name, removed);
      done.push(...removed.map(({ id }) => id));
    },
  };
  const outages = new QueueOutages(log);
  const world = { clock, random, log, outages };
  const options = { queue: "submit", batch: 2, messages, call: handle, ...world };
  return {
    clock,
    queue,
    messages,
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

/** For queues that are in memory alone. */
const noJournal = {
  remove: async (): Promise<void> => await Promise.reject(new Error("Nothing is in this journal")),
} as unknown as MessageJournal;

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
    await world.clock.advance(0);

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

  it("comes again where only its removal failed, and that is told", async () => {
    const world = aWorld();
    let failures = 1;
    const remove: ConsumedQueues["remove"] = async (name, removed) => {
      if (failures-- > 0) throw new Error("disk full");
      await world.messages.remove(name, removed);
    };
    world.trigger({ messages: { ...world.messages, remove } });

    await world.send("a");
    await world.clock.advance(VISIBILITY_MS);

    expect(world.calls).toEqual([["a"], ["a"]]);
    expect(world.log.entries.map((entry) => entry.message)).toEqual([
      "A batch of 1 from submit is done but could not be removed and comes again: disk full",
    ]);
  });
});

describe("a queue that cannot be asked", () => {
  /** Receives that fail as long as there are failures, and what the trigger then waits. */
  function failing(
    world: World,
    failures: Error[],
  ): { messages: ConsumedQueues; asked: Instant[] } {
    const asked: Instant[] = [];
    const receive: ConsumedQueues["receive"] = async (name, wanted) => {
      asked.push(world.clock.now());
      const failure = failures.shift();
      if (failure !== undefined) throw failure;
      return await world.messages.receive(name, wanted);
    };
    return { messages: { ...world.messages, receive }, asked };
  }
  const unreached = (): Error => new OrreryError("QUEUE_UNAVAILABLE", "No answer; check it");

  it("is asked again, later each time, and goes on as soon as it answers", async () => {
    const world = aWorld();
    const failures = Array.from({ length: 10 }, unreached);
    const { messages, asked } = failing(world, failures);
    await world.send("a");
    world.trigger({ messages });

    await world.clock.advance(10 * limits.pollRetryMaxMs);

    const waits = asked.slice(1, 11).map((each, n) => each - (asked[n] ?? 0));
    expect(waits).toHaveLength(10);
    for (const [n, waitMs] of waits.entries()) {
      const most = Math.min(limits.pollRetryFirstMs * 2 ** n, limits.pollRetryMaxMs);
      expect(waitMs).toBeGreaterThanOrEqual(most / 2);
      expect(waitMs).toBeLessThanOrEqual(most);
    }
    expect(world.calls).toEqual([["a"]]);
  });

  it("is told once, and once that it answers again, however many queues there are", async () => {
    const world = aWorld();
    const one = failing(world, Array.from({ length: 4 }, unreached));
    const other = failing(world, Array.from({ length: 2 }, unreached));
    world.trigger(one);
    world.trigger({ ...other, queue: "submit-dead" });

    await world.clock.advance(4 * limits.pollRetryMaxMs);
    await world.send("a");
    await world.queue.send("submit-dead" as QueueName, [{ body: "b", delayMs: 0 }]);
    await world.clock.advance(0);

    expect(world.log.entries.map(({ level, message }) => [level, message])).toEqual([
      ["warn", "The queues cannot be received from, and are asked again: No answer; check it"],
      ["info", "The queues answer again"],
    ]);
  });

  it("is told again where the reason is another one", async () => {
    const world = aWorld();
    const gone = new OrreryError("QUEUE_NOT_FOUND", "No such queue; make it");
    world.trigger(failing(world, [unreached(), unreached(), gone, gone]));

    await world.clock.advance(10 * limits.pollRetryFirstMs);

    expect(world.log.entries.map(({ fields }) => fields["reason"])).toEqual([
      "QUEUE_UNAVAILABLE",
      "QUEUE_NOT_FOUND",
    ]);
  });

  it("is not asked any more, nor told, once the trigger has stopped", async () => {
    const world = aWorld();
    const { messages, asked } = failing(world, Array.from({ length: 10 }, unreached));
    const trigger = world.trigger({ messages });
    await world.clock.advance(0);

    trigger.stop();
    await world.clock.advance(10 * limits.pollRetryMaxMs);

    expect(asked).toHaveLength(1);
    expect(world.clock.nextAlarmAt()).toBeUndefined();
  });
});

describe("a batch of another size", () => {
  it.each([
    [1, 12, [10, 10]],
    [4, 9, [8, 8]],
    [10, 25, [10, 10, 10]],
    [25, 30, [25, 25]],
  ])(
    "of %i asks for whole batches, as a queue service hands them out",
    async (batch, count, asked) => {
      const world = aWorld();
      const wanted: number[] = [];
      const receive: ConsumedQueues["receive"] = async (name, { max, signal }) => {
        wanted.push(max);
        return await world.messages.receive(name, { max, signal });
      };
      await world.send(...Array.from({ length: count }, (_, n) => `m${n}`));

      world.trigger({ batch, messages: { ...world.messages, receive } });
      await world.clock.advance(0);

      expect(wanted.slice(0, asked.length)).toEqual(asked);
      expect(world.calls.flat()).toHaveLength(count);
      expect(Math.max(...world.calls.map((each) => each.length))).toBe(batch);
    },
  );
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
    await world.clock.advance(0);

    trigger.stop();
    await world.send("b");
    let isSettled = false;
    const settled = trigger.settled().then(() => (isSettled = true));
    await world.clock.advance(0);
    expect(isSettled).toBe(false);
    end();
    await settled;

    expect(world.calls).toEqual([["a"]]);
    expect(world.done).toHaveLength(1);
    expect(world.queue.depthOf("submit")).toEqual({ visible: 1, inFlight: 0, delayed: 0 });
  });
});
