// Longer than most: every protocol that one port tells apart, and everything that is none.
import { once } from "node:events";
import { get as httpGet, Agent, type IncomingMessage } from "node:http";
import { Agent as TlsAgent, get as httpsGet } from "node:https";
import { connect, type Socket } from "node:net";
import { setImmediate } from "node:timers/promises";
import { text } from "node:stream/consumers";
import { connect as connectTls, type TLSSocket } from "node:tls";
import { describe, expect, it } from "vitest";
import { ManualClock } from "../../../shared/adapters/manual/manual-clock.ts";
import { limits } from "../../../shared/core/limits.ts";
import { PlatformService } from "../../../shared/gen/orrery/v1/platform_service_pb.ts";
import { START_AT } from "../../support/builders.ts";
import { GrpcClient } from "../../support/grpc-client.ts";
import { Opened, type Closing } from "../../support/opened.ts";
import { aFolder, aFront, type AFront } from "./a-front.ts";
import { anApi } from "./an-api.ts";

const { getHealth } = PlatformService.method;

/** A connection that says nothing by itself. */
async function aSocket(test: Closing, port: number): Promise<Socket> {
  const socket = connect({ port, host: "127.0.0.1" });
  socket.on("error", () => undefined);
  test.onTestFinished(() => void socket.destroy());
  await once(socket, "connect");
  return socket;
}

async function aTlsSocket(
  test: Closing,
  { port, ca }: AFront,
  ALPNProtocols: string[],
): Promise<TLSSocket> {
  const socket = connectTls({ port, host: "localhost", ca, ALPNProtocols });
  test.onTestFinished(() => void socket.destroy());
  await once(socket, "secureConnect");
  return socket;
}

/** Resolves once a connection has arrived at the other side, for which there is no event here. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await setImmediate();
}

async function bodyOf(asked: ReturnType<typeof httpGet>): Promise<string> {
  const [response] = (await once(asked, "response")) as [IncomingMessage];
  return await text(response);
}

describe("one port", () => {
  it("answers gRPC and HTTP, each with TLS and without, all at once", async (test) => {
    const front = await aFront(test);
    const { port, ca } = front;
    const plain = new GrpcClient(test, port);
    const secure = new GrpcClient(test, port, { ca });

    const answers = await Promise.all(
      Array.from({ length: 10 }, async () => [
        (await plain.unary(getHealth, {})).answer?.status,
        (await secure.unary(getHealth, {})).answer?.status,
        await (await fetch(front.address)).text(),
        await bodyOf(httpsGet({ port, host: "localhost", ca, path: "/", agent: false })),
      ]),
    );

    for (const answer of answers) expect(answer).toEqual(["ok", "ok", "hello", "hello"]);
  });

  it("tells the preface of HTTP/2 from HTTP/1.1 though either comes byte by byte", async (test) => {
    const { port } = await aFront(test);
    const first = await aSocket(test, port);
    const answered = text(first);
    for (const byte of "PUT / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n") {
      await new Promise((resolve) => first.write(byte, resolve));
    }
    expect(await answered).toContain("hello");

    const second = await aSocket(test, port);
    for (const byte of "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
      await new Promise((resolve) => second.write(byte, resolve));
    }
    second.write(Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]));
    const [frame] = (await once(second, "data")) as [Buffer];

    // The server's SETTINGS: type 4 on stream 0.
    expect(frame[3]).toBe(4);
  });

  it.each([
    [["h2"], "h2"],
    [["h2", "http/1.1"], "http/1.1"],
    [["http/1.1"], "http/1.1"],
    [["spdy/3", "h2"], "h2"],
    [[], false],
  ])("speaks inside TLS, to a client that offers %j, %s", async (offered, chosen) => {
    await using world = new Opened();
    const front = await aFront(world);

    const socket = await aTlsSocket(world, front, offered);

    expect(socket.alpnProtocol).toBe(chosen);
  });

  it("refuses a TLS client that offers only what it does not speak", async (test) => {
    const front = await aFront(test);

    await expect(aTlsSocket(test, front, ["h3"])).rejects.toThrow(/application.protocol/i);
    expect(await (await fetch(front.address)).text()).toBe("hello");
  });

  it("answers a client that ends its side once it has asked", async (test) => {
    const { port } = await aFront(test);
    const socket = await aSocket(test, port);

    socket.end("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

    expect(await text(socket)).toContain("hello");
  });

  it("takes a large request in whole, whatever came with its first bytes", async (test) => {
    const front = await aFront(test, {
      routes: (request, response) => {
        let bytes = 0;
        request.on("data", (chunk: Buffer) => (bytes += chunk.length));
        request.on("end", () => response.end(String(bytes)));
      },
    });

    const body = new Uint8Array(20_000_000);
    const response = await fetch(front.address, { method: "POST", body });

    expect(await response.text()).toBe("20000000");
  });
});

describe("a client that means no good", () => {
  const GARBAGE: readonly [string, Buffer][] = [
    ["zeros", Buffer.alloc(1_000)],
    ["what looks like TLS", Buffer.concat([Buffer.from([0x16, 3, 1, 0, 200]), Buffer.alloc(300)])],
    ["a TLS record that is too long", Buffer.from([0x16, 3, 1, 0xff, 0xff, 1, 2, 3])],
    ["a preface and no frames", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\ngarbage, garbage!")],
    [
      "a preface and a huge frame",
      Buffer.concat([
        Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        Buffer.from([255, 255, 255, 0, 0, 0, 0, 0, 1]),
      ]),
    ],
    ["a broken request line", Buffer.from("GET\r\n\r\n")],
    ["a strange host", Buffer.from("GET / HTTP/1.1\r\nHost: [\r\n\r\n")],
    [
      "a request that is smuggled",
      Buffer.from(
        "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
      ),
    ],
    ["a piece of a TLS handshake", Buffer.from([0x16, 3, 1, 0, 0x80, 1])],
    ["a half preface, then an end", Buffer.from("PRI * HT")],
  ];

  it.each(GARBAGE)("sends %s and harms nobody", async (_what, bytes) => {
    await using world = new Opened();
    // No time limit helps: an end is noticed by itself.
    const { port } = await aFront(world, { firstBytesMs: 600_000 });
    const patient = new GrpcClient(world, port);
    await patient.unary(getHealth, {});
    const socket = await aSocket(world, port);
    const closed = once(socket.resume(), "close");

    socket.end(bytes);
    await closed;

    expect((await patient.unary(getHealth, {})).answer).toMatchObject({ status: "ok" });
  });

  it.each(["nothing", "PRI * HTTP/2.0\r\n", "\u0016\u0003\u0001", "GET / HTTP/1.1\r\n"])(
    "resets its connection after %j and harms nobody",
    async (bytes) => {
      await using world = new Opened();
      const front = await aFront(world);
      for (let round = 0; round < 20; round += 1) {
        const socket = await aSocket(world, front.port);
        if (bytes !== "nothing") await new Promise((resolve) => socket.write(bytes, resolve));
        socket.resetAndDestroy();
      }

      expect(await (await fetch(front.address)).text()).toBe("hello");
    },
  );

  it("resets in the middle of TLS and of an answer, and harms nobody", async (test) => {
    const front = await aFront(test, {
      routes: (_request, response) => void response.end(Buffer.alloc(10_000_000)),
    });
    for (let round = 0; round < 5; round += 1) {
      const secure = await aTlsSocket(test, front, ["http/1.1"]);
      secure.on("error", () => undefined);
      secure.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(secure, "data");
      secure.destroy();
      const plain = await aSocket(test, front.port);
      plain.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
      await once(plain, "data");
      plain.resetAndDestroy();
    }

    expect((await (await fetch(front.address)).arrayBuffer()).byteLength).toBe(10_000_000);
  });

  it.each([
    ["says nothing", ""],
    ["stops inside the preface", "PRI * HTTP"],
  ])("%s, and is cut off when its time is up", async (_what, bytes) => {
    await using world = new Opened();
    const clock = new ManualClock(START_AT);
    const front = await aFront(world, { clock });
    const socket = await aSocket(world, front.port);
    const closed = once(socket.resume(), "close");
    await new Promise((resolve) => socket.write(Buffer.from(bytes, "latin1"), resolve));
    await until(() => clock.nextAlarmAt() !== undefined);

    await clock.advance(limits.firstBytesMs - 1);
    expect(socket.destroyed).toBe(false);
    await clock.advance(1);

    await closed;
    await Promise.all([front.close(), clock.advance(limits.drainGraceMs)]);
  });

  it("stops inside the TLS handshake, and is cut off when its time is up", async (test) => {
    const { port } = await aFront(test, { firstBytesMs: 100 });
    const socket = await aSocket(test, port);
    socket.resume().write(Buffer.from([0x16, 3, 1, 0, 0x80, 1]));

    await once(socket, "close");
  });

  it("sends a request's head byte by byte without end, and is cut off", async (test) => {
    const front = await aFront(test, { headersMs: 100 });
    const socket = await aSocket(test, front.port);
    socket.write("GET / HTTP/1.1\r\n");
    const dribble = setInterval(() => socket.write("x"), 20);
    test.onTestFinished(() => clearInterval(dribble));

    expect(await text(socket)).toContain("408");
  });
});

describe("a port that is taken", () => {
  it("is an error that says what to do", async (test) => {
    const { port } = await aFront(test);

    await expect(aFront(test, { port })).rejects.toMatchObject({
      code: "USAGE",
      message: `Cannot listen on 127.0.0.1:${port}: another program has it; choose one with --port`,
    });
  });
});

describe("a front port that closes", () => {
  it("does so though clients keep idle connections of every kind", async (test) => {
    const front = await aFront(test);
    const { port, ca } = front;
    const agent = new Agent({ keepAlive: true });
    const tlsAgent = new TlsAgent({ keepAlive: true });
    test.onTestFinished(() => agent.destroy());
    test.onTestFinished(() => tlsAgent.destroy());
    await new GrpcClient(test, port).unary(getHealth, {});
    await new GrpcClient(test, port, { ca }).unary(getHealth, {});
    await bodyOf(httpGet(front.address, { agent }));
    await bodyOf(httpsGet({ port, host: "localhost", ca, agent: tlsAgent }));
    await aTlsSocket(test, front, ["http/1.1"]);
    await aSocket(test, port);
    (await aTlsSocket(test, front, ["h2"])).resume();
    const startedMs = performance.now();

    await front.close();

    expect(performance.now() - startedMs).toBeLessThan(limits.drainGraceMs);
    await expect(fetch(front.address)).rejects.toThrow();
  });

  it("lets calls and requests under way end", async (test) => {
    const { promise: may, resolve: go } = Promise.withResolvers<undefined>();
    const began = {
      http: Promise.withResolvers<undefined>(),
      grpc: Promise.withResolvers<undefined>(),
    };
    const front = await aFront(test, {
      routes: (_request, response) => {
        began.http.resolve(undefined);
        void may.then(() => response.end("late"));
      },
      api: anApi({
        health: async () => {
          began.grpc.resolve(undefined);
          await may;
          return "late";
        },
      }),
    });
    const called = new GrpcClient(test, front.port).unary(getHealth, {});
    const asked = fetch(front.address);
    await Promise.all([began.http.promise, began.grpc.promise]);

    const closed = front.close();
    go(undefined);

    expect((await called).answer).toMatchObject({ status: "late" });
    expect(await (await asked).text()).toBe("late");
    await closed;
  });

  it("cuts off what does not end within the grace", async (test) => {
    const began = Promise.withResolvers<undefined>();
    const front = await aFront(test, {
      routes: () => began.resolve(undefined),
      api: anApi({ health: async () => await new Promise(() => undefined) }),
    });
    const called = new GrpcClient(test, front.port).unary(getHealth, {});
    const asked = fetch(front.address).catch(() => "cut off");
    await began.promise;

    await front.close();

    expect((await called).error).toMatchObject({ code: 14 });
    expect(await asked).toBe("cut off");
  });

  it("may open again on the same port while a client's channel is idle", async (test) => {
    const directory = aFolder(test);
    const first = await aFront(test, { directory });
    const client = new GrpcClient(test, first.port, { ca: first.ca });
    await client.unary(getHealth, {});
    await first.close();

    await aFront(test, { directory, port: first.port });
    const { answer } = await client.unary(getHealth, {}, { waits: true });

    expect(answer).toMatchObject({ status: "ok" });
  });
});

describe("an address", () => {
  it("is written as a URL does, also that of IPv6", async (test) => {
    const front = await aFront(test, { host: "::1" });

    expect(front.address).toBe(`http://[::1]:${front.port}`);
    expect(await (await fetch(front.address)).text()).toBe("hello");
  });
});
