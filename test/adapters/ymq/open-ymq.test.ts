import { createHash } from "node:crypto";
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { openYmq } from "../../../shared/adapters/ymq/open-ymq.ts";
import type { OrreryError } from "../../../shared/core/errors.ts";
import { limits } from "../../../shared/core/limits.ts";
import { Opened } from "../../support/opened.ts";
import { openSender, serviceOf, urlsIn } from "./a-service.ts";
import { KEY, type QueueProxy, startProxy } from "./queue-proxy.ts";

interface SentEntry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly DelaySeconds: number;
}

/** The batches that arrived, in order. */
function batchesAt({ asked }: QueueProxy): readonly (readonly SentEntry[])[] {
  return asked
    .filter(({ action }) => action === "SendMessageBatch")
    .map(({ body }) => body["Entries"] as readonly SentEntry[]);
}

const now = (body: string): { readonly body: string; readonly delayMs: number } => {
  return { body, delayMs: 0 };
};

/** Every body in a queue, whatever its state. */
function bodiesIn({ emulator }: QueueProxy, queue: string): readonly string[] {
  const { ready = [], delayed = [] } = emulator.inspectQueue(queue)?.messages ?? {};
  return [...ready, ...delayed].map(({ body }) => body).toSorted();
}

describe("a sender to a message queue", () => {
  it("sends 25 messages as batches of ten, each with its own delay in whole seconds", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    const delays = [0, 1, 999, 1_000, 1_001, 899_001, limits.queueDelayMs];
    const messages = Array.from({ length: 25 }, (_, n) => {
      return { body: `m${n}`, delayMs: delays[n % delays.length] ?? 0 };
    });

    await ymq.send("watch", messages);

    const batches = batchesAt(proxy);
    expect(batches.map((each) => each.length).toSorted()).toEqual([10, 10, 5].toSorted());
    const sent = batches.flat().map(({ MessageBody, DelaySeconds }) => [MessageBody, DelaySeconds]);
    const expected = messages.map(({ body, delayMs }) => [body, Math.ceil(delayMs / 1_000)]);
    expect(new Set(sent.map(String))).toEqual(new Set(expected.map(String)));
    expect(new Set(sent.map(([, delay]) => delay))).toEqual(new Set([0, 1, 2, 900]));
    expect(bodiesIn(proxy, "watch")).toEqual(messages.map(({ body }) => body).toSorted());
  });

  it("splits by size too, so that a batch never exceeds what the service takes", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    const full = "Ж".repeat(limits.queueMessageBytes / 2);
    const rest = "x".repeat(limits.ymqBatchBytes - limits.queueMessageBytes);

    await ymq.send("submit", [full, rest, "y", full, full].map(now));

    const sizes = batchesAt(proxy).map((batch) =>
      batch.map(({ MessageBody }) => Buffer.byteLength(MessageBody)),
    );
    const expected = [[204_800, 51_200], [1, 204_800], [204_800]];
    expect(sizes.toSorted()).toEqual(expected.toSorted());
  });

  it("sends nothing and connects to nothing where there is nothing to send", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);

    await ymq.send("submit", []);

    expect(proxy.connections).toBe(0);
  });

  it("sends several batches side by side, and no more than a bounded number", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    let open = 0;
    let most = 0;
    const { promise: enough, resolve } = Promise.withResolvers<undefined>();
    proxy.fault({
      times: Number.POSITIVE_INFINITY,
      act: async (exchange) => {
        open += 1;
        most = Math.max(most, open);
        if (open === limits.ymqBatchesAtOnce) resolve(undefined);
        // Nobody is answered before as many are here as may be.
        await enough;
        await exchange.forward();
        open -= 1;
      },
    });

    await ymq.send(
      "submit",
      Array.from({ length: 200 }, (_, n) => now(`m${n}`)),
    );

    expect(most).toBe(limits.ymqBatchesAtOnce);
    expect(bodiesIn(proxy, "submit")).toHaveLength(200);
  });

  it.each([
    ["\u0000", "U+0000", 3],
    ["\u001b", "U+001B", 3],
    ["\ufffe", "U+FFFE", 3],
    ["\ud800", "U+D800", 3],
  ])("refuses %j before anything is sent, and says where it is", async (character, name, at) => {
    const queueUrls = { intake: "", submit: "", watch: "", notify: "" };
    const ymq = openYmq({ ...serviceOf({ address: "http://127.0.0.1:1" }), queueUrls });

    const sending = ymq.send("intake", [now("fine"), now(`ab${character}`)]);

    await expect(sending).rejects.toMatchObject({
      code: "MESSAGE_INVALID",
      message: expect.stringContaining(
        `intake has the character ${name} at position ${at}`,
      ) as string,
    });
  });

  it("is asked by the endpoint it was given, whatever host stands in a queue's URL", async (test) => {
    const proxy = await startProxy(test);
    const queueUrls = {
      ...urlsIn(proxy),
      submit: "https://elsewhere.example/b1g/dj6/orrery-submit",
    };
    const ymq = openSender(test, proxy, { queueUrls });

    await expect(ymq.send("submit", [now("a")])).rejects.toMatchObject({ code: "QUEUE_NOT_FOUND" });

    expect(proxy.asked).toMatchObject([{ body: { QueueUrl: queueUrls.submit } }]);
  });
});

describe("an entry that a batch's answer says failed", () => {
  const failing = (entries: readonly { readonly Id: string }[], fault: object): object => ({
    Successful: [],
    Failed: entries.map(({ Id }) => ({ Id, ...fault })),
  });

  it("is sent again alone where the service is at fault", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    proxy.fault({
      act: (exchange) => {
        const entries = exchange.body["Entries"] as readonly SentEntry[];
        const spoiled = entries.filter(({ Id }) => Number(Id) % 3 === 0);
        const kept = entries.filter((each) => !spoiled.includes(each));
        for (const { MessageBody } of kept) proxy.emulator.sendMessage("submit", MessageBody);
        exchange.reply({
          status: 200,
          body: {
            ...failing(spoiled, { Code: "InternalError", SenderFault: false, Message: "later" }),
            Successful: kept.map(({ Id, MessageBody }) => successOf(Id, MessageBody)),
          },
        });
      },
    });

    await ymq.send(
      "submit",
      Array.from({ length: 10 }, (_, n) => now(`m${n}`)),
    );

    expect(batchesAt(proxy)[1]?.map(({ MessageBody }) => MessageBody)).toEqual([
      "m0",
      "m3",
      "m6",
      "m9",
    ]);
    expect(bodiesIn(proxy, "submit")).toEqual(Array.from({ length: 10 }, (_, n) => `m${n}`));
  });

  it("ends as QUEUE_REFUSED where it is ours, and the others are sent all the same", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    // The emulator refuses what is outside the plane that SQS's own grammar begins with.
    const messages = Array.from({ length: 25 }, (_, n) => now(n === 3 ? "😀" : `m${n}`));

    const sending = ymq.send("submit", messages);

    await expect(sending).rejects.toMatchObject({
      code: "QUEUE_REFUSED",
      message: expect.stringMatching(
        /^Sending 25 messages to queue submit, of which 24 were accepted, at 127\.0\.0\.1:\d+ failed: Invalid char.*InvalidMessageContents/,
      ) as string,
    });
    expect(bodiesIn(proxy, "submit")).toHaveLength(24);
    expect(batchesAt(proxy)).toHaveLength(3);
  });

  it("is sent again where the answer does not mention it", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    proxy.fault({
      act: (exchange) => exchange.reply({ status: 200, body: { Successful: [], Failed: [] } }),
    });

    await ymq.send("submit", [now("a")]);

    expect(bodiesIn(proxy, "submit")).toEqual(["a"]);
  });
});

describe("keys that a service does not take", () => {
  it.each([
    ["an id it does not know", { accessKeyId: "YCAJEother", secretAccessKey: KEY.secret }],
    ["a wrong secret", { accessKeyId: KEY.id, secretAccessKey: "YCwrong-secret-of-a-key" }],
  ])("are not tried again, and never shown: %s", async (_what, credentials) => {
    await using opened = new Opened();
    const proxy = await startProxy(opened);
    const ymq = openSender(opened, proxy, { credentials });

    const error = await ymq.send("submit", [now("a")]).catch((thrown: unknown) => thrown);

    expect(error).toMatchObject({ code: "QUEUE_ACCESS_DENIED" });
    expect((error as OrreryError).message).toMatch(
      /queue submit at .*AWS_ACCESS_KEY_ID.*ymq\.writer/,
    );
    const everything = inspect(error, { depth: 20, showHidden: true });
    expect(everything).not.toContain(credentials.secretAccessKey);
    expect(everything).not.toContain(credentials.accessKeyId);
    expect(everything).not.toContain("Signature=");
  });

  it("are not shown where the service repeats them", async (test) => {
    const proxy = await startProxy(test);
    const ymq = openSender(test, proxy);
    proxy.fault({
      act: ({ fail }) => fail(403, "AccessDenied", `Key ${KEY.id} (${KEY.secret}) may not\nsend`),
    });

    await expect(ymq.send("submit", [now("a")])).rejects.toMatchObject({
      code: "QUEUE_ACCESS_DENIED",
      message: expect.stringContaining("failed: Key … (…) may not (AccessDenied);") as string,
    });
  });
});

/** What a service answers about an entry that it accepted. */
function successOf(id: string, body: string): object {
  const MD5OfMessageBody = createHash("md5").update(body).digest("hex");
  return { Id: id, MessageId: `id-${id}`, MD5OfMessageBody };
}
