import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { afterEach, describe, expect, it } from "vitest";
import { decodeHttpEvent } from "../../../functions/api/http-event.ts";
import { httpTrigger, type HttpRoute } from "../../../infra/local/http-trigger.ts";
import type { RestRequest } from "../../../shared/api/rest/rest-message.ts";
import { limits } from "../../../shared/core/limits.ts";
import { realClock } from "../../support/real-clock.ts";
import { seededRandom } from "../../support/seeded-random.ts";
import { keptLog, type KeptLog } from "../../support/kept-log.ts";

interface World {
  readonly address: string;
  readonly port: number;
  readonly log: KeptLog;
  /** What reached a function, as its own decoder reads it. */
  readonly requests: readonly RestRequest[];
  readonly events: readonly object[];
  fetch(path: string, init?: RequestInit): Promise<Response>;
}

let open: Server[] = [];
afterEach(() => {
  for (const server of open) server.close().closeAllConnections();
  open = [];
});

const ok = (body = ""): unknown => ({ statusCode: 200, body });

async function aWorld(
  answer: (request: RestRequest) => unknown = () => ok(),
  paths: readonly string[] = ["GET /runs", "POST /runs", "GET /runs/{run}/log"],
): Promise<World> {
  const log = keptLog();
  const requests: RestRequest[] = [];
  const events: object[] = [];
  const routes = paths.map((each): HttpRoute => {
    const [method = "", path = ""] = each.split(" ");
    return {
      method,
      path,
      call: async (event) => {
        const request = decodeHttpEvent(event);
        requests.push(request);
        events.push(event);
        return await answer(request);
      },
    };
  });
  const server = createServer(
    httpTrigger({ clock: realClock, random: seededRandom(1), log, routes }),
  );
  open.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const address = `http://127.0.0.1:${port}`;
  return {
    address,
    port,
    log,
    requests,
    events,
    fetch: async (path, init) => await fetch(`${address}${path}`, init),
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

    await world.fetch("/runs?schedule=nightly&x=%2F&schedule=hourly", {
      method: "POST",
      headers: { Authorization: "Bearer t" },
      body: "ночь",
    });

    expect(world.requests).toMatchObject([
      {
        method: "POST",
        path: "/runs",
        query: [
          ["schedule", "nightly"],
          ["schedule", "hourly"],
          ["x", "/"],
        ],
        headers: { authorization: "Bearer t" },
        body: Buffer.from("ночь"),
      },
    ]);
  });

  it("carries its path as it was sent, and the decoded values of its path parameters", async () => {
    const world = await aWorld();

    await world.fetch("/runs/night%2Fly%20%D0%BD/log");

    expect(world.requests).toMatchObject([{ path: "/runs/night%2Fly%20%D0%BD/log" }]);
    expect(world.events).toMatchObject([
      { resource: "/runs/{run}/log", pathParameters: { run: "night/ly н" } },
    ]);
  });

  it("is not confused by parameters named like members of every object", async () => {
    const world = await aWorld();

    const response = await world.fetch("/runs?__proto__=1&constructor=2&__proto__=3");

    expect(response.status).toBe(200);
    expect(world.requests[0]?.query).toEqual([["constructor", "2"]]);
  });

  it("gets the function's status, headers and text", async () => {
    const headers = { "Content-Type": "text/plain; charset=utf-8", "X-One": "1" };
    const world = await aWorld(() => ({ statusCode: 201, headers, body: "сделано" }));

    const response = await world.fetch("/runs");

    expect(response.status).toBe(201);
    expect(response.headers.get("x-one")).toBe("1");
    expect(await response.text()).toBe("сделано");
  });

  it("is told how long the answer is, and of HEAD and 204 nothing that is not so", async () => {
    const answer = ({ path }: RestRequest): unknown =>
      path === "/empty" ? { statusCode: 204 } : ok("сделано");
    const world = await aWorld(answer, ["ANY /runs", "GET /empty"]);

    const length = async (path: string, method: string): Promise<string | null> =>
      (await world.fetch(path, { method })).headers.get("content-length");

    expect(await length("/runs", "GET")).toBe("14");
    expect(await length("/runs", "HEAD")).toBe(null);
    expect(await length("/empty", "GET")).toBe(null);
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
    expect(await response.json()).toEqual({ code: 12, message: "No such route" });
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
    expect(await response.json()).toMatchObject({ code: 3 });
    expect(world.requests).toEqual([]);
    expect((await world.fetch("/runs")).status).toBe(200);
  });

  it("may come slowly, in pieces that split a letter", async () => {
    const world = await aWorld((request) => ok(Buffer.from(request.body).toString()));
    const bytes = Buffer.from("ночь");
    const request = httpRequest(`${world.address}/runs`, { method: "POST" });
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
    expect(await response.json()).toEqual({ code: 13, message: "The function failed" });
    expect(world.log.entries).toMatchObject([{ level: "error", name: "http.failed" }]);
  });
});
