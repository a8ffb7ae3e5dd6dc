import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../../shared/core/limits.ts";
import { MINUTE_MS, SECOND_MS } from "../../../../shared/core/time/duration.ts";
import { aConfiguration, aSchedule, aSubscription } from "../../../support/builders.ts";
import { anOutput, exits, obeys } from "../../../support/scripted-executor.ts";
import { recordedEvent } from "../../../functions/recorded-event.ts";
import { OrreryWorld } from "./orrery-world.ts";

/** Our own API as plain HTTP clients see it, through the function that answers them. */
let world: OrreryWorld;
beforeEach(async () => {
  world = new OrreryWorld();
  await world.apply(
    aConfiguration({
      schedules: [aSchedule({ overlap: "allow" })],
      subscriptions: [aSubscription({ on: ["run.succeeded"], target: { kind: "log" } })],
      limits: { unitsPerHour: 10_000, balance: 20_000 },
    }),
  );
});
afterEach(async () => await world.close());

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function http(method: string, path: string, body?: object): Promise<Answer> {
  const [, query = ""] = path.split("?");
  const { statusCode, body: text } = (await world.call("api", {
    ...recordedEvent("http-1.0"),
    httpMethod: method,
    path: path.split("?")[0],
    body: body === undefined ? "" : JSON.stringify(body),
    isBase64Encoded: false,
    queryStringParameters: {},
    multiValueQueryStringParameters: Object.fromEntries(
      Array.from(new URLSearchParams(query), ([name, value]) => [name, [value]]),
    ),
  })) as { readonly statusCode: number; readonly body: string };
  return { status: statusCode, body: JSON.parse(text) as unknown };
}

/** A run that ended well and left a file. */
async function ended(): Promise<string> {
  world.willRun("nightly", {
    ...exits(10 * SECOND_MS),
    outputs: [anOutput("model.bin", "weights")],
    prints: "epoch 1\n",
  });
  const run = await world.askRun("nightly", "p1");
  await world.live(MINUTE_MS);
  return run;
}

describe("a run over HTTP", () => {
  it("has whole numbers of 64 bits as texts, others as numbers, and instants as texts", async () => {
    const run = await ended();

    const { status, body } = await http("GET", `/orrery/v1/runs/${run}`);

    expect(status).toBe(200);
    expect(body).toEqual({
      run,
      schedule: "nightly",
      project: "demo",
      state: "succeeded",
      cause: "person",
      causeId: "p1",
      priority: "normal",
      nominalAt: "2027-01-15T00:00:00Z",
      effectiveAt: "2027-01-15T00:00:00Z",
      finishedAt: expect.stringMatching(/^2027-01-15T00:00:\d\d/) as string,
      attempts: [
        {
          attempt: `${run}.1`,
          number: 1,
          operation: expect.stringMatching(/^demo\./) as string,
          instanceType: "c1.4",
          unitsHeld: "7240",
          unitsSettled: "40",
          exitCode: 0,
          admittedAt: "2027-01-15T00:00:00Z",
          startedAt: "2027-01-15T00:00:00Z",
          endedAt: "2027-01-15T00:00:10Z",
          softLimit: "1800s",
          hardLimit: "1809.500s",
          outputs: [{ path: "model.bin", sha256: anOutput("", "weights").sha256, bytes: "7" }],
        },
      ],
    });
  });

  it("is made, explained, read and cancelled by its routes", async () => {
    world.alwaysRuns("nightly", { ...obeys, prints: "epoch 1\n" });
    const made = await http("POST", "/orrery/v1/runs", { schedule: "nightly", id: "w1" });
    await world.deliverAll();
    await http("POST", "/orrery/v1/runs", { schedule: "nightly", id: "w2" });
    const { run } = made.body as { readonly run: string };
    await world.live(SECOND_MS);
    const [second] = (await world.runs()).filter(({ id }) => id !== run);

    const again = await http("POST", "/orrery/v1/runs", { schedule: "nightly", id: "w1" });
    const explained = await http("GET", `/orrery/v1/runs/${second?.id ?? ""}:explain`);
    const logs = await http("GET", `/orrery/v1/runs/${run}:logs?follow=true&offset=2`);
    const cancelled = await http("POST", `/orrery/v1/runs/${run}:cancel`, {});

    expect(again.body).toEqual({ run, repeated: true });
    expect(explained.body).toMatchObject({
      decision: { kind: "wait", reason: { code: "limit_hour" } },
      checks: [{}, {}, { rule: "hour", compared: { unitsPerHour: 10_000 }, relief: "at" }, {}],
    });
    expect(logs.body).toEqual([
      { content: Buffer.from("och 1\n").toString("base64"), offset: "8" },
    ]);
    expect(cancelled.body).toMatchObject({ run, state: "running" });
  });

  it("is listed by pages whose token stands in the query", async () => {
    for (const id of ["a", "b", "c"]) await world.askRun("nightly", id);

    const first = await http("GET", "/orrery/v1/runs?pageSize=2&state=queued");
    const { runs, nextPageToken } = first.body as { runs: object[]; nextPageToken: string };
    const second = await http("GET", `/orrery/v1/runs?page_size=2&page_token=${nextPageToken}`);

    expect(runs).toHaveLength(2);
    expect(second.body).toEqual({ runs: [expect.objectContaining({ state: "queued" })] });
  });
});

describe("a message over HTTP", () => {
  it("is sent, and becomes a run", async () => {
    world.alwaysRuns("nightly", exits(SECOND_MS));

    const answer = await http("POST", "/orrery/v1/messages", {
      schedule: "nightly",
      id: "order-1",
      inputs: { DATE: "2027-01-15" },
    });
    await world.deliverAll();

    expect(answer).toEqual({ status: 200, body: { id: "order-1" } });
    expect(await world.onlyRun("nightly")).toMatchObject({ inputs: { DATE: "2027-01-15" } });
  });

  it("that is too large is refused as wrong, with the field", async () => {
    const inputs = Object.fromEntries(
      Array.from({ length: 70 }, (_, n) => [`V${n}`, "€".repeat(limits.inputValueChars)]),
    );

    const { status, body } = await http("POST", "/orrery/v1/messages", {
      schedule: "nightly",
      inputs,
    });

    expect(status).toBe(400);
    expect(body).toMatchObject({
      code: 3,
      details: [{ fieldViolations: [{ field: "inputs" }] }, {}],
    });
  });
});

describe("what an installation keeps, over HTTP", () => {
  it("has whole numbers of 64 bits as texts, and leaves 0 out", async () => {
    await ended();

    expect((await http("GET", "/orrery/v1/projects/demo/usage")).body).toEqual({
      project: "demo",
      unitsPerHour: "10000",
      balance: "19960",
      fundedUnits: "20000",
      spentLastHourUnits: "40",
      spentTodayUnits: "40",
      spentMonthUnits: "40",
    });
    expect((await http("GET", "/orrery/v1/projects/demo/entries?pageSize=1")).body).toMatchObject({
      entries: [{ seq: "3", kind: "settle", units: "40", balanceAfter: "19960" }],
      nextPageToken: expect.any(String) as string,
    });
  });

  it.each([
    ["/orrery/v1/schedules", { schedules: [{ schedule: "nightly", timeout: "1800s" }] }],
    ["/orrery/v1/schedules/nightly", { nextFire: { nominalAt: "2027-01-15T02:30:00Z" } }],
    [
      "/orrery/v1/schedules/nightly/fires?from=2027-02-01T00:00:00Z&pageSize=1",
      { fires: [{ nominalAt: "2027-02-01T02:30:00Z", effectiveAt: "2027-02-01T02:30:00Z" }] },
    ],
    ["/orrery/v1/deliveries", { deliveries: [{ type: "run.succeeded", state: "delivered" }] }],
    ["/orrery/v1/rejections", {}],
    ["/orrery/v1/health", { status: "ok" }],
  ])("is read by its route: %s", async (path, expected) => {
    await ended();

    expect(await http("GET", path)).toMatchObject({ status: 200, body: expected });
  });

  it("gives tokens out and takes them back", async () => {
    const made = await http("POST", "/orrery/v1/tokens", { subjectId: "vera" });
    const { token } = made.body as { readonly token: { readonly id: string } };
    const listed = await http("GET", "/orrery/v1/tokens");
    const deleted = await http("DELETE", `/orrery/v1/tokens/${token.id}`);

    expect(made.body).toMatchObject({ secret: expect.stringMatching(/^orr_/) as string });
    expect(listed.body).toEqual({ tokens: [token] });
    expect(deleted).toEqual({ status: 200, body: {} });
    expect((await http("GET", "/orrery/v1/tokens")).body).toEqual({});
  });
});
