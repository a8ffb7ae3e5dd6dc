// Longer than most: the consuming side of a service, fault by fault, against one emulator.
import { describe, expect, it } from "vitest";
import type { QueueDifference } from "../../../shared/adapters/ymq/make-queue.ts";
import type { ReceivedMessage } from "../../../shared/adapters/ymq/receive-messages.ts";
import type { ServiceQueues } from "../../../shared/adapters/ymq/service-queues.ts";
import { limits } from "../../../shared/core/limits.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import { JumpingClock } from "../../support/jumping-clock.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { at } from "../../support/timing-builder.ts";
import { openQueues, openSender, urlsIn } from "./a-service.ts";
import { type QueueProxy, startProxy } from "./queue-proxy.ts";

const never = new AbortController().signal;

async function prepared(queues: ServiceQueues): Promise<readonly QueueDifference[]> {
  const differences: QueueDifference[] = [];
  await queues.prepare((difference) => differences.push(difference));
  return differences;
}

const attributesOf = ({ emulator }: QueueProxy, name: string): Record<string, string> | undefined =>
  emulator.inspectQueue(name)?.attributes;

const arnOf = ({ emulator }: QueueProxy, name: string): string =>
  emulator.inspectQueue(name)?.arn ?? "";

/** Queues that were made, on a proxy of their own. */
async function ready(test: Closing): Promise<{ proxy: QueueProxy; queues: ServiceQueues }> {
  const proxy = await startProxy(test);
  const queues = openQueues(test, proxy);
  await prepared(queues);
  return { proxy, queues };
}

describe("queues that are not there", () => {
  it("are made as serverless.yaml has them, each behind its dead-letter queue", async (test) => {
    const { proxy } = await ready(test);

    expect(attributesOf(proxy, "orrery-submit")).toMatchObject({
      VisibilityTimeout: "30",
      MessageRetentionPeriod: String(limits.queueRetentionMs / 1_000),
    });
    expect(JSON.parse(attributesOf(proxy, "orrery-submit")?.["RedrivePolicy"] ?? "")).toEqual({
      deadLetterTargetArn: arnOf(proxy, "orrery-submit-dead"),
      maxReceiveCount: 3,
    });
    const dead = attributesOf(proxy, "orrery-submit-dead");
    expect(dead?.["MessageRetentionPeriod"]).toBe(String(limits.deadLetterRetentionMs / 1_000));
    expect(dead).not.toHaveProperty("RedrivePolicy");
    const made = proxy.asked.filter(({ action }) => action === "CreateQueue");
    expect(made.map(({ body }) => body["QueueName"])).toEqual([
      ...["orrery-intake-dead", "orrery-intake"],
      ...["orrery-submit-dead", "orrery-submit"],
    ]);
  });

  it("are told to be missing to who only sends, with what to do", async (test) => {
    const proxy = await startProxy(test);
    const queues = openQueues(test, proxy, { queues: {} });

    await expect(queues.post("intake", "a")).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
      message: expect.stringMatching(
        /^Looking for queue orrery-intake at .*make the queue: /,
      ) as string,
    });
  });
});

describe("queues that are there", () => {
  it("are left alone where they are as they should be, however their policy is written", async (test) => {
    const proxy = await startProxy(test);
    const dead = {
      VisibilityTimeout: "1",
      MessageRetentionPeriod: String(limits.deadLetterRetentionMs / 1_000),
    };
    proxy.emulator.createQueue("orrery-submit-dead", { attributes: dead });
    const policy = {
      maxReceiveCount: "3",
      deadLetterTargetArn: arnOf(proxy, "orrery-submit-dead"),
    };
    const RedrivePolicy = JSON.stringify(policy, undefined, 1);
    const attributes = { VisibilityTimeout: "30", RedrivePolicy };
    proxy.emulator.createQueue("orrery-submit", { attributes });

    expect(await prepared(openQueues(test, proxy))).toEqual([]);
    const made = proxy.asked.filter(({ action }) => action === "CreateQueue");
    expect(made.map(({ body }) => body["QueueName"])).toEqual([
      "orrery-intake-dead",
      "orrery-intake",
    ]);
  });

  it("are left alone where they are different, and every difference is told", async (test) => {
    const proxy = await startProxy(test);
    const found = {
      VisibilityTimeout: "31",
      MessageRetentionPeriod: "60",
      MaximumMessageSize: "1024",
    };
    proxy.emulator.createQueue("orrery-submit", { attributes: { ...found } });
    proxy.emulator.createQueue("orrery-intake-dead", {
      attributes: { VisibilityTimeout: "1", MessageRetentionPeriod: "1209600" },
    });

    const differences = await prepared(openQueues(test, proxy));

    const policy = JSON.stringify({
      deadLetterTargetArn: arnOf(proxy, "orrery-submit-dead"),
      maxReceiveCount: 3,
    });
    const queue = "orrery-submit";
    expect(differences).toEqual([
      { queue, attribute: "VisibilityTimeout", found: "31", expected: "30" },
      { queue, attribute: "MessageRetentionPeriod", found: "60", expected: "345600" },
      { queue, attribute: "RedrivePolicy", found: "absent", expected: policy },
      { queue, attribute: "MaximumMessageSize", found: "1024", expected: "at least 204800" },
    ]);
    expect(attributesOf(proxy, queue)).toMatchObject(found);
  });
});

describe("messages of a queue at a service", () => {
  it("arrive with id, digest, sending time and what their sender put beside them", async (test) => {
    const { proxy, queues } = await ready(test);
    const before = Date.now();
    const { messageId, md5OfBody } = proxy.emulator.sendMessage("orrery-intake", "Ж", {
      messageAttributes: {
        from: { DataType: "String", StringValue: "billing" },
        blob: { DataType: "Binary", BinaryValue: "AAAA" },
      },
    });

    const [message] = await queues.receive("intake", { max: 1, signal: never });

    expect(message).toEqual({
      id: messageId,
      receipt: expect.stringMatching(/./) as string,
      body: "Ж",
      md5: md5OfBody,
      attributes: { SentTimestamp: expect.stringMatching(/^\d{13}$/) as string },
      messageAttributes: { from: "billing" },
    } satisfies ReceivedMessage);
    expect(Number(message?.attributes["SentTimestamp"])).toBeGreaterThanOrEqual(before);
  });

  it("have the id that posting them told", async (test) => {
    const { queues } = await ready(test);

    const id = await queues.post("intake", "a");

    expect(await queues.receive("intake", { max: 1, signal: never })).toMatchObject([{ id }]);
  });

  it("are gathered for a batch that is larger than a receive, without waiting for more", async (test) => {
    const { proxy, queues } = await ready(test);
    await queues.send(
      "submit",
      Array.from({ length: 23 }, (_, n) => ({ body: `m${n}`, delayMs: 0 })),
    );

    const some = await queues.receive("submit", { max: 15, signal: never });
    const rest = await queues.receive("submit", { max: 15, signal: never });

    expect([some.length, rest.length]).toEqual([15, 8]);
    expect(new Set([...some, ...rest].map(({ body }) => body)).size).toBe(23);
    const waits = proxy.asked
      .filter(({ action }) => action === "ReceiveMessage")
      .map(({ body }) => [body["MaxNumberOfMessages"], body["WaitTimeSeconds"]]);
    expect(waits).toEqual([
      ...[
        [10, 20],
        [5, 0],
      ],
      ...[
        [10, 20],
        [7, 0],
      ],
    ]);
  });

  it("are handed over where gathering more of them failed", async (test) => {
    const { proxy, queues } = await ready(test);
    await queues.send(
      "submit",
      Array.from({ length: 12 }, (_, n) => ({ body: `m${n}`, delayMs: 0 })),
    );
    proxy.fault({ action: "ReceiveMessage", act: async ({ forward }) => await forward() });
    proxy.fault({ action: "ReceiveMessage", act: ({ fail }) => fail(503, "ServiceUnavailable") });

    expect(await queues.receive("submit", { max: 20, signal: never })).toHaveLength(10);
  });

  it("are waited for, and come the moment they are sent", async (test) => {
    const { proxy, queues } = await ready(test);
    const { promise: asked, resolve } = Promise.withResolvers<undefined>();
    proxy.fault({
      action: "ReceiveMessage",
      act: async ({ forward }) => {
        resolve(undefined);
        await forward();
      },
    });

    const receiving = queues.receive("submit", { max: 1, signal: never });
    await asked;
    await queues.send("submit", [{ body: "a", delayMs: 0 }]);

    expect(await receiving).toMatchObject([{ body: "a" }]);
  });

  it("are not waited for any more once somebody says so", async (test) => {
    const { proxy, queues } = await ready(test);
    const stopping = new AbortController();
    proxy.fault({ action: "ReceiveMessage", act: () => stopping.abort() });

    expect(await queues.receive("submit", { max: 1, signal: stopping.signal })).toEqual([]);
  });

  it("are not asked for at all once somebody has said so", async (test) => {
    const { queues } = await ready(test);

    expect(await queues.receive("submit", { max: 1, signal: AbortSignal.abort() })).toEqual([]);
  });

  it("are asked for now and then where a service does not wait", async (test) => {
    const { proxy, queues } = await ready(test);
    proxy.fault({ action: "ReceiveMessage", act: ({ reply }) => reply({ status: 200, body: {} }) });
    const startAt = realClock.now();

    expect(await queues.receive("submit", { max: 1, signal: never })).toEqual([]);

    // Later on a slow machine, and never earlier.
    expect(realClock.now()).toBeGreaterThanOrEqual(plusMs(startAt, limits.ymqPollPauseMs));
  });

  it("that cannot be received are an error, after one try and within its time", async (test) => {
    const proxy = await startProxy(test);
    const time = new JumpingClock(at("2027-01-15T00:00:00Z"));
    const queues = openQueues(test, proxy, { clock: time.watches });
    await prepared(queues);
    proxy.fault({ action: "ReceiveMessage", act: () => time.passToNextWatch() });

    await expect(queues.receive("submit", { max: 1, signal: never })).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      message: expect.stringMatching(
        /^Receiving from queue orrery-submit at \S+ failed: no answer within 23000 ms;/,
      ) as string,
    });
  });

  it("come over a new connection where the service closed the one before", async (test) => {
    const { proxy, queues } = await ready(test);
    await queues.send("submit", [{ body: "a", delayMs: 0 }]);
    proxy.fault({ action: "ReceiveMessage", act: ({ socket }) => void socket.resetAndDestroy() });

    expect(await queues.receive("submit", { max: 1, signal: never })).toHaveLength(1);
  });

  it("come from a queue that was made anew, whose URL may be another", async (test) => {
    const { proxy, queues } = await ready(test);
    proxy.emulator.deleteQueue("orrery-submit");
    await expect(queues.receive("submit", { max: 1, signal: never })).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
    });
    const askedBefore = proxy.asked.length;

    proxy.emulator.createQueue("orrery-submit");
    await queues.send("submit", [{ body: "a", delayMs: 0 }]);

    expect(await queues.receive("submit", { max: 1, signal: never })).toHaveLength(1);
    expect(proxy.asked[askedBefore]).toMatchObject({
      action: "GetQueueUrl",
      body: { QueueName: "orrery-submit" },
    });
  });
});

describe("messages that are done", () => {
  it("are removed in batches, and what failed for the service's reasons is tried again", async (test) => {
    const { proxy, queues } = await ready(test);
    await queues.send(
      "submit",
      Array.from({ length: 12 }, (_, n) => ({ body: `m${n}`, delayMs: 0 })),
    );
    const received = await queues.receive("submit", { max: 12, signal: never });
    proxy.fault({
      action: "DeleteMessageBatch",
      act: ({ reply }) => {
        const Failed = [{ Id: "3", Code: "InternalError", SenderFault: false }];
        reply({ status: 200, body: { Successful: [], Failed } });
      },
    });

    await queues.remove("submit", received);

    const removed = proxy.asked
      .filter(({ action }) => action === "DeleteMessageBatch")
      .map(({ body }) => (body["Entries"] as readonly { Id: string }[]).map(({ Id }) => Id));
    expect(removed.map((each) => each.length)).toEqual([10, 1, 2]);
    expect(removed[1]).toEqual(["3"]);
  });

  it("may have come again meanwhile: their old receipts are no error", async (test) => {
    const { proxy, queues } = await ready(test);
    proxy.fault({
      action: "DeleteMessageBatch",
      act: ({ reply }) => {
        const Failed = [{ Id: "0", Code: "ReceiptHandleIsInvalid", SenderFault: true }];
        reply({ status: 200, body: { Successful: [], Failed } });
      },
    });

    await queues.remove("submit", [{ receipt: "old" }]);

    expect(proxy.asked.filter(({ action }) => action === "DeleteMessageBatch")).toHaveLength(1);
  });
});

describe("the depth of a queue at a service", () => {
  it("is what is visible and what is in flight, by the service's count", async (test) => {
    const { queues } = await ready(test);
    await queues.send("submit", [
      { body: "a", delayMs: 0 },
      { body: "b", delayMs: 0 },
      { body: "later", delayMs: 60_000 },
    ]);
    await queues.receive("submit", { max: 1, signal: never });

    expect(await queues.depthOf("submit")).toEqual({ visible: 1, inFlight: 1 });
  });
});

describe("the dead letters of a queue at a service", () => {
  it("are counted in the queue that its policy names", async (test) => {
    const { proxy, queues } = await ready(test);
    const sender = openSender(test, proxy, {
      queueUrls: {
        ...urlsIn(proxy),
        submit: proxy.emulator.inspectQueue("orrery-submit")?.url ?? "",
      },
    });
    expect(await queues.deadLetters("submit")).toBe(0);
    proxy.emulator.sendMessage("orrery-submit-dead", "a");
    proxy.emulator.sendMessage("orrery-submit-dead", "b", { delaySeconds: 60 });

    expect(await queues.deadLetters("submit")).toBe(2);
    expect(await sender.deadLetters("submit")).toBe(2);
    expect(await sender.deadLetters("watch")).toBe(0);
  });
});

describe("queues with another prefix", () => {
  it("have nothing to do with each other", async (test) => {
    const { proxy, queues } = await ready(test);
    const others = openQueues(test, proxy, { prefix: "other-" });
    await prepared(others);

    await queues.send("submit", [{ body: "ours", delayMs: 0 }]);
    await others.send("submit", [{ body: "theirs", delayMs: 0 }]);

    const [ours, theirs] = [
      await queues.receive("submit", { max: 10, signal: never }),
      await others.receive("submit", { max: 10, signal: never }),
    ];
    expect(ours.map(({ body }) => body)).toEqual(["ours"]);
    expect(theirs.map(({ body }) => body)).toEqual(["theirs"]);
  });
});
