import { describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { type Instant, plusMs } from "../../shared/core/time/instant.ts";
import type { Queue, QueueName } from "../../shared/ports/queue.ts";
import { type Closing, Opened } from "../support/opened.ts";

/** A message as the consuming side of a queue sees it. */
export interface Delivered {
  readonly id: string;
  readonly body: string;
  readonly receipt: string;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Queues to send to, and the consuming side that the service has of them. */
export interface QueueHarness {
  readonly queue: Queue;
  now(): Instant;
  /**
   * Waits until messages are visible, and takes at most `max` of them. They come again after
   * `REDELIVERY_MS`, and after two receives they are dead.
   */
  next(queue: string, max: number): Promise<readonly Delivered[]>;
  /** Takes what is visible now. */
  visible(queue: string): Promise<readonly Delivered[]>;
  remove(queue: string, messages: readonly Delivered[]): Promise<void>;
}

/** The visibility timeout of every queue of a harness: a busy machine removes what it received by then. */
export const REDELIVERY_MS = 2 * SECOND_MS;
export const RECEIVES_MAX = 2;

/** What any queue does with what it is sent, in memory or at a service. */
export function describeQueue(name: string, open: (test: Closing) => Promise<QueueHarness>): void {
  describe(`a message to ${name}`, () => {
    it.each([
      ["plain", "a"],
      ["with every white space that JSON has", '{\n\t"run": "a b"\r\n}'],
      ["in many scripts", "Ж 日本 \u00e9 \ufffd"],
      ["as large as can be", "Ж".repeat(limits.queueMessageBytes / 2)],
    ])("arrives as it was sent: %s", async (_what, body) => {
      await using opened = new Opened();
      const harness = await open(opened);

      await harness.queue.send("intake", [{ body, delayMs: 0 }]);
      const [message] = await harness.next("intake", 10);

      expect(message?.body).toBe(body);
    });

    it("says when it was sent", async (test) => {
      const harness = await open(test);
      const before = harness.now();

      await harness.queue.send("submit", [{ body: "a", delayMs: 0 }]);
      const after = harness.now();
      const [message] = await harness.next("submit", 1);

      const sentAt = Number(message?.attributes["SentTimestamp"]);
      expect(sentAt).toBeGreaterThanOrEqual(before);
      expect(sentAt).toBeLessThanOrEqual(after);
    });

    it("is in no other queue", async (test) => {
      const harness = await open(test);

      await harness.queue.send("submit", [{ body: "a", delayMs: 0 }]);

      expect(await harness.next("submit", 10)).toHaveLength(1);
      expect(await harness.visible("watch")).toEqual([]);
    });

    it.each([0, 1, 10, 11, 25])("is one of %i, and each arrives once", async (count) => {
      await using opened = new Opened();
      const harness = await open(opened);
      const bodies = Array.from({ length: count }, (_, n) => `m${n}`);

      await harness.queue.send(
        "watch",
        bodies.map((body) => ({ body, delayMs: 0 })),
      );
      const arrived: string[] = [];
      while (arrived.length < count) {
        const messages = await harness.next("watch", 10);
        await harness.remove("watch", messages);
        arrived.push(...messages.map(({ body }) => body));
      }

      expect(arrived.toSorted()).toEqual(bodies.toSorted());
      expect(await harness.visible("watch")).toEqual([]);
    });

    it.each([1, 500, 1_001])("is not visible before its delay of %i ms", async (delayMs) => {
      await using opened = new Opened();
      const harness = await open(opened);
      const sentAt = harness.now();

      await harness.queue.send("notify", [{ body: "later", delayMs }]);
      const messages = await harness.next("notify", 1);

      expect(messages).toMatchObject([{ body: "later" }]);
      expect(harness.now()).toBeGreaterThanOrEqual(plusMs(sentAt, delayMs));
    });

    it.each([
      ["is empty", "", "MESSAGE_INVALID"],
      ["is too large", "Ж".repeat(limits.queueMessageBytes / 2) + "!", "MESSAGE_TOO_LARGE"],
    ])("that %s is refused, and nothing beside it is sent", async (_what, body, code) => {
      await using opened = new Opened();
      const harness = await open(opened);
      const messages = ["fine", body].map((each) => ({ body: each, delayMs: 0 }));

      const sending = harness.queue.send("submit", messages);

      await expect(sending).rejects.toMatchObject({
        code,
        message: expect.stringContaining("submit") as string,
      });
      expect(await harness.visible("submit")).toEqual([]);
    });

    it.each([-1, 0.5, limits.queueDelayMs + 1, Number.NaN])(
      "cannot be delayed by %d ms",
      async (delayMs) => {
        await using opened = new Opened();
        const harness = await open(opened);

        const sending = harness.queue.send("submit", [{ body: "a", delayMs }]);

        await expect(sending).rejects.toThrow(/0 to 900000/);
      },
    );
  });

  describe(`a message received from ${name}`, () => {
    it("comes again, as the same one, unless it is removed", async (test) => {
      const harness = await open(test);
      await send(harness, "submit", "kept", "removed");

      const first = await harness.next("submit", 10);
      await harness.remove(
        "submit",
        first.filter(({ body }) => body === "removed"),
      );
      const second = await harness.next("submit", 10);

      expect(second.map(({ body }) => body)).toEqual(["kept"]);
      expect(second[0]?.id).toBe(first.find(({ body }) => body === "kept")?.id);
    });

    it("is dead after its last receive, and the others go on", async (test) => {
      const harness = await open(test);
      await send(harness, "submit", "poison");
      let id: string | undefined;
      for (let count = 1; count <= RECEIVES_MAX; count += 1) {
        id = (await harness.next("submit", 1))[0]?.id;
      }
      await send(harness, "submit", "fine");

      const living = await harness.next("submit", 10);
      await harness.remove("submit", living);
      // A service buries when it would hand the message out once more.
      const burying = harness.next("submit", 10).catch(() => []);
      const dead = await harness.next("submit-dead", 10);

      expect(living).toMatchObject([{ body: "fine" }]);
      expect(dead).toMatchObject([{ id, body: "poison" }]);
      expect(await burying).toEqual([]);
    });
  });
}

async function send(
  { queue }: QueueHarness,
  name: QueueName,
  ...bodies: readonly string[]
): Promise<void> {
  await queue.send(
    name,
    bodies.map((body) => ({ body, delayMs: 0 })),
  );
}
