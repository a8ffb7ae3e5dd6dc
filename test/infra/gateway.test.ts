import { Validator } from "@seriousme/openapi-schema-validator";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readGatewayManifest } from "../../infra/gateway/gateway-manifest.ts";
import { gatewaySpec } from "../../infra/gateway/gateway-spec.ts";
import { matchRoute } from "../../infra/local/match-route.ts";
import { readManifest } from "../../infra/local/manifest.ts";
import { openApiDocument } from "../../shared/api/openapi/document.ts";
import { everyMessage, everyService } from "../api/rest/recording-api.ts";
import { terraformMissing, Workspace } from "../support/terraform/terraform.ts";

const FILE = "infra/terraform/modules/gateway/gateway.json";

const text = readFileSync("serverless.yaml", "utf8");
const written = readFileSync(FILE, "utf8");
const spec = JSON.parse(written) as Spec;

interface Spec {
  readonly openapi: string;
  readonly "x-yc-apigateway": object;
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: { readonly securitySchemes: { readonly bearer: object } };
}

interface PathItem {
  readonly "x-yc-apigateway-rate-limit"?: { readonly $ref: string };
  readonly "x-yc-apigateway-any-method": {
    readonly summary?: string;
    readonly security: readonly object[];
    readonly parameters: readonly { readonly name: string }[];
    readonly "x-yc-apigateway-integration": Readonly<Record<string, string>>;
  };
}

/** Every operation of the API: its path with values in it, and whether it needs a token. */
const operations = Object.entries(
  openApiDocument({
    ...{ title: "", description: "", url: "", descriptions: {} },
    ...{ services: everyService, registry: everyMessage },
  })["paths"] as Record<string, Record<string, { operationId: string; security?: unknown[] }>>,
).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, { operationId, security }]) => ({
    path: path.replaceAll(/\{\w+\}/g, "some-id"),
    ...{ method, operationId },
    isOpen: security?.length === 0,
  })),
);

const routes = Object.entries(spec.paths).map(([path, item]) => ({ path, item, method: "ANY" }));

function itemOf(method: string, path: string): PathItem | undefined {
  const match = matchRoute(routes, method, path);
  return match.found ? match.route.item : undefined;
}

describe("the gateway's specification", () => {
  it("is what `npm run gateway` writes", () => {
    const spec = gatewaySpec(readGatewayManifest(text));

    expect(written).toBe(`${JSON.stringify(spec, undefined, 2)}\n`);
  });

  it("is OpenAPI 3.0", async () => {
    // Terraform adds the rates.
    const rates = { path: { allRequests: { rps: 1 } } };
    const components = { ...spec.components, "x-yc-apigateway-rate-limits": rates };

    const filled = structuredClone({ ...spec, components });
    const { valid, errors } = await new Validator().validate(filled);

    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it.each(operations)(
    "leads $method $path to the API, with its rate",
    ({ method, path, ...said }) => {
      const item = itemOf(method.toUpperCase(), path);

      const operation = item?.["x-yc-apigateway-any-method"];
      expect(operation?.summary?.split(", ")).toContain(said.operationId);
      expect(operation?.["x-yc-apigateway-integration"]).toEqual({
        type: "cloud_functions",
        function_id: "${functions.api}",
        tag: "$latest",
        service_account_id: "${account}",
        payload_format_version: "1.0",
      });
      expect(operation?.security).toEqual(said.isOpen ? [] : [{ bearer: [] }]);
      expect(item?.["x-yc-apigateway-rate-limit"]).toBeDefined();
    },
  );

  it("has every route of serverless.yaml, and what the API does not know goes there too", () => {
    for (const each of readManifest(text).functions) {
      for (const trigger of each.triggers) {
        if (trigger.kind !== "http") continue;
        const operation = spec.paths[trigger.path]?.["x-yc-apigateway-any-method"];
        const called = operation?.["x-yc-apigateway-integration"];
        expect(called?.["function_id"], trigger.path).toBe(`\${functions.${each.name}}`);
      }
    }
    expect(itemOf("GET", "/datasphere/v9/anything/at/all")).toBe(
      spec.paths["/datasphere/{proxy+}"],
    );
  });

  it("asks the authorizer everywhere but where no token is needed", () => {
    const open = Object.entries(spec.paths).flatMap(([path, item]) =>
      item["x-yc-apigateway-any-method"].security.length === 0 ? [path] : [],
    );

    expect(open).toEqual(["/openapi/{document}", "/orrery/v1/health", "/projects/{project}"]);
    expect(spec.components.securitySchemes.bearer).toMatchObject({
      type: "http",
      scheme: "bearer",
      "x-yc-apigateway-authorizer": { type: "function", function_id: "${functions.authorizer}" },
    });
  });

  it("validates nothing: the API does, and says what is wrong", () => {
    expect(spec["x-yc-apigateway"]).toMatchObject({
      validator: { validateRequestParameters: false, validateRequestBody: false },
    });
    expect(written).not.toContain('requestBody"');
  });

  it("has no rate where a gateway knows none, and no segment that is half a variable", () => {
    for (const [path, item] of Object.entries(spec.paths)) {
      expect(item["x-yc-apigateway-rate-limit"] === undefined, path).toBe(path.endsWith("+}"));
      for (const segment of path.split("/")) expect(segment).toMatch(/^(\{\w+\+?\}|[\w:]*)$/);
      const named = item["x-yc-apigateway-any-method"].parameters.map(({ name }) => name);
      expect([...path.matchAll(/\{(\w+)\+?\}/g)].map(([, name]) => name)).toEqual(named);
    }
    const shapes = Object.keys(spec.paths).map((path) => path.replaceAll(/\{\w+\}/g, "{}"));
    expect(new Set(shapes).size).toBe(shapes.length);
  });

  it.skipIf(terraformMissing !== undefined)(
    `is filled in by Terraform${terraformMissing === undefined ? "" : ` (${terraformMissing})`}`,
    async (test) => {
      const workspace = new Workspace(test, "infra/terraform/modules/gateway");
      const values = {
        functions: { api: "F1", authorizer: "F2" },
        account: "A",
        requests_per_second: 9,
      };
      workspace.write("terraform.tfvars.json", JSON.stringify(values));

      expect(await workspace.terraform("apply", "-auto-approve")).toMatchObject({ code: 0 });
      const filled = JSON.parse(
        (await workspace.terraform("output", "-raw", "spec")).output,
      ) as object;

      const rates = { "x-yc-apigateway-rate-limits": { path: { allRequests: { rps: 5 } } } };
      const expected = JSON.parse(
        written
          .replaceAll("${functions.api}", "F1")
          .replaceAll("${functions.authorizer}", "F2")
          .replaceAll("${account}", "A"),
      ) as Spec;
      expect(filled).toEqual({
        ...expected,
        "x-yc-apigateway": {
          ...expected["x-yc-apigateway"],
          rateLimit: { allRequests: { rps: 9 } },
        },
        components: { ...expected.components, ...rates },
      });
    },
  );
});
