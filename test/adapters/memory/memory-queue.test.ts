// Longer than most: each of the five promises of a queue, and every bound of it, on one clock.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import {
  MemoryQueue,
  type QueueSettings,
  type ReceivedMessage,
} from "../../../shared/adapters/memory/memory-queue.ts";
import { limits } from "../../../shared/core/limits.ts";
import { DAY_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { instant, plusMs } from "../../../shared/core/time/instant.ts";

const START = instant(Date.UTC(2027, 0, 15));

function aQueue(given: Partial<QueueSettings> = {}): QueueSettings {
  return {
    visibilityTimeoutMs: 30 * SECOND_MS,
    maxReceiveCount: 3,
    retentionMs: 4 * DAY_MS,
    ...given,
  };
}

let clock: ManualClock;
let queue: MemoryQueue;
beforeEach(() => {
  clock = new ManualClock(START);
  queue = makeQueue({ submit: aQueue({ deadLetter: "dead" }), dead: aQueue(), watch: aQueue() });
});

function makeQueue(queues: Readonly<Record<string, QueueSettings>>): MemoryQueue {
  let ids = 0;
  const random = { fraction: () => 0, id: () => `id${++ids}` };
  return new MemoryQueue({ clock, random, queues });
}

async function send(...bodies: string[]): Promise<void> {
  await queue.send(
    "submit",
    bodies.map((body) => ({ body, delayMs: 0 })),
  );
}

function receive(max = 10): readonly ReceivedMessage[] {
  return queue.receive("submit", { max });
}

const bodiesOf = (messages: readonly ReceivedMessage[]): string[] =>
  messages.map(({ body }) => body);

describe("a message in a memory queue", () => {
  it("arrives with its id, digest, sending time and count", async () => {
    await send("Ж");
    await clock.advance(5);
    expect(receive()).toEqual([
      {
        id: "id1",
        receipt: expect.any(String) as string,
        body: "Ж",
        md5: createHash("md5").update("Ж", "utf8").digest("hex"),
        sentAt: START,
        receiveCount: 1,
        attributes: { SentTimestamp: String(START) },
      },
    ]);
  });

  it("is received in the order sent, at most as many as asked for", async () => {
    await send("a", "b", "c");
    expect(bodiesOf(receive(2))).toEqual(["a", "b"]);
    expect(bodiesOf(receive(2))).toEqual(["c"]);
    expect(receive()).toEqual([]);
  });

  it("is only in the queue it was sent to", async () => {
    await send("a");
    expect(queue.receive("watch", { max: 1 })).toEqual([]);
    expect(receive()).toHaveLength(1);
  });

  it("waits for its delay to the millisecond", async () => {
    await queue.send("submit", [{ body: "later", delayMs: limits.queueDelayMs }]);
    await clock.advance(limits.queueDelayMs - 1);
    expect(receive()).toEqual([]);
    await clock.advance(1);
    expect(bodiesOf(receive())).toEqual(["later"]);
  });

  it("may be as large as a message can be, and no larger", async () => {
    const fits = "Ж".repeat(limits.queueMessageBytes / 2);
    await send(fits);
    const sending = send("small", `${fits}!`);
    await expect(sending).rejects.toMatchObject({
      code: "MESSAGE_TOO_LARGE",
      message: expect.stringMatching(/submit has 204801 bytes.*204800/) as string,
    });
    expect(receive()).toHaveLength(1);
  });

  it.each([-1, 0.5, limits.queueDelayMs + 1, Number.NaN])(
    "cannot be delayed by %d ms",
    async (delayMs) => {
      await expect(queue.send("submit", [{ body: "a", delayMs }])).rejects.toThrow(/0 to 900000/);
    },
  );

  it("is dropped when it outlives its retention", async () => {
    await send("old");
    await clock.advance(4 * DAY_MS - 1);
    await send("young");
    await clock.advance(1);
    expect(bodiesOf(receive())).toEqual(["young"]);
    expect(queue.depthOf("submit")).toEqual({ visible: 0, inFlight: 1, delayed: 0 });
  });
});

describe("a received message", () => {
  it("returns after the visibility timeout with its count grown", async () => {
    await send("a");
    const [first] = receive();
    await clock.advance(30 * SECOND_MS - 1);
    expect(receive()).toEqual([]);
    await clock.advance(1);
    const [second] = receive();
    expect([first?.receiveCount, second?.receiveCount]).toEqual([1, 2]);
    expect(second?.id).toBe(first?.id);
  });

  it("is gone once acknowledged, and acknowledging again changes nothing", async () => {
    await send("a", "b");
    const receipts = receive().map(({ receipt }) => receipt);
    queue.acknowledge("submit", receipts);
    queue.acknowledge("submit", receipts);
    await clock.advance(MINUTE_MS);
    expect(receive()).toEqual([]);
    expect(queue.nextVisibleAt("submit")).toBeUndefined();
  });

  it("may still be acknowledged after its timeout, until it is received again", async () => {
    await send("a", "b");
    const [a, b] = receive();
    await clock.advance(30 * SECOND_MS);
    queue.acknowledge("submit", [a?.receipt ?? ""]);
    const [again] = receive();
    queue.acknowledge("submit", [b?.receipt ?? ""]);
    await clock.advance(30 * SECOND_MS);
    expect([again?.body, ...bodiesOf(receive())]).toEqual(["b", "b"]);
  });

  it("dies after its last receive: it moves, with id and count, when it would come once more", async () => {
    await send("poison");
    const ids = new Set<string>();
    for (let count = 1; count <= 3; count++) {
      expect(receive().map(({ id, receiveCount }) => [ids.add(id).size, receiveCount])).toEqual([
        [1, count],
      ]);
      await clock.advance(30 * SECOND_MS);
    }
    expect(receive()).toEqual([]);
    expect(queue.nextVisibleAt("submit")).toBeUndefined();
    const [dead] = queue.receive("dead", { max: 10 });
    expect(dead).toMatchObject({ id: [...ids][0], body: "poison", sentAt: START, receiveCount: 4 });
  });

  it("makes room for the living when it dies", async () => {
    await send("poison");
    for (let count = 1; count <= 3; count++) {
      receive();
      await clock.advance(30 * SECOND_MS);
    }
    await send("fine");
    expect(bodiesOf(receive(1))).toEqual(["fine"]);
  });

  it("returns for ever where no queue takes the dead", async () => {
    await queue.send("watch", [{ body: "a", delayMs: 0 }]);
    for (let count = 1; count <= 10; count++) {
      expect(queue.receive("watch", { max: 1 })[0]?.receiveCount).toBe(count);
      await clock.advance(30 * SECOND_MS);
    }
  });
});

describe("a pump on a memory queue", () => {
  it("is told of arrivals, delayed and dead ones too, until it stops listening", async () => {
    const heard: string[] = [];
    const stop = queue.onArrival((name) => heard.push(name));
    await send("a", "b");
    await queue.send("watch", [{ body: "c", delayMs: 1 }]);
    await queue.send("watch", []);
    expect(heard).toEqual(["submit", "watch"]);
    for (let count = 0; count <= 3; count++) {
      receive();
      await clock.advance(30 * SECOND_MS);
    }
    expect(heard.slice(2)).toEqual(["dead"]);

    stop();
    await send("d");
    expect(heard).toHaveLength(3);
  });

  it("may receive inside the call that tells it", async () => {
    const seen: string[] = [];
    queue.onArrival(() => seen.push(...bodiesOf(receive())));
    await send("a", "b");
    expect(seen).toEqual(["a", "b"]);
  });

  it("knows when to look next", async () => {
    expect(queue.nextVisibleAt("submit")).toBeUndefined();
    await queue.send("submit", [{ body: "a", delayMs: 5_000 }]);
    expect(queue.nextVisibleAt("submit")).toBe(plusMs(START, 5_000));
    await queue.send("submit", [{ body: "b", delayMs: 1_000 }]);
    expect(queue.nextVisibleAt("submit")).toBe(plusMs(START, 1_000));

    await clock.advance(1_000);
    const [b] = receive();
    expect(queue.nextVisibleAt("submit")).toBe(plusMs(START, 5_000));
    await clock.advance(4_000);
    receive();
    expect(queue.nextVisibleAt("submit")).toBe(plusMs(START, 31_000));
    queue.acknowledge("submit", [b?.receipt ?? ""]);
    expect(queue.nextVisibleAt("submit")).toBe(plusMs(START, 35_000));
  });
});

describe("the settings of memory queues", () => {
  it.each([
    [{ submit: aQueue({ deadLetter: "nowhere" }) }, /submit buries in another queue/],
    [{ submit: aQueue({ deadLetter: "submit" }) }, /submit buries in another queue/],
    [{ submit: aQueue({ maxReceiveCount: 0 }) }, /submit delivers/],
    [{ submit: aQueue({ visibilityTimeoutMs: 0 }) }, /submit has a visibility timeout/],
  ])("are refused where they make no sense: %j", (queues, message) => {
    expect(() => makeQueue(queues)).toThrow(message);
  });

  it("name every queue that is used", () => {
    expect(() => queue.receive("other", { max: 1 })).toThrow(/other is a queue/);
  });
});

describe("any number of messages", () => {
  type Step = { readonly verb: "send" | "receive" | "acknowledge" | "wait"; readonly n: number };
  const step: fc.Arbitrary<Step> = fc.record({
    verb: fc.constantFrom("send", "receive", "acknowledge", "wait"),
    n: fc.integer({ min: 0, max: 20 }),
  });

  it("are each acknowledged, visible, in flight, delayed or dead: nothing is lost or doubled", async () => {
    const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      clock = new ManualClock(START, () => Promise.resolve());
      queue = makeQueue({ submit: aQueue({ deadLetter: "dead" }), dead: aQueue() });
      const sent: string[] = [];
      const open: ReceivedMessage[] = [];
      const acknowledged = new Set<string>();
      const counts = new Map<string, number>();
      for (const { verb, n } of steps) {
        if (verb === "wait") await clock.advance(n * 4 * SECOND_MS);
        if (verb === "send") {
          const bodies = Array.from({ length: n }, (_body, index) => `${sent.length + index}`);
          sent.push(...bodies);
          await queue.send(
            "submit",
            bodies.map((body, index) => ({ body, delayMs: (index % 3) * n * SECOND_MS })),
          );
        }
        if (verb === "receive") {
          for (const message of receive(n)) {
            expect(acknowledged.has(message.body)).toBe(false);
            expect(message.receiveCount).toBe((counts.get(message.id) ?? 0) + 1);
            counts.set(message.id, message.receiveCount);
            open.push(message);
          }
        }
        if (verb === "acknowledge") {
          for (const { id, body, receipt, receiveCount } of open.splice(0, n)) {
            const before = held();
            queue.acknowledge("submit", [receipt]);
            const isGone = held() < before;
            if (isGone) acknowledged.add(body);
            // Of a message that came again, only the latest receipt counts.
            if (isGone) expect(receiveCount).toBe(counts.get(id));
          }
        }
        expect(held() + acknowledged.size).toBe(sent.length);
      }
      await clock.advance(60 * MINUTE_MS);
      const left: string[] = [];
      for (const name of ["submit", "dead", "submit"]) left.push(...drain(name));
      expect([...left, ...acknowledged].toSorted()).toEqual(sent.toSorted());
    });
    await fc.assert(property, { numRuns: 200 });
  });

  const depth = (name: string): number => {
    const { visible, inFlight, delayed } = queue.depthOf(name);
    return visible + inFlight + delayed;
  };
  const held = (): number => depth("submit") + depth("dead");
  const drain = (name: string): string[] => {
    const messages = queue.receive(name, { max: 10_000 });
    queue.acknowledge(
      name,
      messages.map(({ receipt }) => receipt),
    );
    return bodiesOf(messages);
  };

  it("are handled quickly, a hundred thousand as well", async () => {
    const many = Array.from({ length: 100_000 }, (_message, n) => ({
      body: String(n),
      delayMs: (n * 7_919) % 1_000,
    }));
    await queue.send("submit", many);
    await clock.advance(1_000);
    let received = 0;
    for (let batch = receive(100); batch.length > 0; batch = receive(100)) {
      received += batch.length;
      queue.acknowledge("submit", batch.map(({ receipt }) => receipt).toReversed());
    }
    expect(received).toBe(100_000);
    expect(queue.nextVisibleAt("submit")).toBeUndefined();
  });
});
