import { getOption, hasOption, type DescMethod } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { http } from "../../../shared/gen/google/api/annotations_pb.ts";
import { routerOf, type Routed } from "../../../shared/api/rest/router.ts";
import { everyMethod, everyService, pathOf } from "./recording-api.ts";

const router = routerOf(everyService);

/** Where a request leads, in a word: the method's name, or what is wrong. */
function ledTo(request: string): string {
  const [method = "", path = ""] = request.split(" ");
  return shown(router.route(method, path));
}

function shown(routed: Routed): string {
  if (routed.kind === "nothing") return "nothing";
  if (routed.kind === "method") return `allows ${routed.allowed.join(", ")}`;
  return nameOf(routed.binding.method);
}

function nameOf(method: DescMethod): string {
  const family = /\.(v\d)\./.exec(method.parent.typeName)?.[1] ?? "";
  return `${family}${method.parent.name}.${method.name}`;
}

/** Every route that a proto file states, as a path with an id for each variable. */
const stated = everyMethod
  .filter((method) => hasOption(method, http))
  .flatMap((method) => {
    const rule = getOption(method, http);
    return [rule, ...rule.additionalBindings].map(({ pattern }) => {
      const path = pathOf(pattern);
      return { method, verb: (pattern.case ?? "").toUpperCase(), path };
    });
  });

describe("every route of the protos", () => {
  it("is there, and nothing else is", () => {
    expect(
      router.bindings
        .map(({ httpMethod, template }) => `${httpMethod} ${template.text}`)
        .toSorted(),
    ).toEqual(stated.map(({ verb, path }) => `${verb} ${path}`).toSorted());
    expect(stated.length).toBeGreaterThan(70);
  });

  it.each(stated.map((each) => [`${each.verb} ${each.path}`, each] as const))(
    "leads to its own method: %s",
    (_name, { method, verb, path }) => {
      const routed = router.route(verb, path.replaceAll(/\{\w+\}/g, "an-id"));

      expect(routed).toMatchObject({ kind: "binding", binding: { method: { name: method.name } } });
      expect(shown(routed)).toBe(nameOf(method));
    },
  );
});

describe("a path", () => {
  it.each([
    ["GET /datasphere/v2/projects/restrictionsMeta", "v2ProjectService.GetRestrictionsMeta"],
    ["GET /datasphere/v2/projects/restrictionsMetaX", "v2ProjectService.Get"],
    ["GET /datasphere/v2/communities/restrictionsMeta", "v2CommunityService.GetRestrictionsMeta"],
    ["POST /datasphere/v2/projects/p/open", "v2ProjectService.Open"],
    ["POST /datasphere/v2/projects/p:open", "v2ProjectService.Open"],
    ["POST /datasphere/v1/projects/p:open", "v1ProjectService.Open"],
    ["GET /operations/o:cancel", "OperationService.Cancel"],
    ["POST /operations/o:cancel", "OperationService.Cancel"],
    ["GET /operations/o", "OperationService.Get"],
    ["GET /operations/a:b", "OperationService.Get"],
    ["GET /operations/a:b:cancel", "OperationService.Cancel"],
    ["GET /operations/:cancel", "OperationService.Get"],
    ["GET /operations/o:", "OperationService.Get"],
    ["GET /datasphere/v2/projects/p:cancel", "v2ProjectService.Get"],
    ["GET /datasphere/v2/projects/p%3AunitBalance", "v2ProjectService.Get"],
    ["POST /datasphere/v2/jobs:deleteAllData", "v2ProjectJobService.DeleteAllData"],
    ["GET /datasphere/v2/jobs/j:logs", "v2ProjectJobService.ReadLogs"],
  ])("leads where its literals and its verb say: %s", (request, method) => {
    expect(ledTo(request)).toBe(method);
  });

  it.each([
    ["DELETE /datasphere/v2/projects", "allows POST, GET, HEAD, OPTIONS"],
    ["GET /datasphere/v2/projects/p:execute", "allows POST, OPTIONS"],
    ["HEAD /operations/o:cancel", "allows GET, POST, OPTIONS"],
    ["OPTIONS /orrery/v1/health", "allows GET, HEAD, OPTIONS"],
    ["get /orrery/v1/health", "allows GET, HEAD, OPTIONS"],
    ["HEAD /orrery/v1/health", "v1PlatformService.GetHealth"],
  ])("is known under its own methods: %s", (request, outcome) => {
    expect(ledTo(request)).toBe(outcome);
  });

  it.each([
    "",
    "/",
    "//",
    "operations/o",
    "/operations",
    "/operations/",
    "//operations/o",
    "/operations//o",
    "/operations/o/",
    "/operations/o/more",
    "/datasphere/v2/projects//open",
    "/datasphere/v3/projects",
    "/DATASPHERE/v2/projects",
    "/datasphere%2Fv2/projects",
    "/datasphere/v2/%70rojects",
    "/constructor",
    "/__proto__",
    `/${"x".repeat(100_000)}`,
    `/${"x/".repeat(50_000)}`,
    `/operations/o${":".repeat(100_000)}/`,
  ])("that is no route leads to nothing: %.40s", (path) => {
    expect(router.route("GET", path)).toEqual({ kind: "nothing" });
  });
});
