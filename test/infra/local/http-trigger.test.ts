import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { decodeHttpEvent, type HttpRequest } from "../../../functions/api/http-event.ts";
import { startHttp, type HttpRoute, type HttpTrigger } from "../../../infra/local/http-trigger.ts";
import { limits } from "../../../shared/core/limits.ts";
import { realClock } from "../../support/real-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { keptLog, type KeptLog } from "../../support/kept-log.ts";

interface World {
  readonly http: HttpTrigger;
  readonly port: number;
  readonly log: KeptLog;
  /** What reached a function, as its own decoder reads it. */
  readonly requests: readonly HttpRequest[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

let open: HttpTrigger[] = [];
afterEach(async () => {
  await Promise.all(open.map(async (http) => await http.close()));
  open = [];
});

const ok = (body = ""): unknown => ({ statusCode: 200, body });

async function aWorld(
  answer: (request: HttpRequest) => unknown = () => ok(),
  paths: readonly string[] = ["GET /runs", "POST /runs", "GET /runs/{run}/log"],
): Promise<World> {
  const log = keptLog();
  const requests: HttpRequest[] = [];
  const routes = paths.map((each): HttpRoute => {
    const [method = "", path = ""] = each.split(" ");
    return {
      method,
      path,
      call: async (event) => {
        const request = decodeHttpEvent(event);
        requests.push(request);
        return await answer(request);
      },
    };
  });
  const host = "127.0.0.1";
  const world = { clock: realClock, random: seededRandom(1), log };
  const http = await startHttp({ ...world, host, port: 0, routes });
  open.push(http);
  return {
    http,
    port: Number(new URL(http.address).port),
    log,
    requests,
    fetch: async (path, init) => await fetch(`${http.address}${path}`, init),
  };
}

/** Sends a request line as it is, which `fetch` would tidy, and resolves to the first answer line. */
async function statusLineOf(port: number, requestLine: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(`${requestLine}\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const answer = await text(socket);
  return answer.split("\r\n")[0] ?? "";
}

describe("a request for a route", () => {
  it("reaches its function with method, path, query, headers and body", async () => {
    const world = await aWorld();

    await world.fetch("/runs?schedule=nightly&schedule=hourly&x=%2F", {
      method: "POST",
      headers: { Authorization: "Bearer t" },
      body: "ночь",
    });

    expect(world.requests).toMatchObject([
      {
        method: "POST",
        resource: "/runs",
        query: { schedule: "hourly", x: "/" },
        headers: { authorization: "Bearer t" },
        body: "ночь",
      },
    ]);
  });

  it("carries the decoded values of its path parameters, an encoded slash among them", async () => {
    const world = await aWorld();

    await world.fetch("/runs/night%2Fly%20%D0%BD/log");

    expect(world.requests).toMatchObject([
      { resource: "/runs/{run}/log", parameters: { run: "night/ly н" } },
    ]);
  });

  it("gets the function's status, headers and text", async () => {
    const headers = { "Content-Type": "text/plain; charset=utf-8", "X-One": "1" };
    const world = await aWorld(() => ({ statusCode: 201, headers, body: "сделано" }));

    const response = await world.fetch("/runs");

    expect(response.status).toBe(201);
    expect(response.headers.get("x-one")).toBe("1");
    expect(await response.text()).toBe("сделано");
  });

  it("gets bytes that the function answers in base64", async () => {
    const bytes = Uint8Array.from([0, 255, 10, 13, 128]);
    const body = Buffer.from(bytes).toString("base64");
    const world = await aWorld(() => ({ statusCode: 200, body, isBase64Encoded: true }));

    const response = await world.fetch("/runs");

    expect(new Uint8Array(await response.arrayBuffer())).toEqual(bytes);
  });
});

describe("a request for no route", () => {
  it.each([
    ["an unknown path", "/elsewhere"],
    ["a path with more segments", "/runs/a/log/more"],
    ["a path with an empty parameter", "/runs//log"],
    ["a parameter that is no UTF-8", "/runs/%E0%A4%A/log"],
    ["a trailing slash", "/runs/"],
  ])("is answered 404 for %s", async (_what, path) => {
    const world = await aWorld();

    expect((await world.fetch(path)).status).toBe(404);
    expect(world.requests).toEqual([]);
  });

  it("is answered 405 for another method, with those that are allowed", async () => {
    const world = await aWorld();

    const response = await world.fetch("/runs", { method: "DELETE" });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("GET, POST");
    expect(await response.json()).toEqual({ error: { message: "No such route" } });
  });

  it.each([
    ["GET //runs HTTP/1.1", 404],
    ["GET //[ HTTP/1.1", 404],
    ["GET http://elsewhere/runs HTTP/1.1", 400],
    ["OPTIONS * HTTP/1.1", 400],
  ])("is told apart from one whose target is strange: %s", async (line, status) => {
    const world = await aWorld();

    expect(await statusLineOf(world.port, line)).toContain(` ${status} `);
    expect(world.log.entries).toEqual([]);
  });
});

describe("a body", () => {
  it("is passed on whole up to the limit", async () => {
    const world = await aWorld((request) => ok(String(request.body.length)));

    const body = "x".repeat(limits.httpBodyBytes);
    const response = await world.fetch("/runs", { method: "POST", body });

    expect(await response.text()).toBe(String(limits.httpBodyBytes));
  });

  it("over the limit is answered 413, and the sender hears it", async () => {
    const world = await aWorld();

    // Far over it, so that the sender is still writing when the limit is reached.
    const body = "x".repeat(4 * limits.httpBodyBytes);
    const response = await world.fetch("/runs", { method: "POST", body });

    expect(response.status).toBe(413);
    expect(world.requests).toEqual([]);
    expect((await world.fetch("/runs")).status).toBe(200);
  });

  it("may come slowly, in pieces that split a letter", async () => {
    const world = await aWorld((request) => ok(request.body));
    const bytes = Buffer.from("ночь");
    const request = httpRequest(`${world.http.address}/runs`, { method: "POST" });
    const answered = once(request, "response") as Promise<[IncomingMessage]>;

    for (const byte of bytes) {
      await new Promise<void>((resolve) => {
        request.write(Buffer.from([byte]), () => setImmediate(resolve));
      });
    }
    request.end();
    const [response] = await answered;

    expect(await text(response)).toBe("ночь");
  });

  it("cut short by its sender reaches no function and leaves the listener well", async () => {
    const world = await aWorld();
    const socket = connect(world.port, "127.0.0.1");
    socket.write("POST /runs HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf");
    await new Promise<void>((resolve) => socket.end(resolve));
    await once(socket.resume(), "close");

    expect((await world.fetch("/runs")).status).toBe(200);
    expect(world.requests.map((request) => request.method)).toEqual(["GET"]);
  });
});

describe("a function that fails", () => {
  it.each([
    ["throws", () => Promise.reject(new Error("boom"))],
    ["answers nothing", () => undefined],
    ["answers no status", () => ({ body: "x" })],
    ["answers a status that is none", () => ({ statusCode: 42 })],
    ["answers a body that is no text", () => ({ statusCode: 200, body: { a: 1 } })],
    ["answers a header that HTTP forbids", () => ({ statusCode: 200, headers: { "a b": "1" } })],
  ])("is a 502 with a line in the log where it %s", async (_what, answer) => {
    const world = await aWorld(answer);

    const response = await world.fetch("/runs");

    expect(response.status).toBe(502);
    expect(await response.json()).toEqual({ error: { message: "The function failed" } });
    expect(world.log.entries).toMatchObject([{ level: "error", name: "http.failed" }]);
  });
});

describe("a port that is taken", () => {
  it("is an error that says what to do", async () => {
    const { port } = await aWorld();
    const world = { clock: realClock, random: seededRandom(1), log: keptLog() };

    const second = startHttp({ ...world, host: "127.0.0.1", port, routes: [] });

    await expect(second).rejects.toMatchObject({
      code: "USAGE",
      message: `Cannot listen on 127.0.0.1:${port}: another program has it; choose one with --port`,
    });
  });
});

describe("a listener", () => {
  it("writes an IPv6 address as a URL does", async () => {
    const world = { clock: realClock, random: seededRandom(1), log: keptLog() };

    const http = await startHttp({ ...world, host: "::1", port: 0, routes: [] });
    open.push(http);

    expect(http.address).toMatch(/^http:\/\/\[::1\]:\d+$/);
  });

  it("closes though a client keeps its connection open", async () => {
    const { http, port } = await aWorld();
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    const closed = once(socket, "close");

    await http.close();

    await closed;
    await expect(fetch(http.address)).rejects.toThrow();
  });
});
