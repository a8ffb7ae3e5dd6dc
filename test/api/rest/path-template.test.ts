import { describe, expect, it } from "vitest";
import { fits, parseTemplate, valueOf } from "../../../shared/api/rest/path-template.ts";

/** The values a path gives a template's variables, or undefined where it does not fit. */
function read(text: string, path: string): unknown {
  const template = parseTemplate(text);
  const sent = path.slice(1).split("/");
  if (!fits(template, sent)) return undefined;
  return Object.fromEntries(
    template.variables.map((variable) => [
      variable.path.join("."),
      valueOf(variable, template, sent),
    ]),
  );
}

describe("a path template", () => {
  it.each([
    ["/v1/shelves", "/v1/shelves", {}],
    ["/v1/{id}", "/v1/a", { id: "a" }],
    ["/v1/{id}", "/v1/a%2Fb%20%D0%BD", { id: "a/b н" }],
    ["/v1/{id}", "/v1/%00", { id: "\u0000" }],
    ["/v1/{id}", "/v1/..", { id: ".." }],
    ["/v1/{id}", "/v1/a+b", { id: "a+b" }],
    ["/v1/{book.shelf.id}/x", "/v1/a/x", { "book.shelf.id": "a" }],
    ["/v1/{name=shelves/*}", "/v1/shelves/a", { name: "shelves/a" }],
    ["/v1/{name=shelves/*/books/*}", "/v1/shelves/a/books/b", { name: "shelves/a/books/b" }],
    ["/v1/{name=shelves/*}", "/v1/shelves/a%2Fb%20c", { name: "shelves/a%2Fb c" }],
    ["/v1/{name=**}", "/v1/a/b/c", { name: "a/b/c" }],
    ["/v1/{name=files/**}", "/v1/files/a/b", { name: "files/a/b" }],
    ["/v1/{shelf}/{name=files/**}", "/v1/s/files", { shelf: "s", name: "files" }],
    ["/v1/*/{id}", "/v1/any/a", { id: "a" }],
    ["/v1/**", "/v1/a/b", {}],
  ])("%s reads %s", (text, path, values) => {
    expect(read(text, path)).toEqual(values);
  });

  it.each([
    ["/v1/{id}", "/v1/"],
    ["/v1/{id}", "/v1"],
    ["/v1/{id}", "/v1/a/b"],
    ["/v1/{id}", "/v2/a"],
    ["/v1/{name=shelves/*}", "/v1/shelves/"],
    ["/v1/{name=shelves/*}", "/v1/a/b"],
    ["/v1/{name=**}", "/v1/a//b"],
    ["/v1/*/{id}", "/v1//a"],
  ])("%s does not fit %s", (text, path) => {
    expect(read(text, path)).toBeUndefined();
  });

  it.each(["%", "%4", "%zz", "%E0%A4%A", "%ff", "%c0%80", "a%2Fb%ff"])(
    "has no value for what is no percent-encoded UTF-8: %s",
    (segment) => {
      expect(read("/v1/{id}", `/v1/${segment}`)).toEqual({ id: undefined });
      expect(read("/v1/{name=**}", `/v1/x/${segment}`)).toEqual({ name: undefined });
    },
  );

  it.each([
    ["/v1/{id}:open", "open", ["v1", "*"]],
    ["/v1/{name=shelves/*}:read", "read", ["v1", "shelves", "*"]],
    ["/v1/jobs:deleteAll", "deleteAll", ["v1", "jobs"]],
    ["/v1/{id}", undefined, ["v1", "*"]],
  ])("has the verb behind its last colon: %s", (text, verb, segments) => {
    const template = parseTemplate(text);

    expect(template.verb).toBe(verb);
    expect(template.segments.map((each) => (each.kind === "literal" ? each.text : "*"))).toEqual(
      segments,
    );
  });

  it.each([
    "v1/shelves",
    "/v1//shelves",
    "/v1/",
    "/v1/{}",
    "/v1/{id",
    "/v1/id}",
    "/v1/{a{b}}",
    "/v1/{id=}",
    "/v1/{9}",
    "/v1/{a..b}",
    "/v1/**/x",
    "/v1/{id}:",
    "/v1/{id}:a:b",
    "/v1/x{id}",
    "/v1/a b",
  ])("that breaks the syntax stops whoever states it: %s", (text) => {
    expect(() => parseTemplate(text)).toThrow();
  });
});
