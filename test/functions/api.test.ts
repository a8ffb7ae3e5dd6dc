import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../shared/core/limits.ts";
import { SECOND_MS } from "../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule } from "../support/builders.ts";
import { exits } from "../support/scripted-executor.ts";
import { World } from "../support/world.ts";
import { recordedEvent } from "./recorded-event.ts";

let world: World;
beforeEach(async () => {
  world = new World();
  world.alwaysRuns("nightly", exits(SECOND_MS));
  await world.apply(aConfiguration({ schedules: [aSchedule({ timing: null })] }));
});
afterEach(async () => await world.close());

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

async function answer(event: object, changes: object = {}): Promise<Answer> {
  const { statusCode, headers, body } = (await world.call("api", { ...event, ...changes })) as {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
  };
  return { status: statusCode, headers, body: body === "" ? undefined : JSON.parse(body) };
}

const post = recordedEvent("http-1.0");
const message = (body: object | string) => ({
  body: typeof body === "string" ? body : JSON.stringify(body),
  isBase64Encoded: false,
});
const get = (path: string, changes: object = {}) => ({
  ...recordedEvent("http-1.0-run"),
  path,
  ...changes,
});
const status = (code: number, text: string) => ({
  code,
  message: expect.stringContaining(text) as string,
  details: expect.arrayContaining([
    expect.objectContaining({ "@type": "type.googleapis.com/google.rpc.RequestInfo" }),
  ]) as unknown[],
});

describe("a request in either payload format", () => {
  it.each(["http-1.0", "http-0.1"])("posts a message, and its run is made: %s", async (name) => {
    expect(await answer(recordedEvent(name))).toMatchObject({
      status: 200,
      body: { id: "order-1" },
    });

    await world.deliverAll();
    expect(await world.onlyRun("nightly")).toMatchObject({
      cause: { kind: "message", id: "order-1" },
    });
  });

  it.each(["http-1.0-run", "http-0.1-run"])("shows a run: %s", async (name) => {
    const run = await world.askRun("nightly", "p1");
    const event = JSON.parse(JSON.stringify(recordedEvent(name)).replaceAll("RUN", run)) as object;

    const { status: code, body } = await answer(event);

    expect(code).toBe(200);
    expect(body).toMatchObject({ run, schedule: "nightly", state: "queued", cause: "person" });
  });

  it.each(["http-1.0-run", "http-0.1-run"])(
    "is named as the gateway named it: %s",
    async (name) => {
      const { headers } = await answer(recordedEvent(name));

      expect(headers["X-Request-Id"]).toBe("e2f1-0001");
    },
  );
});

describe("a request's query", () => {
  const runs = async (query: object, changes: object = {}): Promise<Answer> =>
    await answer(get("/orrery/v1/runs", { ...query, ...changes }));

  it("is read with every value of every name", async () => {
    const run = await world.askRun("nightly", "p1");

    const listed = await runs({ multiValueQueryStringParameters: { schedule: ["nightly"] } });

    expect(listed.body).toMatchObject({ runs: [{ run }] });
    expect(
      (await runs({ multiValueQueryStringParameters: { schedule: ["nightly", "other"] } })).body,
    ).toEqual(status(3, "schedule: is there twice"));
  });

  it("is read from the single values where there are no others", async () => {
    const queryStringParameters = { schedule: "other" };
    const both = { queryStringParameters, multiValueQueryStringParameters: null };

    expect((await runs(both)).body).toEqual({});
  });

  it("beside a URL of its own is read once", async () => {
    const event = { ...recordedEvent("http-0.1-run"), url: "/orrery/v1/runs?schedule=other" };
    const multiValueQueryStringParameters = { schedule: ["other"] };

    expect(await answer(event, { multiValueQueryStringParameters })).toMatchObject({
      status: 200,
      body: {},
    });
  });
});

describe("a request", () => {
  it.each([
    ["Authorization", "Bearer token"],
    ["authorization", "bearer token"],
    ["AUTHORIZATION", "BEARER token"],
  ])("is let in by the header %s: %s", async (name, value) => {
    const headers = { [name]: value };

    expect((await answer(post, { headers })).status).toBe(200);
  });

  it.each([
    ["no header", {}],
    ["another token", { Authorization: "Bearer tokem" }],
    ["the beginning of the token", { Authorization: "Bearer toke" }],
    ["no token", { Authorization: "Bearer " }],
    ["another scheme", { Authorization: "Basic token" }],
    ["the token alone", { Authorization: "token" }],
  ])("is kept out with %s, and does nothing", async (_what, headers) => {
    const { status: code } = await answer(post, { headers });

    expect([401, 403]).toContain(code);
    await world.deliverAll();
    expect(await world.runs()).toEqual([]);
  });

  it("for the health of the product needs no token", async () => {
    expect(await answer(get("/orrery/v1/health", { headers: null }))).toMatchObject({
      status: 200,
      body: { status: "ok" },
    });
  });

  it.each(["/orrery/v2/runs", "", "/", "/orrery/v1/messages/more"])(
    "for a route that is not there is answered so: GET %s",
    async (path) => {
      expect(await answer(get(path))).toMatchObject({
        status: 404,
        body: status(5, "There is no GET"),
      });
    },
  );

  it.each(["nobody", "nightly.20270115T000000Z.00000000", "..", "%2e%2e%2fruns", "%00"])(
    "for a run that is not there is answered so: %s",
    async (run) => {
      const { status: code, body } = await answer(get(`/orrery/v1/runs/${run}`));

      expect(code).toBe(404);
      expect(body).toEqual(status(5, "run"));
    },
  );

  it("that is no HTTP event at all is refused with the place", async () => {
    await expect(world.call("api", recordedEvent("timer"))).rejects.toThrow("httpMethod");
  });
});

describe("a message that is posted", () => {
  it.each([
    ["no JSON", "{", "not JSON"],
    ["no schedule", { id: "x" }, "schedule"],
    ["too long an id", { schedule: "nightly", id: "x".repeat(limits.requestIdChars + 1) }, "id"],
    ["a member nobody knows", { schedule: "nightly", retries: 3 }, "retries"],
  ])("is refused with the place where it has %s", async (_what, body, place) => {
    expect(await answer(post, message(body))).toMatchObject({
      status: 400,
      body: status(3, place),
    });
  });

  it("is given an id where it names none, under which it can be asked for again", async () => {
    const { status: code, body } = await answer(post, message({ schedule: "nightly" }));
    await world.deliverAll();

    expect(code).toBe(200);
    const { cause } = await world.onlyRun("nightly");
    expect(body).toEqual({ id: cause.kind === "message" ? cause.id : "" });
  });

  it("has its inputs' values shown to nobody", async () => {
    await answer(post, message({ schedule: "nightly", inputs: { TOKEN: "s3cret" } }));
    await world.deliverAll();

    const text = JSON.stringify((await answer(get("/orrery/v1/runs"))).body);

    expect(text).toContain("TOKEN");
    expect(text).not.toContain("s3cret");
  });
});

describe("the description of an API", () => {
  const described = async (name: string, changes: object = {}): Promise<Answer> =>
    await answer(get(`/openapi/${name}`, { headers: {}, ...changes }));

  it.each([
    ["datasphere.json", "/datasphere/v2/communities"],
    ["orrery.json", "/orrery/v1/runs"],
  ])("is there for everybody: %s", async (name, path) => {
    const { status: code, body } = await described(name);

    expect(code).toBe(200);
    expect(body).toMatchObject({
      openapi: "3.1.0",
      servers: [{ url: "http://127.0.0.1:7070" }],
      paths: { [path]: {} },
    });
  });

  it("is sent once to whoever keeps it", async () => {
    const { headers } = await described("orrery.json");

    expect(headers["Cache-Control"]).toBe("public, no-cache");
    const again = await described("orrery.json", { headers: { "If-None-Match": headers["ETag"] } });
    expect(again).toMatchObject({ status: 304, body: undefined });
    expect((await described("orrery.json", { httpMethod: "HEAD" })).body).toBeUndefined();
  });

  it.each([
    ["other.json", "GET"],
    ["", "GET"],
    ["constructor", "GET"],
    ["orrery.json", "POST"],
  ])("is answered as any unknown route where there is none: %s by %s", async (name, httpMethod) => {
    expect(await described(name, { httpMethod })).toMatchObject({ status: 404, body: { code: 5 } });
  });
});
