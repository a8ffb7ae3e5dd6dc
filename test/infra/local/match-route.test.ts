import { describe, expect, it } from "vitest";
import { matchRoute } from "../../../infra/local/match-route.ts";

const routes = [
  "ANY /api/{proxy+}",
  "GET /api/v1/{rest+}",
  "GET /api/v1/{id}",
  "GET /api/v1/fixed",
  "PUT /api/v1/fixed",
  "ANY /page/{name}",
].map((each) => {
  const [method = "", path = ""] = each.split(" ");
  return { method, path };
});

/** The route that a request finds, and its parameters; or the methods that it could have. */
function found(request: string, from = routes): unknown {
  const [method = "", path = ""] = request.split(" ");
  const match = matchRoute(from, method, path);
  return match.found ? [match.route.path, match.parameters] : match.allowed;
}

describe("a route of a manifest", () => {
  it.each([
    ["GET /api/v1/fixed", ["/api/v1/fixed", {}]],
    ["GET /api/v1/a", ["/api/v1/{id}", { id: "a" }]],
    ["GET /api/v1/a/b", ["/api/v1/{rest+}", { rest: "a/b" }]],
    ["DELETE /api/v2/a/b", ["/api/{proxy+}", { proxy: "v2/a/b" }]],
    ["PROPFIND /page/a", ["/page/{name}", { name: "a" }]],
    ["GET /api/v2/a%2Fb/%ff/..", ["/api/{proxy+}", { proxy: "v2/a%2Fb/%ff/.." }]],
    ["GET /page/a%2Fb", ["/page/{name}", { name: "a/b" }]],
    ["GET /api/x/", ["/api/{proxy+}", { proxy: "x/" }]],
  ])("is found by the most particular path, whatever the order: %s", (request, outcome) => {
    expect(found(request)).toEqual(outcome);
    expect(found(request, routes.toReversed())).toEqual(outcome);
  });

  it.each([
    ["DELETE /api/v1/fixed", ["GET", "PUT"]],
    ["POST /api/v1/a", ["GET"]],
  ])("of the most particular path decides on the method: %s", (request, allowed) => {
    expect(found(request)).toEqual(allowed);
  });

  it.each([
    "GET /api",
    "GET /api/",
    "GET /",
    "GET //api/x",
    "GET /page/",
    "GET /page/a/b",
    "GET /page/%ff",
    "GET ",
  ])("is not found where there is none: %s", (request) => {
    expect(found(request)).toEqual([]);
  });
});
