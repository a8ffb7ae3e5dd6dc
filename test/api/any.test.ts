import { create, fromBinary, toBinary, toJson } from "@bufbuild/protobuf";
import { AnySchema, EmptySchema } from "@bufbuild/protobuf/wkt";
import { globSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { anyFromJson, anyJson, registry } from "../../shared/api/any.ts";
import { AttemptMetadataSchema } from "../../shared/gen/orrery/v1/run_pb.ts";
import { CreateProjectJobMetadataSchema } from "../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { attemptMetadata } from "../../shared/core/operation/attempt-operation.ts";
import { runIdOf, scheduleName } from "../../shared/core/ids.ts";
import { START_AT } from "../support/builders.ts";

describe("a message in the JSON form of Any", () => {
  const json = {
    "@type": "type.googleapis.com/yandex.cloud.datasphere.v2.jobs.CreateProjectJobMetadata",
    projectId: "demo",
    jobId: "j1",
  };

  it("names its type beside its fields", () => {
    expect(anyJson(CreateProjectJobMetadataSchema, { projectId: "demo", jobId: "j1" })).toEqual(
      json,
    );
    expect(anyJson(EmptySchema, {})).toEqual({
      "@type": "type.googleapis.com/google.protobuf.Empty",
    });
  });

  it("is the same message again in its binary form", () => {
    const any = anyFromJson(json);

    expect(any.typeUrl).toBe(json["@type"]);
    expect(fromBinary(CreateProjectJobMetadataSchema, any.value)).toEqual(
      create(CreateProjectJobMetadataSchema, { projectId: "demo", jobId: "j1" }),
    );
    expect(toJson(AnySchema, any, { registry })).toEqual(json);
  });

  it("loses a field that this program does not know, and nothing else", () => {
    expect(anyFromJson({ ...json, later: 1 })).toEqual(anyFromJson(json));
  });

  it("is what core writes by hand for attempts", () => {
    const run = runIdOf({ schedule: scheduleName("nightly"), nominalAt: START_AT }, "occurrence");
    const metadata = attemptMetadata({ run, number: 1, status: "running", startedAt: START_AT });

    const any = anyFromJson(metadata);

    expect(fromBinary(AttemptMetadataSchema, any.value)).toMatchObject({ run, attempt: 1 });
    expect(toBinary(AnySchema, any).length).toBeGreaterThan(0);
  });
});

describe("the registry", () => {
  it("knows every message of every proto file that is generated", async () => {
    const options = /(options|validation|api\/operation)_pb\.ts$|\/google\/api\//;
    const files = globSync("shared/gen/**/*_pb.ts").filter((path) => !options.test(path));
    const names: string[] = [];
    for (const path of files) {
      const generated = (await import(/* @vite-ignore */ `../../${path}`)) as Readonly<
        Record<string, unknown>
      >;
      for (const each of Object.values(generated)) {
        if (isMessageType(each)) names.push(each.typeName);
      }
    }

    expect(names.length).toBeGreaterThan(200);
    expect(names.filter((name) => registry.getMessage(name) === undefined)).toEqual([]);
  });
});

function isMessageType(value: unknown): value is { readonly typeName: string } {
  return typeof value === "object" && value !== null && "kind" in value && value.kind === "message";
}
