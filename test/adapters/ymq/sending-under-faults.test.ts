import { describe, expect, it } from "vitest";
import type { QueueFailure } from "../../../shared/adapters/ymq/failure.ts";
import { createQueueClient } from "../../../shared/adapters/ymq/queue-client.ts";
import { sendMessages } from "../../../shared/adapters/ymq/send-messages.ts";
import { limits } from "../../../shared/core/limits.ts";
import { JumpingClock } from "../../support/jumping-clock.ts";
import { type Closing, Opened } from "../../support/opened.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { at } from "../../support/timing-builder.ts";
import { serviceOf, urlsIn } from "./a-service.ts";
import { type Exchange, type QueueProxy, startProxy } from "./queue-proxy.ts";

/** A sender whose waits are over at once, and whose calls are late when the test says so. */
interface Sender {
  readonly proxy: QueueProxy;
  readonly time: JumpingClock;
  readonly send: (...bodies: readonly string[]) => Promise<readonly string[]>;
  /** The bodies in the queue. */
  readonly arrived: () => readonly string[];
}

async function aSender(test: Closing): Promise<Sender> {
  const proxy = await startProxy(test);
  const time = new JumpingClock(at("2027-01-15T00:00:00Z"));
  const client = createQueueClient(serviceOf(proxy, { clock: time.watches }));
  test.onTestFinished(() => client.close());
  const to = { name: "submit", url: urlsIn(proxy).submit, host: proxy.host };
  return {
    proxy,
    time,
    send: async (...bodies) => {
      const parts = { client, clock: time.waits, random: seededRandom(7) };
      return await sendMessages(
        parts,
        to,
        bodies.map((body) => ({ body, delayMs: 0 })),
      );
    },
    arrived: () =>
      (proxy.emulator.inspectQueue("submit")?.messages.ready ?? []).map(({ body }) => body),
  };
}

const forever = Number.POSITIVE_INFINITY;

/** Ways in which a call fails that may be over the next time. */
const PASSING: readonly (readonly [string, (exchange: Exchange, time: JumpingClock) => void])[] = [
  ["an internal error", ({ fail }) => fail(500, "InternalFailure")],
  ["an unavailable service", ({ fail }) => fail(503, "ServiceUnavailable")],
  [
    "a gateway's page",
    ({ response }) =>
      response.writeHead(502, { "content-type": "text/html" }).end("<html>Bad gateway"),
  ],
  ["an empty error", ({ response }) => void response.writeHead(500).end()],
  [
    "an answer that is no JSON",
    ({ response }) =>
      response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{oops"),
  ],
  ["a throttled call of SQS", ({ fail }) => fail(400, "RequestThrottled")],
  ["a throttled call of Message Queue", ({ fail }) => fail(403, "ThrottlingException")],
  ["too many requests", ({ fail }) => fail(429, "TooManyRequestsException")],
  ["a connection that is cut before an answer", ({ socket }) => socket.resetAndDestroy()],
  ["a connection that is closed before an answer", ({ socket }) => void socket.end()],
  [
    "a connection that is cut in the middle of an answer",
    ({ response, socket }) => {
      response.writeHead(200, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": 100,
      });
      response.write("{", () => socket.resetAndDestroy());
    },
  ],
  ["a server that hangs", (_exchange, time) => time.passToNextWatch()],
  [
    "a server that hangs in the middle of an answer",
    ({ response }, time) => {
      response.writeHead(200, {
        "content-type": "application/x-amz-json-1.0",
        "content-length": 100,
      });
      // Not before it is on its way: the client has the head of the answer by then, or will.
      response.write("{", () => time.passToNextWatch());
    },
  ],
];

describe("a message that meets", () => {
  it.each(PASSING)("%s is sent again", async (_what, fault) => {
    await using opened = new Opened();
    const { proxy, time, send, arrived } = await aSender(opened);
    proxy.fault({ act: (exchange) => fault(exchange, time) });

    const ids = await send("a");

    expect(arrived()).toEqual(["a"]);
    expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(proxy.asked).toHaveLength(2);
  });

  it.each(PASSING)("%s without end is given up in time, with its reason", async (_what, fault) => {
    await using opened = new Opened();
    const { proxy, time, send } = await aSender(opened);
    proxy.fault({ times: forever, act: (exchange) => fault(exchange, time) });
    const startMs = time.waits.monotonicMs();

    const error = await send("a").catch((thrown: unknown) => thrown);

    const code = expect.stringMatching(/^QUEUE_(UNAVAILABLE|THROTTLED)$/) as string;
    expect(error).toMatchObject({ code, retry: "always" });
    expect((error as Error).message).toMatch(
      /^Sending a message to queue submit at 127\.0\.0\.1:\d+ failed: \S.*\d tries\)/,
    );
    expect(proxy.asked.length).toBeLessThanOrEqual(limits.ymqTries);
    expect(time.waits.monotonicMs() - startMs).toBeLessThanOrEqual(limits.ymqDeadlineMs);
  });
});

describe("the waits between tries", () => {
  it("grow, with chance in them, and are longer where a queue is throttled", async (test) => {
    const { proxy, time, send } = await aSender(test);
    proxy.fault({ times: 3, act: ({ fail }) => fail(503, "ServiceUnavailable") });
    proxy.fault({ times: 2, act: ({ fail }) => fail(403, "ThrottlingException") });

    await send("a");

    const within = [
      [50, 100],
      [100, 200],
      [200, 400],
      [1_000, 2_000],
      [1_000, 2_000],
    ] as const;
    expect(time.waitedMs).toHaveLength(within.length);
    for (const [n, [least, most]] of within.entries()) {
      expect(time.waitedMs[n]).toBeGreaterThanOrEqual(least);
      expect(time.waitedMs[n]).toBeLessThanOrEqual(most);
    }
    expect(new Set(time.waitedMs.map((each) => each % 50)).size).toBeGreaterThan(1);
  });

  it("are none after a connection that was cut: the next one is new", async (test) => {
    const { proxy, time, send } = await aSender(test);
    proxy.fault({ act: ({ socket }) => void socket.resetAndDestroy() });

    await send("a");

    expect(time.waitedMs).toEqual([]);
    expect(proxy.connections).toBe(2);
  });
});

describe("a queue that cannot be sent to", () => {
  it.each([
    ["QUEUE_NOT_FOUND", 400, "QueueDoesNotExist"],
    ["QUEUE_ACCESS_DENIED", 400, "AccessDeniedException"],
    ["QUEUE_ACCESS_DENIED", 403, "InvalidClientTokenId"],
    ["QUEUE_ACCESS_DENIED", 403, "SomethingOfAProxy"],
    ["QUEUE_REFUSED", 400, "UnsupportedOperation"],
    ["QUEUE_REFUSED", 404, "MalformedQueryString"],
  ] as const)(
    "is not tried again where that cannot help: %s, %i %s",
    async (code, status, name) => {
      await using opened = new Opened();
      const { proxy, send } = await aSender(opened);
      proxy.fault({ times: forever, act: ({ fail }) => fail(status, name, "So says the test") });

      const error = await send(...Array.from({ length: 100 }, (_, n) => `m${n}`)).catch(
        (thrown: unknown) => thrown,
      );

      expect(error).toMatchObject({ code, retry: "never" });
      const { message, cause } = error as Error;
      expect(message).toContain(`failed: So says the test (${name})`);
      expect((cause as QueueFailure).code).toBe(name);
      // A message that is refused says nothing of the others; the rest would meet the same.
      const most = code === "QUEUE_REFUSED" ? 10 : limits.ymqBatchesAtOnce;
      expect(proxy.asked.length).toBeLessThanOrEqual(most);
    },
  );

  it("may be missing by the name that Message Queue gives that", async (test) => {
    const { proxy, send } = await aSender(test);
    proxy.fault({ act: ({ fail }) => fail(400, "AWS.SimpleQueueService.NonExistentQueue", "No") });

    await expect(send("a")).rejects.toMatchObject({
      code: "QUEUE_NOT_FOUND",
      message: expect.stringContaining(
        "failed: No (QueueDoesNotExist); check its address",
      ) as string,
    });
  });

  it("may be one whose service is not there", async (test) => {
    const time = new JumpingClock(at("2027-01-15T00:00:00Z"));
    const client = createQueueClient(
      serviceOf({ address: "http://127.0.0.1:1" }, { clock: time.watches }),
    );
    test.onTestFinished(() => client.close());
    const parts = { client, clock: time.waits, random: seededRandom(7) };
    const to = { name: "intake", url: "http://127.0.0.1:1/q", host: "127.0.0.1:1" };

    const sending = sendMessages(parts, to, [{ body: "a", delayMs: 0 }]);

    await expect(sending).rejects.toMatchObject({
      code: "QUEUE_UNAVAILABLE",
      message:
        "Sending a message to queue intake at 127.0.0.1:1 failed: connect ECONNREFUSED 127.0.0.1:1 " +
        `(ECONNREFUSED, ${limits.ymqTries} tries); check the address of the queues and the network to it`,
    });
  });
});

describe("connections that rested", () => {
  it("are used again for a while", async (test) => {
    const { proxy, time, send } = await aSender(test);

    await send("a");
    time.pass(limits.ymqIdleMs);
    await send("b");

    expect(proxy.connections).toBe(1);
  });

  it("are left for new ones after a long pause, so that a dead one is never waited for", async (test) => {
    const { proxy, time, send, arrived } = await aSender(test);
    await send(...Array.from({ length: 50 }, (_, n) => `m${n}`));
    const before = proxy.connections;
    // As after a freeze: the other side has forgotten them, and nobody was told.
    proxy.forget();

    time.pass(limits.ymqIdleMs + 1);
    await send("after");

    expect(arrived()).toContain("after");
    expect(proxy.connections).toBe(before + 1);
    expect(time.waitedMs).toEqual([]);
  });

  it("that all died within that pause cost one try, not one each", async (test) => {
    const { proxy, time, send, arrived } = await aSender(test);
    await send(...Array.from({ length: 50 }, (_, n) => `m${n}`));
    const asked = proxy.asked.length;
    proxy.forget(() => time.passToNextWatch());

    await send("after");

    expect(arrived()).toContain("after");
    expect(proxy.asked).toHaveLength(asked + 1);
    expect(time.waitedMs).toEqual([]);
  });

  it("that the service closed meanwhile fail nothing", async (test) => {
    const { proxy, send, arrived } = await aSender(test);
    await send(...Array.from({ length: 50 }, (_, n) => `m${n}`));

    proxy.cut();
    await send("after");

    expect(arrived()).toContain("after");
  });
});
