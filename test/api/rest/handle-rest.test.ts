import { create, type Message } from "@bufbuild/protobuf";
import { anyPack, type Any } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { ApiError } from "../../../shared/api/api-error.ts";
import { limits } from "../../../shared/core/limits.ts";
import {
  QuotaFailureSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { ReadRunLogsResponseSchema } from "../../../shared/gen/orrery/v1/run_service_pb.ts";
import { jsonOf, RecordingApi, send } from "./recording-api.ts";

const HEALTH = "/orrery/v1/health";
const MESSAGES = "/orrery/v1/messages";
const LOGS = "/orrery/v1/runs/r:logs";

/** The detail that every status has. */
const NAMED = { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: "req-1" };

function failing(code: number, details: readonly Any[] = []): RecordingApi {
  return new RecordingApi(() => {
    throw new ApiError(code, "It does not work", details);
  });
}

describe("an answer", () => {
  it("is JSON that nobody keeps, under the request's id", async () => {
    const answer = await send(new RecordingApi(), { target: HEALTH });

    expect(answer.headers).toEqual({
      "Content-Type": "application/json; charset=utf-8",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
      "X-Request-Id": "req-1",
    });
  });

  it.each([
    ["client-1", "client-1"],
    ["", "req-1"],
    ["a b", "req-1"],
    ["line\nbreak", "req-1"],
    ["нет", "req-1"],
    ["x".repeat(limits.clientRequestIdChars + 1), "req-1"],
  ])("is named as the client named it, where it may be: %j", async (own, id) => {
    const api = new RecordingApi();

    const answer = await send(api, { target: HEALTH, headers: { "x-client-request-id": own } });

    expect(answer.headers["X-Request-Id"]).toBe(id);
    expect(api.calls[0]?.incoming.header("x-client-request-id")).toBe(id);
  });

  it("knows the headers of its request, and that nobody waits on it", async () => {
    const api = new RecordingApi();

    await send(api, {
      target: HEALTH,
      headers: { authorization: "Bearer t", "idempotency-key": "k" },
    });

    const incoming = api.calls[0]?.incoming;
    expect(incoming?.header("authorization")).toBe("Bearer t");
    expect(incoming?.header("idempotency-key")).toBe("k");
    expect(incoming?.header("x-other")).toBeUndefined();
    expect(incoming?.follows).toBe(false);
  });
});

describe("a failure", () => {
  it.each([
    [1, 499],
    [2, 500],
    [3, 400],
    [4, 504],
    [5, 404],
    [6, 409],
    [7, 403],
    [8, 429],
    [9, 400],
    [10, 409],
    [11, 400],
    [12, 501],
    [13, 500],
    [14, 503],
    [15, 500],
    [16, 401],
    [99, 500],
  ])("of code %i is answered %i with its status", async (code, status) => {
    const answer = await send(failing(code), { target: HEALTH });

    expect(answer.status).toBe(status);
    expect(jsonOf(answer)).toEqual({ code, message: "It does not work", details: [NAMED] });
  });

  it("says over HTTP what its details say", async () => {
    const packed = [
      anyPack(RetryInfoSchema, create(RetryInfoSchema, { retryDelay: { seconds: 61n, nanos: 1 } })),
      anyPack(RequestInfoSchema, create(RequestInfoSchema, { requestId: "theirs" })),
      anyPack(QuotaFailureSchema, create(QuotaFailureSchema, { violations: [{ subject: "p" }] })),
    ];

    const answer = await send(failing(8, packed), { target: HEALTH });

    expect(answer.headers).toMatchObject({ "Retry-After": "62", "X-Request-Id": "theirs" });
    expect(jsonOf(answer)).toMatchObject({
      details: [
        { "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "61.000000001s" },
        { "@type": "type.googleapis.com/google.rpc.RequestInfo", requestId: "theirs" },
        { "@type": "type.googleapis.com/google.rpc.QuotaFailure", violations: [{ subject: "p" }] },
      ],
    });
  });

  it("leaves out a detail that nobody can read", async () => {
    const unknown = {
      $typeName: "google.protobuf.Any",
      typeUrl: "type.googleapis.com/a.B",
      value: new Uint8Array(),
    } as Any;

    expect(jsonOf(await send(failing(3, [unknown]), { target: HEALTH }))).toEqual({
      code: 3,
      message: "It does not work",
      details: [NAMED],
    });
  });

  it("of authentication says what to send", async () => {
    expect((await send(failing(16), { target: HEALTH })).headers["WWW-Authenticate"]).toBe(
      "Bearer",
    );
    expect(
      (await send(failing(7), { target: HEALTH })).headers["WWW-Authenticate"],
    ).toBeUndefined();
  });

  it("that is no ApiError is ours, and reaches whoever called us", async () => {
    const broken = new RecordingApi(() => {
      throw new Error("boom");
    });

    await expect(send(broken, { target: HEALTH })).rejects.toThrow("boom");
  });
});

describe("a request for no route", () => {
  it("is answered 404 with a status", async () => {
    const answer = await send(new RecordingApi(), { target: "/orrery/v1/nothing" });

    expect(answer.status).toBe(404);
    expect(jsonOf(answer)).toEqual({
      code: 5,
      message: "There is no GET /orrery/v1/nothing",
      details: [NAMED],
    });
  });

  it("is answered in few words, however long its path is", async () => {
    const answer = await send(new RecordingApi(), { target: `/${"x".repeat(100_000)}` });

    expect(answer.status).toBe(404);
    expect(answer.body.length).toBeLessThan(400);
  });

  it("under another method is answered 405 with those there are", async () => {
    const answer = await send(new RecordingApi(), { method: "DELETE", target: MESSAGES });

    expect(answer.status).toBe(405);
    expect(answer.headers["Allow"]).toBe("POST, OPTIONS");
    expect(jsonOf(answer)).toMatchObject({ code: 12 });
  });
});

describe("HEAD and OPTIONS", () => {
  it("answer a HEAD as a GET without its body", async () => {
    const api = new RecordingApi();

    const answer = await send(api, { method: "HEAD", target: HEALTH });

    expect(answer).toMatchObject({ status: 200, body: "" });
    expect(api.calls).toHaveLength(1);
  });

  it("never cancel anything", async () => {
    const api = new RecordingApi();

    expect((await send(api, { method: "HEAD", target: "/operations/o:cancel" })).status).toBe(405);
    expect(api.calls).toEqual([]);
  });

  it("answer an OPTIONS with the methods of the path, and call nothing", async () => {
    const api = new RecordingApi();

    const answer = await send(api, { method: "OPTIONS", target: "/datasphere/v2/projects" });

    expect(answer).toMatchObject({ status: 204, body: "" });
    expect(answer.headers["Allow"]).toBe("POST, GET, HEAD, OPTIONS");
    expect((await send(api, { method: "OPTIONS", target: "/nothing" })).status).toBe(404);
    expect(api.calls).toEqual([]);
  });
});

describe("a body", () => {
  const body = { schedule: "nightly" };

  it.each([
    ["nothing about itself", {}],
    ["that it is JSON", { "content-type": "application/json" }],
    ["that it is JSON in UTF-8", { "content-type": "Application/JSON; charset=utf-8" }],
    ["that it is a kind of JSON", { "content-type": "application/merge-patch+json" }],
    ["text, as fetch says of a string", { "content-type": "text/plain;charset=UTF-8" }],
    ["a form, as curl -d says", { "content-type": "application/x-www-form-urlencoded" }],
    ["that it is not packed", { "content-encoding": "identity" }],
  ])("is read where it says %s", async (_what, headers) => {
    expect(
      (await send(new RecordingApi(), { method: "POST", target: MESSAGES, headers, body })).status,
    ).toBe(200);
  });

  it.each([
    ["XML", { "content-type": "application/xml" }],
    ["several parts", { "content-type": "multipart/form-data; boundary=x" }],
    ["something that begins like JSON", { "content-type": "application/jsonp" }],
    ["packed", { "content-encoding": "gzip" }],
  ])("is refused where it says that it is %s", async (_what, headers) => {
    const api = new RecordingApi();

    const answer = await send(api, { method: "POST", target: MESSAGES, headers, body });

    expect(answer.status).toBe(415);
    expect(jsonOf(answer)).toMatchObject({
      code: 3,
      message: expect.stringContaining("Send the body") as string,
    });
    expect(api.calls).toEqual([]);
  });

  it("may be empty, whatever it says of itself", async () => {
    const headers = { "content-type": "text/plain" };

    expect(
      (await send(new RecordingApi(), { method: "POST", target: MESSAGES, headers })).status,
    ).toBe(200);
  });

  it("is read up to the limit and not beyond", async () => {
    const of = (bytes: number): string => `{"id":"${"x".repeat(bytes - 9)}"}`;
    const posted = async (bytes: number): Promise<number> =>
      (await send(new RecordingApi(), { method: "POST", target: MESSAGES, body: of(bytes) }))
        .status;

    expect(await posted(limits.apiMessageBytes)).toBe(200);
    expect(await posted(limits.apiMessageBytes + 1)).toBe(429);
  });
});

describe("a stream", () => {
  const chunk = (bytes: number, offset: number): Message =>
    create(ReadRunLogsResponseSchema, { content: new Uint8Array(bytes), offset: BigInt(offset) });

  it("is answered with the list of what there is", async () => {
    const api = new RecordingApi(() => [chunk(3, 3), chunk(3, 6)]);

    expect(jsonOf(await send(api, { target: LOGS }))).toEqual([
      { content: "AAAA", offset: "3" },
      { content: "AAAA", offset: "6" },
    ]);
    expect(jsonOf(await send(new RecordingApi(() => []), { target: LOGS }))).toEqual([]);
  });

  it("is cut before the message that makes the answer too long, and then taken no further", async () => {
    const bytes = limits.logChunkBytes;
    const all = Array.from({ length: 100 }, (_, index) => chunk(bytes, (index + 1) * bytes));
    const api = new RecordingApi(() => all);

    const answer = await send(api, { target: LOGS });

    const messages = jsonOf(answer) as { offset: string }[];
    expect(answer.body.length).toBeLessThanOrEqual(limits.restStreamBytes + 1);
    expect(answer.body.length).toBeGreaterThan(limits.restStreamBytes - 2 * bytes);
    expect(messages.at(-1)?.offset).toBe(String(messages.length * bytes));
    expect(api.taken).toBe(messages.length + 1);
    expect(api.calls[0]?.incoming.signal.aborted).toBe(true);
  });

  it("has its first message however long that is, so that a client gets on", async () => {
    const api = new RecordingApi(() => [chunk(limits.restStreamBytes, 1), chunk(1, 2)]);

    expect(jsonOf(await send(api, { target: LOGS }))).toHaveLength(1);
  });

  it("that fails is answered with the status alone", async () => {
    const answer = await send(failing(5), { target: LOGS });

    expect(answer.status).toBe(404);
    expect(jsonOf(answer)).toMatchObject({ code: 5 });
  });
});
