// Longer than most: one misbehaving receiver for each way in which HTTP can go wrong.
import type { RequestListener } from "node:http";
import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { readTraceParent } from "../../../shared/core/telemetry/traceparent.ts";
import { aNotification } from "../../contract/channel.ts";
import { aChannel, SECRET } from "./a-channel.ts";
import { startReceiver, type Receiver } from "./receiver.ts";

const TIMEOUT_MS = 200;

const receivers: Receiver[] = [];

async function aReceiver(answer?: RequestListener): Promise<Receiver> {
  const receiver = await startReceiver(answer);
  receivers.push(receiver);
  return receiver;
}

const answering =
  (status: number, headers: Record<string, string> = {}, body = ""): RequestListener =>
  (_request, response) =>
    response.writeHead(status, headers).end(body);

afterEach(async () => {
  await Promise.all(receivers.splice(0).map(async (receiver) => await receiver.close()));
});

describe("a webhook with a secret", () => {
  it("carries a signature that the scheme's own library verifies", async () => {
    const { origin, requests } = await aReceiver();
    const notification = aNotification();

    const outcome = await aChannel().deliver(
      { kind: "webhook", url: `${origin}/hook?a=1`, secret: "env:OPS_SECRET" },
      notification,
    );

    expect(outcome).toEqual({ delivered: true, detail: "HTTP 204" });
    const [request] = requests;
    expect(request).toMatchObject({
      method: "POST",
      url: "/hook?a=1",
      headers: {
        "content-type": "application/cloudevents+json; charset=utf-8",
        "user-agent": "Orrery",
        connection: "close",
        "webhook-id": notification.id,
        "webhook-timestamp": String(Math.floor(notification.sentAt / 1_000)),
      },
    });
    const headers = request?.headers as Record<string, string>;
    const verified = new Webhook(SECRET).verify(request?.body ?? "", headers);
    expect(verified).toEqual(JSON.parse(notification.body));
  });

  it("says where its try stands in its trace, where somebody listens", async () => {
    const { origin, requests } = await aReceiver();
    const target = { kind: "webhook", url: origin } as const;
    const traceParent = readTraceParent("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

    await aChannel().deliver(target, aNotification());
    await aChannel().deliver(target, {
      ...aNotification(),
      ...(traceParent === undefined ? {} : { traceParent }),
    });

    expect(requests.map(({ headers }) => headers["traceparent"])).toEqual([undefined, traceParent]);
  });

  it("is signed with the secret of the moment", async () => {
    const { origin, requests } = await aReceiver();
    const secrets = ["Zmlyc3Q=", "c2Vjb25k"];
    const channel = aChannel({ secretOf: () => secrets.shift() });
    const target = { kind: "webhook", url: origin, secret: "env:OPS_SECRET" } as const;

    await channel.deliver(target, aNotification());
    await channel.deliver(target, aNotification());

    const [, second] = requests;
    const headers = second?.headers as Record<string, string>;
    expect(new Webhook("c2Vjb25k").verify(second?.body ?? "", headers)).toBeDefined();
  });

  it("waits for a secret that is not set, and names only its reference", async () => {
    const { origin, requests } = await aReceiver();

    const outcome = await aChannel().deliver(
      { kind: "webhook", url: origin, secret: "env:OTHER" },
      aNotification(),
    );

    expect(outcome).toEqual({
      delivered: false,
      retryable: true,
      detail: "the signing secret env:OTHER is not set, so nothing was sent",
    });
    expect(requests).toEqual([]);
  });

  it.each(["whsec_", "whsec_not/base64!", "correct horse battery"])(
    "is given up where the secret is %j",
    async (secret) => {
      const { origin, requests } = await aReceiver();

      const outcome = await aChannel({ secretOf: () => secret }).deliver(
        { kind: "webhook", url: origin, secret: "env:OPS_SECRET" },
        aNotification(),
      );

      expect(outcome).toEqual({
        delivered: false,
        retryable: false,
        detail: "the signing secret env:OPS_SECRET is not whsec_ and base64, so nothing was sent",
      });
      expect(requests).toEqual([]);
    },
  );
});

describe("a webhook without a secret", () => {
  it("is sent unsigned", async () => {
    const { origin, requests } = await aReceiver();

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome.delivered).toBe(true);
    expect(requests[0]?.headers).toHaveProperty("webhook-id");
    expect(requests[0]?.headers).not.toHaveProperty("webhook-signature");
  });
});

describe("a receiver that answers", () => {
  it.each([200, 201, 202, 204, 299])("takes the notification with %i", async (status) => {
    const { origin } = await aReceiver(answering(status));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toEqual({ delivered: true, detail: `HTTP ${status}` });
  });

  it.each([408, 409, 425, 429, 500, 502, 503, 504, 599])(
    "is tried again after %i",
    async (status) => {
      const { origin } = await aReceiver(answering(status));

      const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

      expect(outcome).toEqual({
        delivered: false,
        retryable: true,
        detail: `HTTP ${status} from ${origin}`,
      });
    },
  );

  it.each([400, 401, 403, 404, 405, 410, 413, 422, 451])("is given up after %i", async (status) => {
    const { origin } = await aReceiver(answering(status, { "retry-after": "5" }));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toEqual({
      delivered: false,
      retryable: false,
      detail: `HTTP ${status} from ${origin}`,
    });
  });

  it("is left alone for as long as it asks, in seconds", async () => {
    const { origin } = await aReceiver(answering(429, { "retry-after": "120" }));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toMatchObject({ retryable: true, retryAfterMs: 120_000 });
  });

  it("is left alone until the date it names", async () => {
    const at = "Fri, 15 Jan 2027 06:00:30 GMT";
    const { origin } = await aReceiver(answering(503, { "retry-after": at }));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toMatchObject({ retryable: true, retryAfterMs: 30_000 });
  });

  it("has the beginning of its complaint quoted", async () => {
    const { origin } = await aReceiver(answering(400, {}, '{\n  "error": "no such\tchannel"\n}'));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome.detail).toBe(`HTTP 400 from ${origin}: { "error": "no such channel" }`);
  });

  it.each([301, 302, 303, 307, 308])("is not followed to where its %i points", async (status) => {
    const elsewhere = await aReceiver();
    const location = `${elsewhere.origin}/next?token=abcdef`;
    const { origin } = await aReceiver(answering(status, { location }));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toEqual({
      delivered: false,
      retryable: false,
      detail: `HTTP ${status} from ${origin} points to ${elsewhere.origin}, and redirects are not followed`,
    });
    expect(elsewhere.requests).toEqual([]);
  });

  it.each([
    ["/login", (origin: string) => origin],
    ["http://", () => "no readable place"],
    ["javascript:alert(1)", () => "a javascript: URL"],
  ])("is not followed to %s either", async (location, place) => {
    const { origin } = await aReceiver(answering(302, { location }));

    const { detail } = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(detail).toContain(`points to ${place(origin)}, and`);
  });
});

describe("a receiver that misbehaves", () => {
  const unresponsive = aChannel({ timeoutMs: TIMEOUT_MS });

  it("is tried again when it hangs up", async () => {
    const { origin } = await aReceiver((request) => request.socket.destroy());

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toMatchObject({ delivered: false, retryable: true });
    expect(outcome.detail).toMatch(/^the exchange with http:\/\/127[\d.:]+ failed: [A-Z_]+$/);
  });

  it("is tried again when nobody listens", async () => {
    const receiver = await startReceiver();
    await receiver.close();

    const outcome = await aChannel().deliver(
      { kind: "webhook", url: receiver.origin },
      aNotification(),
    );

    expect(outcome).toEqual({
      delivered: false,
      retryable: true,
      detail: `the exchange with ${receiver.origin} failed: ECONNREFUSED`,
    });
  });

  it("is tried again when it speaks no HTTP", async () => {
    const { origin } = await aReceiver((request) => request.socket.end("220 mail.example.org\r\n"));

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toMatchObject({ delivered: false, retryable: true });
    expect(outcome.detail).toContain("failed: HTTPParserError");
  });

  it("is tried again when its TLS fails", async () => {
    const { port } = await aReceiver();
    const url = `https://127.0.0.1:${port}/`;

    const outcome = await aChannel().deliver({ kind: "webhook", url }, aNotification());

    expect(outcome).toMatchObject({ delivered: false, retryable: true });
    expect(outcome.detail).toContain(`https://127.0.0.1:${port} failed: `);
  });

  it("is waited for no longer than a try may take", async () => {
    const { origin, requests } = await aReceiver(() => undefined);

    const outcome = await unresponsive.deliver({ kind: "webhook", url: origin }, aNotification());

    expect(requests).toHaveLength(1);
    expect(outcome).toEqual({
      delivered: false,
      retryable: true,
      detail: `no answer from ${origin} within 200ms`,
    });
  });

  it("is waited for no longer while its name resolves", async () => {
    const resolve = async (): Promise<never> => await new Promise(() => undefined);
    const channel = aChannel({ timeoutMs: TIMEOUT_MS, resolve });
    const url = "https://hooks.example.org/";

    const outcome = await channel.deliver({ kind: "webhook", url }, aNotification());

    expect(outcome).toEqual({
      delivered: false,
      retryable: true,
      detail: "no answer from https://hooks.example.org within 200ms",
    });
  });

  it("has taken the notification when it says so and never ends", async () => {
    const { origin } = await aReceiver((_request, response) => response.writeHead(200).write("ok"));

    const outcome = await unresponsive.deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toEqual({ delivered: true, detail: "HTTP 200" });
  });

  it("is judged by its status when its complaint never ends", async () => {
    const { origin } = await aReceiver((_request, response) =>
      response.writeHead(400).write("Because"),
    );

    const outcome = await unresponsive.deliver({ kind: "webhook", url: origin }, aNotification());

    expect(outcome).toMatchObject({
      retryable: false,
      detail: `HTTP 400 from ${origin}: Because`,
    });
  });

  it("is cut short when it says too much", async () => {
    let sent = 0;
    const { origin } = await aReceiver((_request, response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write("x".repeat(1_000))) sent += 1_000;
      };
      response.on("drain", pour).writeHead(500);
      pour();
    });

    const outcome = await aChannel().deliver({ kind: "webhook", url: origin }, aNotification());

    expect(sent).toBeGreaterThan(limits.deliveryAnswerBytes);
    expect(outcome.detail).toBe(
      `HTTP 500 from ${origin}: ${"x".repeat(limits.deliveryAnswerBytes)}`,
    );
  });
});

describe("what a try says", () => {
  const token = "T0K3Nabcdefgh";

  it.each([
    ["the query", (origin: string) => `${origin}/?token=${token}`],
    ["the path", (origin: string) => `${origin}/services/${token}`],
  ])("leaves out an answer that repeats %s", async (_part, urlAt) => {
    const { origin } = await aReceiver((request, response) =>
      response.writeHead(404).end(`Cannot POST ${request.url ?? ""}`),
    );

    const { detail } = await aChannel().deliver(
      { kind: "webhook", url: urlAt(origin) },
      aNotification(),
    );

    expect(detail).toBe(
      `HTTP 404 from ${origin}: (the answer repeats the request and is not shown)`,
    );
  });

  it("never holds the secret or the rest of the URL, however the try ends", async () => {
    const resolve = async (): Promise<never> => await Promise.reject(new Error(`no ${token}`));
    const repeating = await aReceiver((_request, response) => response.writeHead(500).end(SECRET));
    const hangingUp = await aReceiver((request) => request.socket.destroy());
    const origins = [repeating.origin, hangingUp.origin, "http://169.254.1.1", "https://a.example"];
    const urls = origins.map((origin) => `${origin}/${token}?token=${token}`);
    urls.push(`http://user:${token}@127.0.0.1/`, `ftp://127.0.0.1/${token}`, `http://[${token}`);

    const outcomes = await Promise.all(
      urls.map(async (url) => {
        const target = { kind: "webhook", url, secret: "env:OPS_SECRET" } as const;
        return await aChannel({ resolve }).deliver(target, aNotification());
      }),
    );

    for (const { delivered, detail } of outcomes) {
      expect(delivered).toBe(false);
      expect(detail).not.toContain(token);
      expect(detail).not.toContain(SECRET.slice(6, 16));
    }
  });
});

describe("a target that is no web address", () => {
  it.each(["ftp://127.0.0.1/", "http://user@127.0.0.1/", "file:///etc/passwd", "nonsense", ""])(
    "is given up: %j",
    async (url) => {
      const outcome = await aChannel().deliver({ kind: "webhook", url }, aNotification());

      expect(outcome).toEqual({
        delivered: false,
        retryable: false,
        detail: "the target is no http or https URL without credentials, so nothing was sent",
      });
    },
  );
});
