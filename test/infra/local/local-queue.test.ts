import { describe, expect, it, beforeEach, afterEach } from "vitest";
import { LocalQueue } from "../../../infra/local/local-queue.ts";
import { MessageJournal, messagesTable } from "../../../infra/local/message-journal.ts";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { MemoryQueue, type ReceivedMessage } from "../../../shared/adapters/memory/memory-queue.ts";
import { systemRandom } from "../../../shared/adapters/system/system-random.ts";
import { limits } from "../../../shared/core/limits.ts";
import { makeSqliteHarness, type SqliteHarness } from "../../adapters/sqlite/sqlite-harness.ts";
import { at } from "../../support/timing-builder.ts";

const clock = new ManualClock(at("2027-01-01T00:00:00Z"));

let harness: SqliteHarness;
beforeEach(() => {
  harness = makeSqliteHarness([messagesTable]);
});
afterEach(async () => {
  await harness.dispose();
});

/** The queues of one life of a platform: each starts with an empty memory on the same file. */
async function aLife(): Promise<{
  readonly memory: MemoryQueue;
  readonly queue: LocalQueue;
  readonly journal: MessageJournal;
  receiveAll(queue: string): readonly ReceivedMessage[];
}> {
  const retentionMs = limits.queueRetentionMs;
  const settings = { visibilityTimeoutMs: 90_000, maxReceiveCount: 10, retentionMs };
  const queues = { intake: settings, submit: settings, watch: settings, notify: settings };
  const memory = new MemoryQueue({ clock, random: systemRandom, queues });
  const journal = new MessageJournal(await harness.open());
  return {
    memory,
    journal,
    queue: new LocalQueue(memory, journal, { clock, random: systemRandom }),
    receiveAll: (queue) => memory.receive(queue, { max: 1_000 }),
  };
}

const message = (body: string): { readonly body: string; readonly delayMs: number } => {
  return { body, delayMs: 0 };
};

describe("a message to the durable queue", () => {
  it("is there for the next life, with its id and its sending time", async () => {
    const first = await aLife();
    await first.queue.send("intake", [message("a"), message("b")]);
    const sent = first.receiveAll("intake");
    const sentAt = clock.now();
    await clock.advance(60_000);

    const second = await aLife();
    await second.queue.takeJournaled();
    const again = second.receiveAll("intake");

    const byId = (a: { readonly id: string }, b: { readonly id: string }): number =>
      a.id < b.id ? -1 : 1;
    expect(again.map(({ id, body }) => ({ id, body })).toSorted(byId)).toEqual(
      sent.map(({ id, body }) => ({ id, body })).toSorted(byId),
    );
    expect(again).toMatchObject([{ sentAt }, { sentAt }]);
  });

  it("is gone once it is removed, and the others stay", async () => {
    const first = await aLife();
    await first.queue.send("intake", [message("done"), message("owed")]);
    const done = first.receiveAll("intake").filter(({ body }) => body === "done");

    await first.queue.remove("intake", done);

    const second = await aLife();
    await second.queue.takeJournaled();
    expect(second.receiveAll("intake")).toMatchObject([{ body: "owed" }]);
  });

  it("enters memory once, however often the journal is taken over", async () => {
    const life = await aLife();
    await life.queue.send("intake", [message("a")]);

    await life.queue.takeJournaled();
    await life.queue.takeJournaled();

    expect(life.receiveAll("intake")).toHaveLength(1);
  });

  it("is taken over where another process journaled it", async () => {
    const platform = await aLife();
    const command = await aLife();

    await command.journal.add("intake", { id: "m1", body: "from beside", sentAt: clock.now() });
    await platform.queue.takeJournaled();

    expect(platform.receiveAll("intake")).toMatchObject([{ id: "m1", body: "from beside" }]);
  });

  it.each([
    ["is empty", "", "MESSAGE_INVALID"],
    ["is too large", "ы".repeat(limits.queueMessageBytes / 2 + 1), "MESSAGE_TOO_LARGE"],
  ])("is refused, and not kept, where it %s", async (_what, body, code) => {
    const first = await aLife();

    await expect(first.queue.send("intake", [message(body)])).rejects.toMatchObject({ code });

    const second = await aLife();
    await second.queue.takeJournaled();
    expect(second.receiveAll("intake")).toEqual([]);
  });

  it("may be as large as any queue takes", async () => {
    const life = await aLife();

    await life.queue.send("intake", [message("x".repeat(limits.queueMessageBytes))]);

    expect(life.receiveAll("intake")).toHaveLength(1);
  });
});

describe("whoever consumes a queue in memory", () => {
  const never = new AbortController().signal;

  it("has what is visible at once, and at most as many as wanted", async () => {
    const { queue } = await aLife();
    await queue.send("submit", [message("a"), message("b"), message("c")]);

    const received = await queue.receive("submit", { max: 2, signal: never });

    expect(received.map(({ body }) => body)).toEqual(["a", "b"]);
  });

  it("waits for what arrives, for what is delayed, and for nothing else", async () => {
    const { queue } = await aLife();
    const heard: string[] = [];
    const waitFor = async (): Promise<void> => {
      const received = await queue.receive("submit", { max: 1, signal: never });
      heard.push(...received.map(({ body }) => body));
    };

    const first = waitFor();
    await queue.send("intake", [message("elsewhere")]);
    await queue.send("submit", [{ body: "later", delayMs: 1_000 }]);
    await clock.advance(999);
    expect(heard).toEqual([]);
    await clock.advance(1);
    await first;
    const second = waitFor();
    await queue.send("submit", [message("now")]);
    await second;

    expect(heard).toEqual(["later", "now"]);
  });

  it("stops waiting at its signal, and leaves no alarm behind", async () => {
    const { queue } = await aLife();
    const stopping = new AbortController();
    await queue.send("submit", [{ body: "later", delayMs: 1_000 }]);

    const receiving = queue.receive("submit", { max: 1, signal: stopping.signal });
    stopping.abort();

    expect(await receiving).toEqual([]);
    expect(await queue.receive("submit", { max: 1, signal: stopping.signal })).toEqual([]);
    expect(clock.nextAlarmAt()).toBeUndefined();
  });

  it("takes a message from the journal before it leaves memory", async () => {
    const { queue, journal, memory } = await aLife();
    await queue.send("intake", [message("a")]);
    const received = await queue.receive("intake", { max: 1, signal: never });
    journal.remove = async () => await Promise.reject(new Error("disk full"));

    await expect(queue.remove("intake", received)).rejects.toThrow("disk full");

    expect(memory.depthOf("intake").inFlight).toBe(1);
  });

  it("finds them empty only where nothing is visible and nothing in flight", async () => {
    const { queue } = await aLife();
    expect(await queue.areEmpty()).toBe(true);
    await queue.send("submit", [{ body: "later", delayMs: 1_000 }]);
    expect(await queue.areEmpty()).toBe(true);

    await queue.send("watch", [message("a")]);
    expect(await queue.areEmpty()).toBe(false);
    const received = await queue.receive("watch", { max: 1, signal: never });
    expect(await queue.areEmpty()).toBe(false);
    await queue.remove("watch", received);

    expect(await queue.areEmpty()).toBe(true);
  });
});

describe("a journal of more messages than one page", () => {
  it("is read whole", async () => {
    const life = await aLife();
    const store = await harness.open();
    const count = limits.scanRows + 7;
    await store.transact("fill", (tx) => {
      for (let n = 0; n < count; n += 1) {
        const row = { queue: "intake", message: `m${n}`, sent_at: 0, body: String(n) };
        tx.put(messagesTable, row);
      }
      tx.put(messagesTable, { queue: "other", message: "m", sent_at: 0, body: "not ours" });
      return Promise.resolve();
    });

    const listed = await life.journal.list("intake");

    expect(new Set(listed.map(({ id }) => id)).size).toBe(count);
    expect(listed.map(({ body }) => body)).not.toContain("not ours");
  });
});

describe("a message to any other queue", () => {
  it("lives in memory alone, because a timer row owes its work", async () => {
    const first = await aLife();
    await first.queue.send("submit", [message("a")]);
    const sent = first.receiveAll("submit");

    await first.queue.remove("submit", sent);
    const second = await aLife();
    await second.queue.takeJournaled();

    expect(sent).toMatchObject([{ body: "a" }]);
    expect(second.receiveAll("submit")).toEqual([]);
    expect(await second.journal.list("submit")).toEqual([]);
  });
});
