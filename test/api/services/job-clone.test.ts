import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { HOUR_MS, MINUTE_MS, SECOND_MS } from "../../../shared/core/time/duration.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import {
  CloneProjectJobMetadataSchema,
  CloneProjectJobResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import { PROJECT } from "../../support/builders.ts";
import { aFile, jobs, JobWorld, metadataOf, responseOf } from "../../support/job-world.ts";
import { exits } from "../../support/scripted-executor.ts";
import { detail, failureOf } from "../an-api.ts";

const main = aFile("main.py", "print()");
const data = aFile("data.csv", "1,2", "DATA");

let world: JobWorld;
let source: string;
beforeEach(async () => {
  world = await JobWorld.make();
  source = await world.newJob(
    {
      cmd: "python main.py ${DATA} ${N}",
      inputFiles: [main, data],
      outputFiles: [
        { path: "a.bin", var: "A" },
        { path: "b.bin", var: "B" },
      ],
      arguments: [
        { name: "N", value: "1" },
        { name: "M", value: "2" },
      ],
      env: {
        vars: { X: "1", Y: "2" },
        dockerImage: { case: "dockerImageResourceId", value: "b1gcccccccccccccccccc" },
        pythonEnv: { requirements: ["pandas"] },
      },
      extendedWorkingStorage: { type: 1, sizeGb: 100n },
      gracefulShutdownParameters: { signal: 2n, timeout: { seconds: 3n } },
    },
    { name: "train", desc: "daily", config: "cmd: x\n" },
  );
  world.files.put(PROJECT, "print()");
  world.files.put(PROJECT, "1,2");
});
afterEach(async () => {
  await world.close();
});

async function cloned(overrides: object = {}, request: object = {}) {
  return await world.rpc(jobs.clone, {
    sourceJobId: source,
    jobParametersOverrides: overrides,
    ...request,
  });
}

describe("a job that is cloned", () => {
  it("is a new job of the same project with everything of the source, and knows its parent", async () => {
    await world.clock.advance(HOUR_MS);
    const operation = await world.rpc(jobs.clone, { sourceJobId: source });

    const { jobId, uploadFiles } = responseOf(operation, CloneProjectJobResponseSchema);
    const [parent, clone] = [await world.job(source), await world.job(jobId)];

    expect(metadataOf(operation, CloneProjectJobMetadataSchema)).toMatchObject({
      projectId: PROJECT,
      jobId,
    });
    expect(uploadFiles).toEqual([]);
    expect(clone).toMatchObject({ parentJobId: source, name: "train", desc: "daily", status: 1 });
    expect(clone.config).toBe("cmd: x\n");
    expect(clone.jobParameters).toEqual(parent.jobParameters);
    expect(clone.createdAt).not.toEqual(parent.createdAt);
    const { definition } = await world.stored(jobId);
    expect(definition).toEqual((await world.stored(source)).definition);
  });

  it.each<{ name: string; overrides: object; changed: object }>([
    {
      name: "an input by its variable",
      overrides: { inputFiles: [aFile("new.csv", "3", "DATA")] },
      changed: { inputFiles: [main, aFile("new.csv", "3", "DATA")] },
    },
    {
      name: "an output by its variable",
      overrides: { outputFiles: [{ path: "c.bin", var: "B" }] },
      changed: {
        outputFiles: [
          { path: "a.bin", var: "A" },
          { path: "c.bin", var: "B" },
        ],
      },
    },
    {
      name: "an argument by its name",
      overrides: { arguments: [{ name: "M", value: "" }] },
      changed: {
        arguments: [
          { name: "N", value: "1" },
          { name: "M", value: "" },
        ],
      },
    },
    {
      name: "environment variables as a set",
      overrides: { env: { vars: { Z: "3" } } },
      changed: {
        env: { vars: { Z: "3" }, dockerImage: { value: "b1gcccccccccccccccccc" } },
      },
    },
    {
      name: "the image",
      overrides: { env: { dockerImage: { case: "dockerImageSpec", value: { imageUrl: "x:1" } } } },
      changed: {
        env: { vars: { X: "1", Y: "2" }, dockerImage: { value: { imageUrl: "x:1" } } },
      },
    },
    {
      name: "working storage",
      overrides: { extendedWorkingStorage: { type: 1, sizeGb: 200n } },
      changed: { extendedWorkingStorage: { sizeGb: 200n } },
    },
    {
      name: "instance types",
      overrides: { cloudInstanceTypes: [{ name: "g1.1" }, { name: "c1.8" }] },
      changed: { cloudInstanceTypes: [{ name: "g1.1" }, { name: "c1.8" }] },
    },
  ])("may override $name, and inherits the rest", async ({ overrides, changed }) => {
    const { jobId } = responseOf(await cloned(overrides), CloneProjectJobResponseSchema);

    const [before, after] = [
      (await world.job(source)).jobParameters,
      (await world.job(jobId)).jobParameters,
    ];

    expect(after).toMatchObject(changed);
    const [kind = ""] = Object.keys(changed);
    const rest = (parameters: object | undefined): object => ({ ...parameters, [kind]: undefined });
    expect(rest(after)).toEqual(rest(before));
    const { env } = changed as { readonly env?: { readonly vars: object } };
    expect(after?.env?.vars).toEqual(env?.vars ?? { X: "1", Y: "2" });
    expect(after?.env?.pythonEnv?.requirements).toEqual(["pandas"]);
  });

  it("has to upload only what it changed", async () => {
    const operation = await cloned({ inputFiles: [aFile("new.csv", "3", "DATA")] });

    const { uploadFiles } = responseOf(operation, CloneProjectJobResponseSchema);

    expect(uploadFiles.map(({ file }) => file?.desc?.path)).toEqual(["new.csv"]);
  });

  it("may have a name and a description of its own, and its own time to keep data", async () => {
    const operation = await cloned({}, { name: "again", desc: "x", dataTtl: { seconds: 60n } });
    const { jobId } = responseOf(operation, CloneProjectJobResponseSchema);

    expect(await world.job(jobId)).toMatchObject({ name: "again", desc: "x" });
    expect((await world.stored(jobId)).dataTtlMs).toBe(MINUTE_MS);
  });

  it("is executed for itself", async () => {
    world.jobsRun(exits(SECOND_MS));
    const { jobId } = responseOf(await cloned(), CloneProjectJobResponseSchema);

    await world.rpc(jobs.execute, { jobId });
    await world.live(MINUTE_MS);

    expect(await world.status(jobId)).toBe("SUCCESS");
    expect(await world.status(source)).toBe("CREATING");
  });

  it("keeps what it shares with its source when the source's data goes", async () => {
    world.jobsRun(exits(SECOND_MS));
    const { jobId } = responseOf(await cloned(), CloneProjectJobResponseSchema);
    await world.rpc(jobs.delete, { jobId: source });
    await world.live(MINUTE_MS);

    await world.rpc(jobs.execute, { jobId });
    await world.live(MINUTE_MS);

    expect(await world.status(jobId)).toBe("SUCCESS");
  });
});

describe("a clone that cannot be made", () => {
  it.each<{ name: string; overrides: object; field: string }>([
    { name: "cmd", overrides: { cmd: "x" }, field: "cmd" },
    {
      name: "the Python environment",
      overrides: { env: { pythonEnv: { requirements: ["x"] } } },
      field: "env.python_env",
    },
    {
      name: "an input with an unknown variable",
      overrides: { inputFiles: [aFile("x", "x", "NEW")] },
      field: "input_files[0].desc.var",
    },
    {
      name: "an input without a variable",
      overrides: { inputFiles: [aFile("main.py", "x")] },
      field: "input_files[0].desc.var",
    },
    {
      name: "an output with an unknown variable",
      overrides: { outputFiles: [{ path: "x", var: "C" }] },
      field: "output_files[0].var",
    },
    {
      name: "an argument that the source has not",
      overrides: { arguments: [{ name: "K", value: "" }] },
      field: "arguments[0].name",
    },
    {
      name: "an input with a wrong hash, by its own place",
      overrides: { inputFiles: [{ ...aFile("x", "x", "DATA"), sha256: "x" }] },
      field: "input_files[0].sha256",
    },
    {
      name: "an unknown instance type",
      overrides: { cloudInstanceTypes: [{ name: "huge" }] },
      field: "cloud_instance_types[0].name",
    },
  ])("names the override: $name", async ({ overrides, field }) => {
    const failure = await failureOf(cloned(overrides));

    const { fieldViolations } = detail(failure, BadRequestSchema);
    expect(fieldViolations.map((each) => each.field)).toEqual([
      `job_parameters_overrides.${field}`,
    ]);
  });

  it("has a source whose data was cleared", async () => {
    await world.rpc(jobs.deleteData, { jobId: source });

    const { code, message } = await failureOf(cloned());

    expect(code).toBe(9);
    expect(message).toContain("was cleared");
  });

  it("has a source that is not there", async () => {
    const call = world.rpc(jobs.clone, { sourceJobId: "bt1aaaaaaaaaaaaaaaaa" });

    expect((await failureOf(call)).code).toBe(5);
  });
});
