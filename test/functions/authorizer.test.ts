import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bearerOf } from "../../functions/authorizer/bearer.ts";
import { handler } from "../../functions/authorizer/index.ts";
import { World } from "../support/world.ts";
import { recordedEvent } from "./recorded-event.ts";

/** What a gateway asks before it calls the function behind it. */
function question(headers: unknown): never {
  const asked = {
    resource: "/orrery/v1/{proxy+}",
    path: "/orrery/v1/runs",
    httpMethod: "GET",
    headers,
    queryStringParameters: {},
    pathParameters: { proxy: "runs" },
    requestContext: { requestId: "r-1", identity: { sourceIp: "203.0.113.7", userAgent: "curl" } },
    cookies: {},
  };
  return asked as never;
}

const ask = async (headers: unknown): Promise<unknown> =>
  await handler(question(headers), undefined as never);

describe("the authorizer", () => {
  it("hands a bearer token on, whatever case its header is written in", async () => {
    for (const name of ["Authorization", "authorization", "AUTHORIZATION"]) {
      expect(await ask({ Host: "example.org", [name]: "bearer  s3cret.~+/-_=" })).toEqual({
        isAuthorized: true,
        context: { authorization: "Bearer s3cret.~+/-_=" },
      });
    }
  });

  it.each([
    ["no headers", undefined],
    ["no such header", {}],
    ["another scheme", { Authorization: "Basic dTpw" }],
    ["no token", { Authorization: "Bearer " }],
    ["two tokens", { Authorization: "Bearer a b" }],
    ["a line break", { Authorization: "Bearer a\r\nX-Evil: 1" }],
    ["the header twice", { Authorization: "Bearer a", authorization: "Bearer b" }],
    ["a list", { Authorization: ["Bearer a"] }],
    ["more than any token has", { Authorization: `Bearer ${"a".repeat(5_000)}` }],
  ])("turns away what cannot be a token: %s", async (_, headers) => {
    expect(await ask(headers)).toEqual({ isAuthorized: false, context: {} });
    expect(bearerOf({ headers })).toBeUndefined();
  });
});

describe("a call through a gateway that strips the header", () => {
  let world: World;
  beforeEach(() => (world = new World()));
  afterEach(async () => await world.close());

  async function call(authorizer: unknown, headers: object): Promise<number> {
    const event = recordedEvent("http-1.0") as { requestContext: object };
    const { requestContext } = event;
    const sent = {
      ...event,
      path: "/orrery/v1/runs",
      httpMethod: "GET",
      queryStringParameters: {},
      multiValueQueryStringParameters: {},
      body: "",
      headers,
      requestContext: { ...requestContext, authorizer },
    };
    return ((await world.call("api", sent)) as { readonly statusCode: number }).statusCode;
  }

  it("is let in by what the authorizer handed on", async () => {
    const { apiToken } = world.services;

    expect(await call({ authorization: `Bearer ${apiToken}` }, {})).toBe(200);
    expect(await call({ authorization: "Bearer of-nobody" }, {})).toBe(401);
    expect(await call(undefined, {})).not.toBe(200);
    expect(await call({ jwt: { claims: {} } }, {})).not.toBe(200);
  });

  it("is judged by its own header where that arrives", async () => {
    const { apiToken } = world.services;

    const handedOn = { authorization: `Bearer ${apiToken}` };
    expect(await call(handedOn, { Authorization: "Bearer of-nobody" })).toBe(401);
    expect(await call(handedOn, { authorization: `Bearer ${apiToken}` })).toBe(200);
  });
});
