import { getOption, hasOption, type DescService } from "@bufbuild/protobuf";
import { Validator } from "@seriousme/openapi-schema-validator";
import { describe, expect, it } from "vitest";
import { openApiDocument } from "../../../shared/api/openapi/document.ts";
import type { Schema } from "../../../shared/api/openapi/schema.ts";
import { http } from "../../../shared/gen/google/api/annotations_pb.ts";
import { descriptions } from "../../../shared/gen/descriptions.ts";
import { everyMessage, everyService, pathOf } from "../rest/recording-api.ts";

function documentOf(services: readonly DescService[]): Schema {
  return openApiDocument({
    title: "An API",
    description: "",
    services,
    registry: everyMessage,
    descriptions,
    url: "http://127.0.0.1:7070",
  });
}

const isOurs = ({ typeName }: DescService): boolean => typeName.startsWith("orrery.");
const documents = {
  datasphere: everyService.filter((service) => !isOurs(service)),
  orrery: everyService.filter(isOurs),
};

/** What stands at a path of members. */
function at(json: unknown, ...path: readonly string[]): unknown {
  let found = json;
  for (const name of path) found = (found as Record<string, unknown> | undefined)?.[name];
  return found;
}

function references(json: unknown): readonly string[] {
  if (typeof json !== "object" || json === null) return [];
  return Object.entries(json).flatMap(([name, value]) =>
    name === "$ref" ? [value as string] : references(value),
  );
}

describe.each(Object.entries(documents))("the OpenAPI document of %s", (_name, services) => {
  const document = documentOf(services);

  it("is valid as OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(document));

    expect(errors).toBeUndefined();
    expect(valid).toBe(true);
  });

  it("refers to nothing that is not there, and has nothing that nobody refers to", () => {
    const names = new Set(references(document));

    for (const name of names) {
      expect(at(document, ...name.slice(2).split("/")), name).toBeDefined();
    }
    const schemas = Object.keys(at(document, "components", "schemas") as object);
    expect(schemas.filter((name) => !names.has(`#/components/schemas/${name}`))).toEqual([]);
  });

  it("has every route of the protos", () => {
    const stated = services
      .flatMap(({ methods }) => methods)
      .filter((method) => hasOption(method, http))
      .flatMap((method) => {
        const rule = getOption(method, http);
        return [rule, ...rule.additionalBindings].map(
          ({ pattern }) => `${pattern.case ?? ""} ${pathOf(pattern)}`,
        );
      });
    const paths = at(document, "paths") as Record<string, object>;
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );

    expect(described.toSorted()).toEqual(stated.toSorted());
  });

  it("names every operation once, and every variable of a path", () => {
    const paths = at(document, "paths") as Record<string, Record<string, Schema>>;
    const ids = Object.values(paths).flatMap((methods) =>
      Object.values(methods).map((each) => each["operationId"]),
    );

    expect(new Set(ids).size).toBe(ids.length);
    for (const [path, methods] of Object.entries(paths)) {
      const variables = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      for (const { parameters } of Object.values(methods) as { parameters: Schema[] }[]) {
        const named = parameters.filter((each) => each["in"] === "path");
        expect(named.map((each) => each["name"])).toEqual(variables);
      }
    }
  });
});

describe("a described route", () => {
  const document = documentOf(documents.datasphere);
  const schema = (name: string, ...path: readonly string[]): unknown =>
    at(document, "components", "schemas", `yandex.cloud.datasphere.v2.${name}`, ...path);
  const property = (message: string, name: string): unknown => schema(message, "properties", name);
  const body = (path: string, method: string): unknown =>
    at(document, "paths", path, method, "requestBody", "content", "application/json", "schema");

  it("has its parameters where they stand, under their JSON names", () => {
    const parameters = at(document, "paths", "/datasphere/v2/projects", "get", "parameters");

    expect(parameters).toMatchObject([
      {
        name: "communityId",
        in: "query",
        required: true,
        schema: { type: "string", minLength: 1 },
      },
      {
        name: "pageSize",
        in: "query",
        description: expect.stringContaining("Is 0 to 1000.") as string,
        schema: { type: "string", format: "int64" },
      },
      { name: "pageToken", in: "query", schema: { type: "string", maxLength: 100 } },
      { name: "projectNamePattern", in: "query" },
      { name: "ownedById", in: "query" },
    ]);
  });

  it("has a body without what its path names", () => {
    expect(
      Object.keys(
        at(body("/datasphere/v2/projects/{project_id}", "patch"), "properties") as object,
      ),
    ).toEqual(["updateMask", "name", "description", "labels", "settings", "limits"]);
    expect(body("/datasphere/v2/projects", "post")).toMatchObject({ required: ["communityId"] });
  });

  it("says what each type is in JSON", () => {
    expect(property("Project.Limits", "maxUnitsPerHour")).toMatchObject({
      type: ["string", "null"],
      format: "int64",
    });
    expect(property("Project", "createdAt")).toMatchObject({ type: "string", format: "date-time" });
    expect(property("Project", "labels")).toMatchObject({
      type: "object",
      additionalProperties: { type: "string" },
    });
    expect(property("Project.Settings", "ide")).toEqual({
      $ref: "#/components/schemas/yandex.cloud.datasphere.v2.Project.Settings.Ide",
    });
    expect(schema("Project.Settings.Ide")).toMatchObject({
      enum: ["IDE_UNSPECIFIED", "JUPYTER_LAB"],
    });
    expect(property("GetStateVariablesResponse", "variables")).toMatchObject({
      type: "object",
      additionalProperties: true,
    });
    expect(property("DiskInfo", "diskSizeGb")).toMatchObject({ type: "number" });
  });

  it("says what its rules are", () => {
    const created = body("/datasphere/v2/projects", "post");

    expect(at(created, "properties", "name")).toMatchObject({
      maxLength: 63,
      pattern: "^(?:[a-z]([-a-z0-9]{0,61}[a-z0-9])?)?$",
    });
    expect(at(created, "properties", "labels")).toMatchObject({
      maxProperties: 64,
      propertyNames: { minLength: 1, maxLength: 63, pattern: "^(?:[a-z][-_0-9a-z]*)$" },
      additionalProperties: { maxLength: 63, pattern: "^(?:[-_0-9a-z]*)$" },
    });
    expect(body("/datasphere/v2/projects/{project_id}:execute", "post")).toMatchObject({
      allOf: [{ oneOf: [{ required: ["notebookId"] }, { required: ["cellId"] }] }],
    });
  });

  it("says who may call it, what its operation carries, and whether it is ours", () => {
    const create = at(document, "paths", "/datasphere/v2/projects", "post");
    const read = at(document, "paths", "/datasphere/v2/jobs/{job_id}:logs", "get");
    const health = at(documentOf(documents.orrery), "paths", "/orrery/v1/health", "get");

    expect(create).toMatchObject({
      description: expect.stringContaining(
        "role developer on the community that community_id",
      ) as string,
      "x-operation": {
        metadata: { $ref: "#/components/schemas/yandex.cloud.datasphere.v2.CreateProjectMetadata" },
        response: { $ref: "#/components/schemas/yandex.cloud.datasphere.v2.Project" },
      },
    });
    expect(at(create, "x-orrery-route")).toBeUndefined();
    expect(at(create, "parameters")).toEqual([{ $ref: "#/components/parameters/IdempotencyKey" }]);
    expect(read).toMatchObject({
      "x-orrery-route": true,
      responses: { "200": { content: { "application/json": { schema: { type: "array" } } } } },
    });
    expect(health).toMatchObject({ security: [] });
    expect(at(document, "security")).toEqual([{ bearer: [] }]);
  });

  it("says what the comments of the protos say", () => {
    const orrery = documentOf(documents.orrery);

    expect(at(orrery, "paths", "/orrery/v1/runs", "post", "description")).toContain(
      "Makes a run of a schedule now",
    );
    expect(
      at(orrery, "components", "schemas", "orrery.v1.Run", "properties", "run", "description"),
    ).toContain("Names its row");
  });
});
