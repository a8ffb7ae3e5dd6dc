import { create, toJson, type DescMethod, type Message } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { routerOf } from "../../../shared/api/rest/router.ts";
import { aLibrary } from "./library.ts";
import { jsonOf, RecordingApi, send, type Sent } from "./recording-api.ts";

const library = aLibrary({
  Get: { pattern: { case: "get", value: "/v1/shelves/{shelf_id}/books/{book.id}" } },
  Find: { pattern: { case: "get", value: "/v1/{shelf_id=shelves/*/rows/*}:find" } },
  Deep: { pattern: { case: "get", value: "/v1/deep/{shelf_id=**}" } },
  Put: { pattern: { case: "put", value: "/v1/shelves/{shelf_id}" }, body: "book" },
  Patch: { pattern: { case: "patch", value: "/v1/shelves/{shelf_id}/{book.id}" }, body: "*" },
  Taken: { pattern: { case: "get", value: "/v1/taken" }, responseBody: "book" },
  Purge: { pattern: { case: "custom", value: { kind: "PURGE", path: "/v1/shelves" } } },
  Open: {
    pattern: { case: "post", value: "/v1/{shelf_id}:open" },
    additionalBindings: [{ pattern: { case: "post", value: "/v1/{shelf_id}/open" }, body: "*" }],
  },
});

class LibraryApi extends RecordingApi {
  override readonly services = [library];
}

/** What a request's message says, or the fields it is refused for. */
async function requestOf(sent: Sent): Promise<unknown> {
  const api = new LibraryApi();
  const answer = await send(api, sent);
  const call = api.calls[0];
  if (call !== undefined) return toJson(call.method.input, call.request);
  return violationsOf(jsonOf(answer));
}

function violationsOf(status: unknown): unknown {
  const { details } = status as { details?: { fieldViolations: object[] }[] };
  return details?.[0]?.fieldViolations ?? status;
}

describe("a route of every form that a rule can have", () => {
  it.each<[string, Sent, unknown]>([
    [
      "variables at two depths",
      { target: "/v1/shelves/s%2F1/books/b" },
      { shelfId: "s/1", book: { id: "b" } },
    ],
    [
      "a variable of several segments before a verb",
      { target: "/v1/shelves/a/rows/b:find" },
      { shelfId: "shelves/a/rows/b" },
    ],
    ["a variable of any depth", { target: "/v1/deep/a/b%2Fc" }, { shelfId: "a/b%2Fc" }],
    [
      "a body that is one field, beside query parameters",
      { method: "PUT", target: "/v1/shelves/s?tags=a&tags=b", body: { pageCount: 7 } },
      { shelfId: "s", book: { pageCount: "7" }, tags: ["a", "b"] },
    ],
    ["a method of its own", { method: "PURGE", target: "/v1/shelves?shelfId=s" }, { shelfId: "s" }],
    ["an additional binding", { method: "POST", target: "/v1/s/open", body: {} }, { shelfId: "s" }],
    ["a binding without a body", { method: "POST", target: "/v1/s:open" }, { shelfId: "s" }],
    [
      "an empty body where none is read",
      { method: "POST", target: "/v1/s:open", body: {} },
      { shelfId: "s" },
    ],
    [
      "query parameters behind dots and in both spellings",
      { method: "PUT", target: "/v1/shelves/s?numbers=true&numbers=false" },
      { shelfId: "s", numbers: [true, false] },
    ],
    [
      "query parameters of a message that the path has begun",
      { target: "/v1/shelves/s/books/b?book.page_count=9&book.isLent=true" },
      { shelfId: "s", book: { id: "b", pageCount: "9", isLent: true } },
    ],
  ])("is read: %s", async (_what, sent, request) => {
    expect(await requestOf(sent)).toEqual(request);
  });

  it.each([
    ["in camel case", { shelfId: "other", book: { id: "other", pageCount: 1 } }],
    ["in snake case", { shelf_id: "other", book: { id: "other", page_count: 1 } }],
    ["in both", { shelf_id: "x", shelfId: "y", book: { id: "other", page_count: 1 } }],
    ["as null", { shelf_id: null, book: { id: null, pageCount: 1 } }],
    ["as something else", { shelfId: 5, book: { id: [], pageCount: 1 } }],
  ])("has the path beat the same field in the body, %s", async (_what, body) => {
    const request = await requestOf({ method: "PATCH", target: "/v1/shelves/s/b", body });

    expect(request).toEqual({ shelfId: "s", book: { id: "b", pageCount: "1" } });
  });

  it("answers with the field that it is told to", async () => {
    const answered = (method: DescMethod): Message =>
      create(method.output, { book: { id: "b", pageCount: 3n } });
    const api = new LibraryApi(({ method }) => answered(method));

    expect(jsonOf(await send(api, { target: "/v1/taken" }))).toEqual({ id: "b", pageCount: "3" });
    expect(jsonOf(await send(new LibraryApi(), { target: "/v1/taken" }))).toBeNull();
  });

  it.each<[string, Sent, readonly string[]]>([
    ["an unknown parameter", { target: "/v1/shelves/s/books/b?author=x&a.b=1" }, ["author", "a.b"]],
    ["a parameter without a name", { target: "/v1/shelves/s/books/b?=x" }, [""]],
    [
      "a member of every object",
      { target: "/v1/shelves/s/books/b?__proto__=x&constructor=1" },
      ["__proto__", "constructor"],
    ],
    ["a message", { target: "/v1/shelves/s/books/b?book=x" }, ["book"]],
    ["a path through a text", { target: "/v1/shelves/s/books/b?shelf_id.x=1" }, ["shelf_id.x"]],
    [
      "one value twice, in two spellings",
      { target: "/v1/shelves/s/books/b?book.is_lent=true&book.isLent=true" },
      ["book.is_lent"],
    ],
    [
      "a boolean that is none",
      { target: "/v1/shelves/s/books/b?book.isLent=TRUE" },
      ["book.is_lent"],
    ],
    ["a list of them", { target: "/v1/shelves/s/books/b?numbers=true&numbers=1" }, ["numbers"]],
    [
      "a number that is none",
      { target: "/v1/shelves/s/books/b?book.pageCount=many" },
      ["book.page_count"],
    ],
    ["a path that is no UTF-8", { target: "/v1/shelves/%ff/books/b" }, ["shelf_id"]],
    [
      "a query beside a body that is everything",
      { method: "PATCH", target: "/v1/shelves/s/b?tags=a", body: {} },
      ["tags"],
    ],
    [
      "a field that is the body already",
      { method: "PUT", target: "/v1/shelves/s?book.id=x", body: {} },
      ["book"],
    ],
    [
      "a body where none is read",
      { method: "POST", target: "/v1/s:open", body: { tags: [] } },
      [""],
    ],
    ["a body that is no object", { method: "PATCH", target: "/v1/shelves/s/b", body: [] }, [""]],
    ["a body that is null", { method: "PATCH", target: "/v1/shelves/s/b", body: "null" }, [""]],
    ["a body that is no JSON", { method: "PATCH", target: "/v1/shelves/s/b", body: "{" }, [""]],
    [
      "a body that is no UTF-8",
      {
        method: "PATCH",
        target: "/v1/shelves/s/b",
        body: Buffer.from('{"tags":["\xff"]}', "latin1"),
      },
      [""],
    ],
    [
      "a body whose field is no message",
      { method: "PUT", target: "/v1/shelves/s", body: "3" },
      ["book"],
    ],
  ])("is refused with the field: %s", async (_what, sent, fields) => {
    expect(await requestOf(sent)).toMatchObject(
      fields.map((field) => ({ ...(field === "" ? {} : { field }) })),
    );
  });
});

describe("a rule that cannot be", () => {
  it.each([
    ["no path", {}],
    ["a variable that is no field", { pattern: { case: "get", value: "/v1/{nobody}" } }],
    ["a variable that is a message", { pattern: { case: "get", value: "/v1/{book}" } }],
    ["a variable that is a list", { pattern: { case: "get", value: "/v1/{tags}" } }],
    ["a body that is no field", { pattern: { case: "put", value: "/v1" }, body: "nothing" }],
    ["an answer that is no field", { pattern: { case: "get", value: "/v1" }, responseBody: "no" }],
  ] as const)("stops whoever serves it: %s", (_what, rule) => {
    expect(() => routerOf([aLibrary({ Broken: rule })])).toThrow();
  });
});
