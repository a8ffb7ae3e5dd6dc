// One file, because it is one table: the rules of canonical JSON, each in both directions.

import {
  create,
  toJson,
  type DescMessage,
  type JsonValue,
  type MessageInitShape,
} from "@bufbuild/protobuf";
import { anyPack, EmptySchema, Int64ValueSchema, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import { StatusSchema } from "../../../shared/gen/google/rpc/status_pb.ts";
import {
  ExplanationSchema,
  ReadRunLogsResponseSchema,
} from "../../../shared/gen/orrery/v1/run_service_pb.ts";
import { UsageSchema } from "../../../shared/gen/orrery/v1/usage_service_pb.ts";
import {
  Project_Settings_Ide,
  ProjectSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/project_pb.ts";
import {
  GetStateVariablesResponseSchema,
  GetUnitBalanceResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { RestrictionsResponseSchema } from "../../../shared/gen/yandex/cloud/datasphere/v2/restrictions_pb.ts";
import { OperationSchema } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { CreateProjectMetadataSchema } from "../../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { everyMessage, jsonOf, RecordingApi, send } from "./recording-api.ts";

const PROJECT = "/datasphere/v2/projects/p";
const EXECUTE = `${PROJECT}:execute`;

/** Sends a request and returns the message it became, in its canonical form; or its refusal. */
async function decoded(method: string, target: string, body?: unknown): Promise<unknown> {
  const api = new RecordingApi();
  const answer = await send(api, { method, target, ...(body === undefined ? {} : { body }) });
  const call = api.calls[0];
  if (call === undefined) return jsonOf(answer);
  return toJson(call.method.input, call.request, { registry: everyMessage });
}

/** What a message is in an answer. */
async function encoded<D extends DescMessage>(
  target: string,
  schema: D,
  init: MessageInitShape<D>,
): Promise<unknown> {
  const api = new RecordingApi(() => create(schema, init));
  return jsonOf(await send(api, { target }));
}

describe("a request's JSON", () => {
  it.each<[string, object, object]>([
    ["camel case", { updateMask: "name", name: "a" }, { updateMask: "name", name: "a" }],
    ["snake case", { update_mask: "name", name: "a" }, { updateMask: "name", name: "a" }],
    [
      "snake case within a message",
      { settings: { service_account_id: "s", securityGroupIds: ["g"] } },
      { settings: { serviceAccountId: "s", securityGroupIds: ["g"] } },
    ],
    [
      "a field mask of camel case paths",
      { updateMask: "name,settings.subnetId,limits.maxUnitsPerHour" },
      { updateMask: "name,settings.subnetId,limits.maxUnitsPerHour" },
    ],
    ["an empty field mask", { updateMask: "" }, { updateMask: "" }],
    [
      "a wrapper as text",
      { limits: { maxUnitsPerHour: "9007199254740993" } },
      { limits: { maxUnitsPerHour: "9007199254740993" } },
    ],
    [
      "a wrapper as number",
      { limits: { maxUnitsPerHour: 1000 } },
      { limits: { maxUnitsPerHour: "1000" } },
    ],
    ["a wrapper of zero", { limits: { maxUnitsPerHour: 0 } }, { limits: { maxUnitsPerHour: "0" } }],
    ["a wrapper that is null", { limits: { maxUnitsPerHour: null } }, { limits: {} }],
    ["an empty message", { limits: {} }, { limits: {} }],
    ["a message that is null", { limits: null, name: null }, {}],
    ["an enum by name", { settings: { ide: "JUPYTER_LAB" } }, { settings: { ide: "JUPYTER_LAB" } }],
    ["an enum by number", { settings: { ide: 1 } }, { settings: { ide: "JUPYTER_LAB" } }],
    ["an enum of a number nobody knows", { settings: { ide: 77 } }, { settings: { ide: 77 } }],
    [
      "a duration with a fraction",
      { settings: { vmInactivityTimeout: "1800.500s" } },
      { settings: { vmInactivityTimeout: "1800.500s" } },
    ],
    [
      "a map with a key of every object",
      JSON.parse('{"labels": {"__proto__": "x", "env": "prod"}}') as object,
      { labels: { ["__proto__"]: "x", env: "prod" } },
    ],
    ["true", { settings: { earlyAccess: true } }, { settings: { earlyAccess: true } }],
  ])("may have %s", async (_what, body, message) => {
    expect(await decoded("PATCH", PROJECT, body)).toEqual({ projectId: "p", ...message });
  });

  it("may have a plain object for a struct", async () => {
    const inputVariables = { text: "a", number: 1.5, list: [1, null, { a: true }], none: null };

    expect(await decoded("POST", EXECUTE, { notebook_id: "n.ipynb", inputVariables })).toEqual({
      projectId: "p",
      notebookId: "n.ipynb",
      inputVariables,
    });
  });

  it.each([
    ["2027-01-15T00:00:00Z", "2027-01-15T00:00:00Z"],
    ["2027-01-15T03:00:00+03:00", "2027-01-15T00:00:00Z"],
    ["2027-01-15T00:00:00.1Z", "2027-01-15T00:00:00.100Z"],
    ["2027-01-15T00:00:00.123456789Z", "2027-01-15T00:00:00.123456789Z"],
  ])("may have the time %s", async (text, canonical) => {
    const body = { subjectId: "s", expiresAt: text };

    expect(await decoded("POST", "/orrery/v1/tokens", body)).toEqual({
      subjectId: "s",
      expiresAt: canonical,
    });
  });

  it("may have integers of 64 bits in a list, as text or as number", async () => {
    const restrictions = [{ name: "r", longValue: ["9223372036854775807", -5] }];

    expect(await decoded("POST", `${PROJECT}:setRestrictions`, { restrictions })).toEqual({
      projectId: "p",
      restrictions: [{ name: "r", longValue: ["9223372036854775807", "-5"] }],
    });
  });

  it.each<[string, string, object, readonly [string, string]]>([
    ["an unknown field", PROJECT, { nme: "x" }, ["nme", "UpdateProjectRequest has no such field"]],
    [
      "an unknown field within",
      PROJECT,
      { settings: { idle: 1 } },
      ["settings.idle", "no such field"],
    ],
    ["a number for a text", PROJECT, { name: 5 }, ["name", "expected a text, found 5"]],
    [
      "a text for a boolean",
      PROJECT,
      { settings: { earlyAccess: "true" } },
      ["settings.early_access", 'true or false, found "true"'],
    ],
    [
      "an enum nobody knows",
      PROJECT,
      { settings: { ide: "VIM" } },
      ["settings.ide", 'JUPYTER_LAB, found "VIM"'],
    ],
    ["an enum with a fraction", PROJECT, { settings: { ide: 1.5 } }, ["settings.ide", "found 1.5"]],
    [
      "a wrapper that is no number",
      PROJECT,
      { limits: { max_units_per_hour: "many" } },
      ["limits.max_units_per_hour", "64 bits"],
    ],
    [
      "a wrapper with a fraction",
      PROJECT,
      { limits: { maxUnitsPerHour: 1.5 } },
      ["limits.max_units_per_hour", "or null, found 1.5"],
    ],
    [
      "an integer that does not fit",
      PROJECT,
      { limits: { maxUnitsPerHour: "9223372036854775808" } },
      ["limits.max_units_per_hour", "64 bits"],
    ],
    [
      "a duration without its unit",
      PROJECT,
      { settings: { vmInactivityTimeout: "1800" } },
      ["settings.vm_inactivity_timeout", '"1800s", found "1800"'],
    ],
    [
      "a duration that is too long",
      PROJECT,
      { settings: { vmInactivityTimeout: "315576000001s" } },
      ["settings.vm_inactivity_timeout", "duration"],
    ],
    [
      "a field mask in snake case",
      PROJECT,
      { updateMask: "settings.subnet_id" },
      ["update_mask", "settings.subnetId"],
    ],
    ["a field mask as list", PROJECT, { updateMask: ["name"] }, ["update_mask", "found a list"]],
    ["a list for a map", PROJECT, { labels: [] }, ["labels", "expected an object, found a list"]],
    [
      "a map's value of another type",
      PROJECT,
      { labels: { env: "a", tier: 1 } },
      ["labels[tier]", "a text, found 1"],
    ],
    [
      "an object for a list",
      PROJECT,
      { settings: { securityGroupIds: {} } },
      ["settings.security_group_ids", "a list, found an object"],
    ],
    [
      "a list's element of another type",
      PROJECT,
      { settings: { securityGroupIds: ["a", null] } },
      ["settings.security_group_ids[1]", "a text, found null"],
    ],
    [
      "a text for a message",
      PROJECT,
      { settings: "x" },
      ["settings", 'object of Settings, found "x"'],
    ],
    [
      "one field in two spellings",
      PROJECT,
      { update_mask: "name", updateMask: "name" },
      ["update_mask", "two spellings"],
    ],
    ["half a character", PROJECT, { name: "\ud800" }, ["name", "a text"]],
    [
      "two members of one choice",
      EXECUTE,
      { notebookId: "a", cellId: "b" },
      ["target", "found notebook_id and cell_id"],
    ],
    [
      "a struct that is a list",
      EXECUTE,
      { notebookId: "a", inputVariables: [] },
      ["input_variables", "found a list"],
    ],
  ])("is refused with %s", async (_what, target, body, [field, description]) => {
    const status = await decoded(target === PROJECT ? "PATCH" : "POST", target, body);

    expect(status).toMatchObject({
      code: 3,
      details: [
        {
          "@type": "type.googleapis.com/google.rpc.BadRequest",
          fieldViolations: [{ field, description: expect.stringContaining(description) as string }],
        },
        { requestId: "req-1" },
      ],
    });
  });

  it.each(["2027-01-15", "2027-01-15T00:00:00", "yesterday", 0, "0000-01-01T00:00:00Z"])(
    "is refused with the time %s",
    async (expiresAt) => {
      const status = await decoded("POST", "/orrery/v1/tokens", { subjectId: "s", expiresAt });

      expect(status).toMatchObject({
        details: [{ fieldViolations: [{ field: "expires_at" }] }, {}],
      });
    },
  );

  it("is refused with every wrong field, and no more than fit a screen", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, index) => [`f${index}`, 1]));

    expect(
      await decoded("PATCH", PROJECT, { name: 1, description: 2, settings: { a: 1, b: 1 } }),
    ).toMatchObject({
      message: expect.stringMatching(
        /: name: .*; description: .*; settings\.a: .*; and 1 more$/,
      ) as string,
      details: [
        {
          fieldViolations: [
            { field: "name" },
            { field: "description" },
            { field: "settings.a" },
            { field: "settings.b" },
          ],
        },
        { requestId: "req-1" },
      ],
    });
    const { details } = (await decoded("PATCH", PROJECT, many)) as {
      details: { fieldViolations: unknown[] }[];
    };
    const told = details[0]?.fieldViolations ?? [];
    expect(told.length).toBeLessThanOrEqual(limits.apiViolations + 1);
    expect(told.length).toBeGreaterThan(20);
  });

  it("is refused where it nests deeper than any request, however deep", async () => {
    for (const depth of [200, 100_000]) {
      const body = `{"notebookId":"n","inputVariables":{"a":${"[".repeat(depth)}${"]".repeat(depth)}}}`;

      expect(await decoded("POST", EXECUTE, body)).toMatchObject({ code: 3 });
    }
  });
});

describe("a request's query", () => {
  it.each([
    ["communityId=c&pageSize=5", { communityId: "c", pageSize: "5" }],
    ["community_id=c&page_size=5", { communityId: "c", pageSize: "5" }],
    ["pageToken=%D0%BD+x", { pageToken: "н x" }],
    ["communityId=", {}],
    ["pageSize=0", {}],
    ["", {}],
  ])("may be ?%s", async (query, message) => {
    expect(await decoded("GET", `/datasphere/v2/projects?${query}`)).toEqual(message);
  });

  it.each([
    ["variableNames=a&variableNames=b", { variableNames: ["a", "b"] }],
    ["variable_names=a&variableNames=b", { variableNames: ["a", "b"] }],
  ])("may name a list's elements one by one: %s", async (query, message) => {
    expect(await decoded("GET", `${PROJECT}:stateVariables?${query}`)).toEqual({
      projectId: "p",
      ...message,
    });
  });

  it("may have a time and a boolean", async () => {
    const startAt = "2027-01-15T00:00:00Z";

    expect(await decoded("GET", `${PROJECT}:cellOutputs?startAt=${startAt}`)).toEqual({
      projectId: "p",
      startAt,
    });
    expect(await decoded("GET", "/orrery/v1/runs/r:logs?follow=true&offset=7")).toEqual({
      run: "r",
      follow: true,
      offset: "7",
    });
  });

  it.each([
    ["pageSize=many", "page_size"],
    ["pageSize=", "page_size"],
    ["pageSize=1&pageSize=2", "page_size"],
    ["pageSize=9223372036854775808", "page_size"],
    ["alt=json", "alt"],
  ])("is refused as ?%s", async (query, field) => {
    expect(await decoded("GET", `/datasphere/v2/projects?${query}`)).toMatchObject({
      code: 3,
      details: [{ fieldViolations: [{ field }] }, {}],
    });
  });
});

const at = timestampFromMs(Date.parse("2027-01-15T00:00:00.5Z"));

describe("an answer's JSON", () => {
  it("omits what has its default, and prints integers of 64 bits as text", async () => {
    const project = {
      id: "p",
      createdAt: at,
      labels: { env: "prod" },
      settings: { ide: Project_Settings_Ide.JUPYTER_LAB, vmInactivityTimeout: { seconds: 1800n } },
      limits: { maxUnitsPerHour: 9007199254740993n },
    };

    expect(await encoded(PROJECT, ProjectSchema, project)).toEqual({
      id: "p",
      createdAt: "2027-01-15T00:00:00.500Z",
      labels: { env: "prod" },
      settings: { ide: "JUPYTER_LAB", vmInactivityTimeout: "1800s" },
      limits: { maxUnitsPerHour: "9007199254740993" },
    });
  });

  it.each([
    [{ unitBalance: 0n }, { unitBalance: "0" }],
    [{ unitBalance: -5n }, { unitBalance: "-5" }],
    [{}, {}],
  ])("has a wrapper as its bare value, or not at all: %o", async (init, json) => {
    expect(await encoded(`${PROJECT}:unitBalance`, GetUnitBalanceResponseSchema, init)).toEqual(
      json,
    );
  });

  it("has a field that may be absent even where it is zero", async () => {
    expect(
      await encoded("/orrery/v1/projects/p/usage", UsageSchema, { balance: 0n, heldUnits: 0n }),
    ).toEqual({
      balance: "0",
    });
  });

  it("has structs as plain objects, maps of numbers, lists of integers and bytes", async () => {
    const variables = { a: [1, null], b: { c: "d" } };
    const explained = { checks: [{ compared: { held: 1.5, none: Infinity } }] };
    const restrictions = [{ longValue: [1n, 2n], boolValue: [false] }];
    const bytes = { content: Uint8Array.of(255, 0, 62), offset: 3n };

    expect(
      await encoded(`${PROJECT}:stateVariables`, GetStateVariablesResponseSchema, { variables }),
    ).toEqual({ variables });
    expect(await encoded("/orrery/v1/runs/r:explain", ExplanationSchema, explained)).toEqual({
      checks: [{ compared: { held: 1.5, none: "Infinity" } }],
    });
    expect(
      await encoded(`${PROJECT}:restrictions`, RestrictionsResponseSchema, { restrictions }),
    ).toEqual({
      restrictions: [{ longValue: ["1", "2"], boolValue: [false] }],
    });
    expect(await encoded("/orrery/v1/runs/r:logs", ReadRunLogsResponseSchema, bytes)).toEqual([
      { content: "/wA+", offset: "3" },
    ]);
  });

  it("has the messages of an operation inline, with their type", async () => {
    const metadata = anyPack(
      CreateProjectMetadataSchema,
      create(CreateProjectMetadataSchema, { projectId: "p" }),
    );
    const of = async (init: MessageInitShape<typeof OperationSchema>): Promise<unknown> =>
      await encoded("/operations/o", OperationSchema, { id: "o", ...init });

    expect(await of({ metadata })).toEqual({
      id: "o",
      metadata: {
        "@type": "type.googleapis.com/yandex.cloud.datasphere.v2.CreateProjectMetadata",
        projectId: "p",
      },
    });
    const empty = anyPack(EmptySchema, create(EmptySchema));
    expect(await of({ done: true, result: { case: "response", value: empty } })).toEqual({
      id: "o",
      done: true,
      response: { "@type": "type.googleapis.com/google.protobuf.Empty" },
    });
    const wrapper = anyPack(Int64ValueSchema, create(Int64ValueSchema, { value: 5n }));
    expect(await of({ result: { case: "response", value: wrapper } })).toEqual({
      id: "o",
      response: { "@type": "type.googleapis.com/google.protobuf.Int64Value", value: "5" },
    });
    const details = [
      anyPack(BadRequestSchema, create(BadRequestSchema, { fieldViolations: [{ field: "a" }] })),
    ];
    const error = create(StatusSchema, { code: 1, message: "Canceled", details });
    expect(await of({ result: { case: "error", value: error } })).toEqual({
      id: "o",
      error: {
        code: 1,
        message: "Canceled",
        details: [
          {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            fieldViolations: [{ field: "a" }],
          },
        ],
      },
    });
  });

  it("is an empty object where there is nothing to say", async () => {
    const api = new RecordingApi();

    const answer = await send(api, { method: "DELETE", target: "/orrery/v1/tokens/t" });

    expect(answer).toMatchObject({ status: 200, body: "{}" });
  });

  it("may be read again by whoever wrote it", async () => {
    const project = { id: "p", labels: { a: "b" }, limits: { maxUnitsPerHour: 1n } };
    const json = (await encoded(PROJECT, ProjectSchema, project)) as Record<string, JsonValue>;
    const { id: _id, ...rest } = json;

    expect(await decoded("PATCH", PROJECT, rest)).toEqual({ projectId: "p", ...rest });
  });
});
