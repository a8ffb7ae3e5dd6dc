import { create, type DescMessage, type Message } from "@bufbuild/protobuf";
import { FieldDescriptorProto_Type } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { compileValidator } from "../../shared/api/validate.ts";
import { parseRange } from "../../shared/api/validation/range.ts";
import { limits } from "../../shared/core/limits.ts";
import { CreateTokenRequestSchema } from "../../shared/gen/orrery/v1/platform_service_pb.ts";
import {
  CloneProjectJobRequestSchema,
  CreateProjectJobRequestSchema,
  SetProjectJobDataTtlRequestSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import {
  CreateProjectRequestSchema,
  ListProjectsRequestSchema,
  ProjectExecutionRequestSchema,
  SetUnitBalanceRequestSchema,
  UpdateProjectRequestSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v2/project_service_pb.ts";
import { bytes, length, unique, value } from "../../shared/gen/yandex/cloud/validation_pb.ts";
import { aFile, option } from "./a-file.ts";

/** What is wrong with a message, one line for each violation. */
function wrong(
  schema: DescMessage,
  init: Record<string, unknown>,
  skipped?: readonly string[],
): readonly string[] {
  const message: Message = create(schema, init);
  return compileValidator(
    schema,
    skipped,
  )(message).map((each) => `${each.field} ${each.description}`);
}

describe("a range", () => {
  it.each([
    ["1-63", [1, 63], [0, 64]],
    ["-5-5", [-5, 5], [-6, 6]],
    [">=1", [1, 2], [0]],
    ["<=9", [9, -1], [10]],
    [">1", [2], [1]],
    ["<9", [8], [9]],
    ["7", [7], [6, 8]],
    ["0.5-1.5", [0.5, 1], [0.4]],
  ])("%s holds %j and not %j", (text, inside, outside) => {
    const range = parseRange(text);

    expect(inside.map((each) => range?.includes(each))).not.toContain(false);
    expect(outside.map((each) => range?.includes(each))).not.toContain(true);
    expect(range?.includes(BigInt(Math.ceil(inside[0] ?? 0)))).toBe(true);
  });

  it.each(["", "a", "1..3", "3-1", "=>1", "1-", "--1"])("is not %j", (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

describe("a request", () => {
  it("is told every wrong field by its path, and what would be right", () => {
    const init = {
      communityId: "x".repeat(51),
      name: "9lives",
      labels: { "Bad key": "ok", env: "не то" },
    };

    expect(wrong(CreateProjectRequestSchema, init)).toEqual([
      "community_id must have at most 50 characters, has 51",
      "name must match [a-z]([-a-z0-9]{0,61}[a-z0-9])?",
      "labels[Bad key] has a key that must match [a-z][-_0-9a-z]*",
      "labels[env] must match [-_0-9a-z]*",
    ]);
  });

  it("is told what it leaves out", () => {
    expect(wrong(CreateProjectRequestSchema, {})).toEqual(["community_id must be set"]);
    expect(wrong(ProjectExecutionRequestSchema, { projectId: "demo" })).toEqual([
      "target must have exactly one of notebook_id, cell_id",
    ]);
  });

  it("is told of numbers out of their range", () => {
    expect(wrong(ListProjectsRequestSchema, { communityId: "lab", pageSize: 1001n })).toEqual([
      "page_size must be 0 to 1000, is 1001",
    ]);
  });

  it("may leave empty what need not be set, though its pattern forbids the empty text", () => {
    expect(wrong(CreateProjectRequestSchema, { communityId: "lab", name: "" })).toEqual([]);
  });

  it("is checked inside its messages, with the place in a list", () => {
    const jobParameters = { inputFiles: [{ desc: { path: "a" } }, { desc: { path: "b\0" } }] };

    expect(wrong(CreateProjectJobRequestSchema, { jobParameters })).toEqual([
      "job_parameters.input_files[1].desc.path must not hold the character U+0000",
      "job_parameters.cloud_instance_types must have at least 1 elements, has 0",
    ]);
  });

  it("may be spared the rules of a field, not those of what is inside", () => {
    const init = { jobParametersOverrides: { name: "x", cloudInstanceTypes: [] } };
    const path = "job_parameters_overrides.cloud_instance_types";

    expect(wrong(CloneProjectJobRequestSchema, init)).toEqual([
      `${path} must have at least 1 elements, has 0`,
    ]);
    expect(wrong(CloneProjectJobRequestSchema, init, [path])).toEqual([]);
    const spared = { jobParametersOverrides: { cloudInstanceTypes: [{ name: "\0" }] } };
    expect(wrong(CloneProjectJobRequestSchema, spared, [path])).toHaveLength(1);
    expect(() => wrong(CloneProjectJobRequestSchema, {}, ["job_parameters_overrides.x"])).toThrow(
      `has the field job_parameters_overrides.x`,
    );
  });

  it("is told so many violations and no more", () => {
    const labels = Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`K${n}`, "Ы"]));

    expect(wrong(CreateProjectRequestSchema, { communityId: "lab", labels })).toHaveLength(
      limits.apiViolations,
    );
  });

  it("names in its mask only fields that it has", () => {
    const paths = ["name", "settings.ide", "settings.nope", "limits.max_units_per_hour", "*"];

    expect(wrong(UpdateProjectRequestSchema, { projectId: "demo", updateMask: { paths } })).toEqual(
      [
        "update_mask names settings.nope, which is no field of the request",
        "update_mask names *, which is no field of the request",
      ],
    );
  });
});

describe("whatever the rules say, a request", () => {
  const MAX = BigInt(Number.MAX_SAFE_INTEGER);

  it("holds no whole number that a client could not hold", () => {
    const balance = (unitBalance: bigint) =>
      wrong(SetUnitBalanceRequestSchema, { projectId: "demo", unitBalance });

    expect(balance(MAX)).toEqual([]);
    expect(balance(MAX + 1n)).toEqual([`unit_balance must be -${MAX} to ${MAX}`]);
    expect(balance(-MAX - 1n)).toHaveLength(1);
  });

  it.each([
    [0n, 0, 0],
    [253_402_300_799n, 999_999_999, 0],
    [-1n, 0, 1],
    [253_402_300_800n, 0, 1],
    [0n, -1, 1],
    [0n, 1_000_000_000, 1],
  ])("holds no time that is none: %s s, %s ns", (seconds, nanos, count) => {
    const init = { subjectId: "ada", expiresAt: { seconds, nanos } };

    expect(wrong(CreateTokenRequestSchema, init)).toHaveLength(count);
  });

  it.each([
    [-5n, -5, 0],
    [315_576_000_000n, 0, 0],
    [315_576_000_001n, 0, 1],
    [1n, -5, 1],
  ])("holds no duration that is none: %s s, %s ns", (seconds, nanos, count) => {
    expect(wrong(SetProjectJobDataTtlRequestSchema, { ttl: { seconds, nanos } })).toHaveLength(
      count,
    );
  });

  it("holds in a Struct only what JSON and a store can", () => {
    const inputVariables = { a: [1, Number.NaN], b: { c: "x\0" }, "d\0": null, e: "fine" };
    const init = { projectId: "demo", target: { case: "notebookId", value: "n" }, inputVariables };

    expect(wrong(ProjectExecutionRequestSchema, init)).toEqual([
      "input_variables.a[1] must be a number that JSON can write",
      "input_variables.b.c must not hold the character U+0000",
      "input_variables has a name with the character U+0000",
    ]);
  });
});

describe("rules that our protos do not use yet", () => {
  const { INT32, BYTES, STRING } = FieldDescriptorProto_Type;
  const input = aFile([
    { name: "texts", type: STRING, isList: true, options: option(unique, true) },
    { name: "blobs", type: BYTES, isList: true, options: option(unique, true) },
    { name: "blob", type: BYTES, options: option(length, "<=2") },
    { name: "text", type: STRING, options: option(bytes, "<=3") },
    { name: "number", type: INT32, options: option(value, ">5") },
    { name: "numbers", type: INT32, isList: true, options: option(value, "<9") },
  ]).method["call"]?.input as DescMessage;

  it("hold too", () => {
    const init = {
      texts: ["a", "a"],
      blobs: [new Uint8Array([1]), new Uint8Array([1])],
      blob: new Uint8Array(3),
      text: "жж",
      number: 5,
      numbers: [8, 9],
    };

    expect(wrong(input, init)).toEqual([
      "texts must have elements that differ",
      "blobs must have elements that differ",
      "blob must have at most 2 bytes, has 3",
      "text must have at most 3 bytes, has 4",
      "number must be more than 5, is 5",
      "numbers[1] must be less than 9, is 9",
    ]);
  });

  it("find nothing wrong with what keeps them", () => {
    const blobs = [new Uint8Array([1]), new Uint8Array([2])];

    expect(wrong(input, { texts: ["a", "b"], blobs, text: "ж", number: 6, numbers: [8] })).toEqual(
      [],
    );
  });
});
