import { FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { reads, type ServedService } from "../../shared/api/handlers.ts";
import { planMethods } from "../../shared/api/method-plan.ts";
import { Resource, Role } from "../../shared/gen/orrery/options/v1/options_pb.ts";
import {
  length,
  pattern,
  size,
  unique,
  value,
} from "../../shared/gen/yandex/cloud/validation_pb.ts";
import { aFile, option } from "./a-file.ts";

/** What a proto says wrong fails the start, and names itself. */

const handlers = { call: () => Promise.resolve({}) };
const RULE = { resource: Resource.PROJECT, field: "id", role: Role.VIEWER };
const ID = { name: "id" };

const start = (service: ServedService["service"], given: object = handlers): unknown =>
  planMethods([{ service, handlers: given as ServedService["handlers"] }]);

describe("a start", () => {
  it("succeeds with a rule, a field and a handler", () => {
    expect(() => start(aFile([ID], RULE))).not.toThrow();
  });

  it.each([
    ["a method without an access rule", undefined, "has an access rule"],
    ["a rule for no resource", { ...RULE, resource: Resource.UNSPECIFIED }, "known resource"],
    ["a rule without a role", { ...RULE, role: Role.UNSPECIFIED }, "known role"],
    ["a rule whose field does not exist", { ...RULE, field: "project" }, "the text field project"],
    ["a rule whose field is inside a text", { ...RULE, field: "id.id" }, "the text field id.id"],
    [
      "a rule that names a field for nothing",
      { ...RULE, resource: Resource.NOTHING },
      "names no field",
    ],
    [
      "a field role of no field",
      { ...RULE, fieldRoles: [{ path: "limits", role: Role.ADMIN }] },
      "has the field limits",
    ],
  ])("is refused for %s", (_what, rule, message) => {
    expect(() => start(aFile([ID], rule))).toThrow(message);
  });

  it.each([
    ["a length that is no range", option(length, "short"), "not short"],
    ["a range that holds nothing", option(length, "9-3"), "not 9-3"],
    ["a pattern that is none", option(pattern, "["), "not ["],
    ["a number's rule on a text", option(value, "0-9"), "has a number"],
    ["a size of a single value", option(size, "0-9"), "has elements"],
    ["an order among no elements", option(unique, true), "has elements"],
  ])("is refused for %s", (_what, options, message) => {
    expect(() => start(aFile([{ ...ID, options }], RULE))).toThrow(message);
  });

  it("is refused for a pattern on a number", () => {
    const fields = [
      ID,
      { name: "n", type: FieldDescriptorProto_Type.INT64, options: option(pattern, "x") },
    ];

    expect(() => start(aFile(fields, RULE))).toThrow("has a text");
  });

  it("is refused for a field that is no text where a rule names it", () => {
    const fields = [{ name: "id", type: FieldDescriptorProto_Type.INT64 }];

    expect(() => start(aFile(fields, RULE))).toThrow("the text field id");
  });

  it("is refused for a method without a handler, and for a handler without a method", () => {
    const service = aFile([ID], RULE);

    expect(() => start(service, {})).toThrow("has a handler");
    expect(() => start(service, { ...handlers, other: () => undefined })).toThrow("handler other");
  });

  it("is refused for a method that changes something and is answered by what it reads", () => {
    const look = {
      call: reads(
        async () => await Promise.resolve(),
        () => ({}),
      ),
    };

    expect(() => start(aFile([ID], RULE), look)).not.toThrow();
    expect(() => start(aFile([ID], { ...RULE, mutates: true }), look)).toThrow("changes nothing");
  });

  it("is refused for a service that is served twice", () => {
    const service = { service: aFile([ID], RULE), handlers };

    expect(() => planMethods([service, service])).toThrow("is served once");
  });
});
