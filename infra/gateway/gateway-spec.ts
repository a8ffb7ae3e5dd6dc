import { assert } from "../../shared/core/assert.ts";
import type { Json } from "../../shared/core/json.ts";
import { openApiDocument } from "../../shared/api/openapi/document.ts";
import type { Schema } from "../../shared/api/openapi/schema.ts";
import { registry } from "../../shared/api/any.ts";
import { matchRoute } from "../local/match-route.ts";
import type { GatewayManifest, Route } from "./gateway-manifest.ts";

/**
 * What an API gateway is told, as a template: Terraform puts ids for `${functions.NAME}` and
 * `${account}`, and adds the rates.
 *
 * The routes of `serverless.yaml` say which function answers where, and take every method, so that
 * an error is the API's own. Each path of the API stands beside them, because only a path without a
 * greedy parameter can have a rate, and because some need no token. Requests are validated by the
 * API, which explains itself better.
 * Source: API Gateway, "Specification extensions".
 */
export function gatewaySpec({ routes, authorizer, open }: GatewayManifest): Schema {
  const paths = new Map<string, Schema>();
  for (const route of routes) {
    paths.set(route.path, pathItem(route, { isOpen: open.includes(route.path) }));
  }
  for (const { path, isOpen, operations } of apiPaths()) {
    const route = routeOf(path, routes);
    paths.set(path, pathItem({ ...route, path }, { isOpen, operations }));
  }
  return {
    openapi: "3.0.0",
    info: { title: "Orrery", version: "1" },
    "x-yc-apigateway": {
      service_account_id: "${account}",
      validator: { validateRequestParameters: false, validateRequestBody: false },
    },
    paths: Object.fromEntries([...paths].toSorted(([a], [b]) => (a < b ? -1 : 1))),
    components: { securitySchemes: { bearer: bearer(authorizer) } },
  };
}

/**
 * Its answer follows from the header alone and says nothing of permission, which the API asks about
 * with each call. So it may be kept.
 */
function bearer(authorizer: string): Schema {
  return {
    type: "http",
    scheme: "bearer",
    "x-yc-apigateway-authorizer": {
      type: "function",
      function_id: `\${functions.${authorizer}}`,
      tag: "$latest",
      service_account_id: "${account}",
      authorizer_result_ttl_in_seconds: 300,
    },
  };
}

interface Said {
  readonly isOpen: boolean;
  readonly operations?: readonly string[];
}

function pathItem({ path, function: name, eventFormat }: Route, said: Said): Schema {
  const isGreedy = path.endsWith("+}");
  return {
    ...(isGreedy
      ? {}
      : {
          "x-yc-apigateway-rate-limit": { $ref: "#/components/x-yc-apigateway-rate-limits/path" },
        }),
    "x-yc-apigateway-any-method": {
      ...(said.operations === undefined ? {} : { summary: said.operations.join(", ") }),
      security: said.isOpen ? [] : [{ bearer: [] }],
      parameters: variablesOf(path).map((variable) => parameter(variable)),
      responses: { default: { description: "What the API answers" } },
      "x-yc-apigateway-integration": {
        type: "cloud_functions",
        function_id: `\${functions.${name}}`,
        tag: "$latest",
        service_account_id: "${account}",
        payload_format_version: eventFormat,
      },
    },
  };
}

function parameter(name: string): Schema {
  return { name, in: "path", required: true, schema: { type: "string" } };
}

function variablesOf(path: string): readonly string[] {
  return [...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name = ""]) => name);
}

interface ApiPath {
  readonly path: string;
  readonly isOpen: boolean;
  readonly operations: readonly string[];
}

/**
 * The paths of the API in a gateway's words: a variable is a whole segment, so what follows it after
 * a colon is part of it, and two paths that differ in the names of their variables alone are one.
 */
function apiPaths(): readonly ApiPath[] {
  const services = [...registry].filter((each) => each.kind === "service");
  const about = { title: "", description: "", url: "", descriptions: {} };
  const document = openApiDocument({ ...about, services, registry });
  const found = new Map<string, ApiPath>();
  for (const [stated, methods] of Object.entries(document["paths"] as Record<string, Methods>)) {
    const path = stated.replace(/(\{\w+\}):\w+$/, "$1");
    const shape = path.replaceAll(/\{\w+\}/g, "{}");
    const all = Object.values(methods);
    const known = found.get(shape);
    const isOpen = all.every(({ security }) => security?.length === 0);
    assert(known === undefined || known.isOpen === isOpen, `${path} is open for all or for none`);
    found.set(shape, {
      path: known?.path ?? path,
      isOpen,
      operations: [...(known?.operations ?? []), ...all.map(({ operationId }) => operationId)],
    });
  }
  return [...found.values()];
}

type Methods = Readonly<
  Record<string, { readonly operationId: string; readonly security?: readonly Json[] }>
>;

/** The route that takes requests for a path of the API; its variables stand for themselves. */
function routeOf(path: string, routes: readonly Route[]): Route {
  const match = matchRoute(
    routes.map((route) => ({ ...route, method: "ANY" })),
    "GET",
    path.replaceAll(/[{}]/g, ""),
  );
  assert(match.found, `a route of serverless.yaml leads to ${path}`);
  return match.route;
}
