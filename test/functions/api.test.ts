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
  readonly body: unknown;
}

async function answer(event: object, changes: object = {}): Promise<Answer> {
  const { statusCode, body } = (await world.call("api", { ...event, ...changes })) as {
    statusCode: number;
    body: string;
  };
  return { status: statusCode, body: JSON.parse(body) };
}

const post = recordedEvent("http-1.0");
const message = (body: object | string) => ({
  body: typeof body === "string" ? body : JSON.stringify(body),
  isBase64Encoded: false,
});
const get = (resource: string, changes: object = {}) => ({
  ...recordedEvent("http-1.0-run"),
  resource,
  path: resource,
  pathParameters: {},
  ...changes,
});
const error = (code: string, text: string) => ({
  error: { code, message: expect.stringContaining(text) as string },
});

describe("a request in either payload format", () => {
  it.each(["http-1.0", "http-0.1"])("posts a message, and its run is made: %s", async (name) => {
    expect(await answer(recordedEvent(name))).toEqual({ status: 202, body: { id: "order-1" } });

    await world.deliverAll();
    expect(await world.onlyRun("nightly")).toMatchObject({
      cause: { kind: "message", id: "order-1" },
    });
  });

  it.each(["http-1.0-run", "http-0.1-run"])("shows a run: %s", async (name) => {
    const run = await world.askRun("nightly", "p1");
    const event = JSON.parse(JSON.stringify(recordedEvent(name)).replaceAll("RUN", run)) as object;

    const { status, body } = await answer(event);

    expect(status).toBe(200);
    expect(body).toMatchObject({ run, schedule: "nightly", state: "queued", cause: "person" });
  });
});

describe("a request", () => {
  it.each([
    ["Authorization", "Bearer token"],
    ["authorization", "bearer token"],
    ["AUTHORIZATION", "BEARER token"],
  ])("is let in by the header %s: %s", async (name, value) => {
    expect((await answer(post, { headers: { [name]: value } })).status).toBe(202);
  });

  it.each([
    ["no header", {}],
    ["another token", { Authorization: "Bearer tokem" }],
    ["the beginning of the token", { Authorization: "Bearer toke" }],
    ["no token", { Authorization: "Bearer " }],
    ["another scheme", { Authorization: "Basic token" }],
    ["the token alone", { Authorization: "token" }],
  ])("is kept out with %s, and does nothing", async (_what, headers) => {
    expect(await answer(post, { headers })).toEqual({
      status: 401,
      body: error("UNAUTHENTICATED", "Bearer"),
    });

    await world.deliverAll();
    expect(await world.runs()).toEqual([]);
  });

  it("for the health of the product needs no token", async () => {
    expect(await answer(get("/orrery/v1/health", { headers: null }))).toEqual({
      status: 200,
      body: { status: "ok" },
    });
  });

  it.each(["/orrery/v2/runs", "", "/orrery/v1/messages"])(
    "for a route that is not there is answered so: GET %s",
    async (resource) => {
      expect(await answer(get(resource))).toEqual({
        status: 404,
        body: error("NOT_FOUND", "There is no GET"),
      });
    },
  );

  it.each(["nobody", "nightly.20270115T000000Z.00000000", "../runs", ""])(
    "for a run that is not there is answered so: %s",
    async (run) => {
      const event = get("/orrery/v1/runs/{run}", { pathParameters: { run } });

      expect(await answer(event)).toEqual({
        status: 404,
        body: error("NOT_FOUND", "There is no run"),
      });
    },
  );

  it("that is no HTTP event at all is refused with the place", async () => {
    await expect(world.call("api", recordedEvent("timer"))).rejects.toThrow("httpMethod");
  });
});

describe("a message that is posted", () => {
  it.each([
    ["no JSON", "{", "the body is not JSON"],
    ["nothing", "", "the body is not JSON"],
    ["no schedule", { id: "x" }, "schedule"],
    ["too long an id", { schedule: "nightly", id: "x".repeat(limits.requestIdChars + 1) }, "id"],
  ])("is refused with the place where it has %s", async (_what, body, place) => {
    expect(await answer(post, message(body))).toEqual({
      status: 400,
      body: error("INVALID_ARGUMENT", place),
    });
  });

  it("is refused where no queue can carry it, though each of its inputs is short enough", async () => {
    const names = Array.from({ length: limits.jobListEntries }, (_, index) => `INPUT_${index}`);
    const value = "ж".repeat(limits.inputValueChars).replaceAll("ж", "\u0001");
    const inputs = Object.fromEntries(names.map((name) => [name, value]));

    expect(await answer(post, message({ schedule: "nightly", inputs }))).toEqual({
      status: 400,
      body: error("INVALID_ARGUMENT", "bytes"),
    });
  });

  it("is given an id where it names none, under which it can be asked for again", async () => {
    const { status, body } = await answer(post, message({ schedule: "nightly" }));
    await world.deliverAll();

    expect(status).toBe(202);
    const { cause } = await world.onlyRun("nightly");
    expect(body).toEqual({ id: cause.kind === "message" ? cause.id : "" });
  });
});

describe("the list of runs over HTTP", () => {
  it("has the runs of the schedule that the query names", async () => {
    const run = await world.askRun("nightly", "p1");
    const listed = async (schedule: string): Promise<unknown> =>
      (await answer(get("/orrery/v1/runs", { queryStringParameters: { schedule } }))).body;

    expect(await listed("nightly")).toMatchObject({ runs: [{ run }] });
    expect(await listed("other")).toEqual({ runs: [] });
    expect(await listed("no name\u0000")).toEqual(error("INVALID_ARGUMENT", "schedule"));
    expect((await answer(get("/orrery/v1/runs"))).body).toMatchObject({ runs: [{ run }] });
  });

  it("shows no value of an input", async () => {
    const inputs = { TOKEN: "s3cret" };
    await answer(post, message({ schedule: "nightly", inputs }));
    await world.deliverAll();

    const text = JSON.stringify(await answer(get("/orrery/v1/runs")));

    expect(text).toContain("TOKEN");
    expect(text).not.toContain("s3cret");
  });
});
