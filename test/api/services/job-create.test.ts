// Long for its table of everything that can be wrong with the description of a job.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { limits } from "../../../shared/core/limits.ts";
import { HOUR_MS } from "../../../shared/core/time/duration.ts";
import { BadRequestSchema } from "../../../shared/gen/google/rpc/error_details_pb.ts";
import {
  CreateProjectJobMetadataSchema,
  CreateProjectJobResponseSchema,
} from "../../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Operation } from "../../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { PROJECT, START_AT } from "../../support/builders.ts";
import {
  aFile,
  jobs,
  JobWorld,
  metadataOf,
  responseOf,
  someParameters,
  type ParametersInit,
} from "../../support/job-world.ts";
import { detail, failureOf } from "../an-api.ts";

let world: JobWorld;
beforeEach(async () => {
  world = await JobWorld.make();
});
afterEach(async () => {
  await world.close();
});

async function wrongFieldsOf(
  parameters: ParametersInit,
  request: object = {},
): Promise<Record<string, string>> {
  const failure = await failureOf(
    world.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters(parameters),
      ...request,
    }),
  );
  const { fieldViolations } = detail(failure, BadRequestSchema);
  return Object.fromEntries(fieldViolations.map(({ field, description }) => [field, description]));
}

describe("a job that is created", () => {
  it("has an operation that is done, with the job's id in metadata and response", async () => {
    const operation = await world.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters(),
      name: "train",
    });

    const { jobId } = responseOf(operation, CreateProjectJobResponseSchema);
    expect(operation.done).toBe(true);
    expect(jobId).toMatch(/^bt1[0-9a-z]{17}$/);
    expect(metadataOf(operation, CreateProjectJobMetadataSchema)).toMatchObject({
      projectId: PROJECT,
      jobId,
    });
  });

  it("keeps everything it was given, and says what it is", async () => {
    const id = await world.newJob(
      {
        cmd: "python ${MAIN} --n ${N}",
        inputFiles: [
          aFile("main.py", "print()", "MAIN"),
          { ...aFile("data", "zip"), compressionType: 2 },
        ],
        outputFiles: [{ path: "model.bin", var: "MODEL" }],
        arguments: [{ name: "N", value: "3" }],
        env: {
          vars: { REGION: "eu" },
          pythonEnv: { pythonVersion: "3.12", requirements: ["x==1"] },
        },
        gracefulShutdownParameters: { timeout: { seconds: 5n }, signal: 2n },
        extendedWorkingStorage: { type: 1, sizeGb: 100n },
      },
      { name: "train", desc: "every day", config: "name: train\n" },
    );

    const job = await world.job(id);
    const { definition } = await world.stored(id);

    expect(job).toMatchObject({
      id,
      name: "train",
      desc: "every day",
      config: "name: train\n",
      projectId: PROJECT,
      createdById: "orrery",
      dataCleared: false,
      dataSizeBytes: 10n,
      parentJobId: "",
    });
    expect(job.jobParameters?.cmd).toBe("python ${MAIN} --n ${N}");
    expect(job.jobParameters?.inputFiles[1]?.compressionType).toBe(2);
    expect(definition).toMatchObject({
      kind: "job",
      name: "train",
      arguments: { N: "3" },
      environment: { REGION: "eu" },
      outputs: [{ path: "model.bin", variable: "MODEL" }],
      python: { type: "manual", version: "3.12", requirements: ["x==1"] },
      gracefulShutdown: { signal: "SIGINT", timeoutMs: 5_000 },
      workingStorageBytes: 100 * 1024 ** 3,
      instanceTypes: ["c1.4"],
    });
    expect(definition.root).toBeUndefined();
    expect(definition.inputs[1]?.stored).toMatchObject({ isArchive: true, bytes: 3 });
  });

  it("keeps no password that came in plain text", async () => {
    const password = { case: "passwordPlainText", value: "hunter2" } as const;
    const spec = { imageUrl: "cr.example/x:1", username: "me", password };
    const id = await world.newJob({
      env: { dockerImage: { case: "dockerImageSpec", value: spec } },
    });

    const kept = JSON.stringify(await world.stored(id));
    const { jobParameters } = await world.job(id);

    expect(kept).not.toContain("hunter2");
    expect(kept).toContain("cr.example/x:1");
    expect(jobParameters?.env?.dockerImage).toMatchObject({ value: { username: "me" } });
  });

  it("keeps its data 14 days unless it says otherwise", async () => {
    const usual = await world.job(await world.newJob());
    const short = await world.job(await world.newJob({}, { dataTtl: { seconds: 3_600n } }));

    expect(Number(usual.dataExpiresAt?.seconds) * 1_000).toBe(START_AT + limits.jobDataTtlMs);
    expect(Number(short.dataExpiresAt?.seconds) * 1_000).toBe(START_AT + HOUR_MS);
  });
});

describe("the files that a new job has to upload", () => {
  const shared = aFile("a/data.csv", "1,2");
  const again = aFile("b/copy.csv", "1,2");
  const main = aFile("main.py", "print()");

  function uploadsOf(
    operation: Operation,
  ): readonly { readonly path: string | undefined; readonly url: string }[] {
    const { uploadFiles } = responseOf(operation, CreateProjectJobResponseSchema);
    return uploadFiles.map(({ file, url }) => ({ path: file?.desc?.path, url }));
  }

  it("are those whose content its project lacks, each content once, with a URL", async () => {
    world.files.put(PROJECT, "print()");

    const operation = await world.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters({ inputFiles: [main, shared, again] }),
    });

    const [upload, ...others] = uploadsOf(operation);
    expect(others).toEqual([]);
    expect(upload?.path).toBe("a/data.csv");
    expect(upload?.url).toBe(
      `memory://upload/demo/${shared.sha256 ?? ""}?bytes=3&expires=2027-01-15T01:00:00Z`,
    );
  });

  it("get fresh URLs when the operation is read again, and when the call is repeated", async () => {
    const request = { projectId: PROJECT, jobParameters: someParameters({ inputFiles: [shared] }) };
    const once = { "idempotency-key": "k1" };
    const operation = await world.rpc(jobs.create, request, once);
    await world.clock.advance(2 * HOUR_MS);

    const read = await world.operation(operation.id);
    const repeated = await world.rpc(jobs.create, request, once);

    expect(repeated.id).toBe(operation.id);
    for (const later of [read, repeated]) {
      expect(uploadsOf(later)[0]?.url).toContain("expires=2027-01-15T03:00:00Z");
    }
  });

  it("are none any more once they are uploaded", async () => {
    const operation = await world.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters({ inputFiles: [shared] }),
    });
    world.files.put(PROJECT, "1,2");

    expect(uploadsOf(await world.operation(operation.id))).toEqual([]);
  });

  it("are asked of each project for itself", async () => {
    world.files.put("other" as typeof PROJECT, "1,2");

    const operation = await world.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters({ inputFiles: [shared] }),
    });

    expect(uploadsOf(operation)).toHaveLength(1);
  });
});

describe("a job that is described wrongly", () => {
  it("is refused with everything that is wrong at once, and leaves nothing behind", async () => {
    const wrong = await wrongFieldsOf(
      {
        cmd: " ",
        inputFiles: [
          aFile("a", "a"),
          { ...aFile("../b", "b"), sha256: "ABC" },
          { ...aFile("c", "c", "DS_PROJECT_HOME"), sizeBytes: 6n * 1024n ** 3n },
        ],
        outputFiles: [
          { path: "/tmp/x", var: "" },
          { path: "out", var: "no space" },
        ],
        arguments: [
          { name: "N", value: "1" },
          { name: "N", value: "2" },
        ],
        cloudInstanceTypes: [{ name: "c1.4" }, { name: "huge" }],
        env: { pythonEnv: { pythonVersion: "2.7", condaYaml: "x" } },
        gracefulShutdownParameters: { signal: 9n },
        extendedWorkingStorage: { sizeGb: 5n },
      },
      { dataTtl: { seconds: -1n } },
    );

    expect(Object.keys(wrong).toSorted()).toEqual([
      "data_ttl",
      "job_parameters.arguments[1].name",
      "job_parameters.cloud_instance_types[1].name",
      "job_parameters.cmd",
      "job_parameters.env.python_env.conda_yaml",
      "job_parameters.env.python_env.python_version",
      "job_parameters.extended_working_storage.size_gb",
      "job_parameters.graceful_shutdown_parameters.signal",
      "job_parameters.input_files[1].desc.path",
      "job_parameters.input_files[1].sha256",
      "job_parameters.input_files[2].desc.var",
      "job_parameters.input_files[2].size_bytes",
      "job_parameters.output_files[0].path",
      "job_parameters.output_files[1].var",
    ]);
    expect((await world.rpc(jobs.list, { projectId: PROJECT })).jobs).toEqual([]);
  });

  const five = 5n * 1024n ** 3n;
  const sha = (digit: string): string => digit.repeat(64);
  it.each<{ name: string; parameters: ParametersInit; field: string }>([
    {
      name: "one content of two sizes",
      parameters: { inputFiles: [aFile("a", "x"), { ...aFile("b", "x"), sizeBytes: 2n }] },
      field: "job_parameters.input_files[1].size_bytes",
    },
    {
      name: "more than 10 GiB together",
      parameters: {
        inputFiles: ["a", "b", "c"].map((name) => ({
          ...aFile(name, ""),
          sha256: sha(name),
          sizeBytes: five,
        })),
      },
      field: "job_parameters.input_files",
    },
    {
      name: "101 outputs",
      parameters: {
        outputFiles: Array.from({ length: 101 }, (_, index) => ({ path: `o${index}`, var: "" })),
      },
      field: "job_parameters.output_files",
    },
    {
      name: "a path twice",
      parameters: { inputFiles: [aFile("a", "1"), aFile("a", "2")] },
      field: "job_parameters.input_files[1].desc.path",
    },
    {
      name: "a variable of a file and of an argument",
      parameters: { inputFiles: [aFile("a", "1", "X")], arguments: [{ name: "X", value: "" }] },
      field: "job_parameters.arguments[0].name",
    },
    {
      name: "a variable of 51 characters",
      parameters: { outputFiles: [{ path: "a", var: "x".repeat(51) }] },
      field: "job_parameters.output_files[0].var",
    },
    {
      name: "an empty path",
      parameters: { inputFiles: [aFile("", "1")] },
      field: "job_parameters.input_files[0].desc.path",
    },
    {
      name: "a name in a path that no disk takes",
      parameters: { inputFiles: [aFile(`a/${"é".repeat(128)}/b`, "1")] },
      field: "job_parameters.input_files[0].desc.path",
    },
    {
      name: "a path of 513 bytes",
      parameters: { outputFiles: [{ path: `${"a/".repeat(256)}b`, var: "" }] },
      field: "job_parameters.output_files[0].path",
    },
    {
      name: "a file of a variable with too long a name",
      parameters: { inputFiles: [aFile(`/${"a".repeat(256)}`, "1", "FAR")] },
      field: "job_parameters.input_files[0].desc.path",
    },
    {
      name: "an unknown compression",
      parameters: { inputFiles: [{ ...aFile("a", "1"), compressionType: 7 as never }] },
      field: "job_parameters.input_files[0].compression_type",
    },
    {
      name: "a local module without a hash",
      parameters: { env: { pythonEnv: { localModules: [{ ...aFile("m", "1"), sha256: "" }] } } },
      field: "job_parameters.env.python_env.local_modules[0].sha256",
    },
    {
      name: "a command that names what nothing gives",
      parameters: { cmd: "sh -c 'echo ${X} ${Y}'", env: { vars: { X: "1", "Y-Y": "2" } } },
      field: "job_parameters.cmd",
    },
    {
      name: "the project's folder without the project's disk",
      parameters: { cmd: "ls ${DS_PROJECT_HOME}" },
      field: "job_parameters.cmd",
    },
    {
      name: "a dataset twice",
      parameters: { outputDatasets: [{ name: "d" }, { name: "d" }] },
      field: "job_parameters.output_datasets[1].name",
    },
  ])("is refused for $name", async ({ parameters, field }) => {
    expect(Object.keys(await wrongFieldsOf(parameters))).toEqual([field]);
  });

  it("is refused where its texts are larger than a listing can carry", async () => {
    const wrong = await wrongFieldsOf({}, { config: "x".repeat(limits.jobBytes) });

    expect(Object.keys(wrong)).toEqual(["config"]);
  });

  it("may name in its command whatever it defines, and what is the shell's own", async () => {
    const bucket = "bt1aaaaaaaaaaaaaaaaa";
    const id = await world.newJob({
      cmd:
        "run ${IN} ${OUT} ${ARG} ${ENV} ${MODULE} ${SET} $HOME " +
        `\${${bucket}} \${DS_PROJECT_HOME} \${JOB_PROGRESS_FILENAME}`,
      inputFiles: [aFile("in", "1", "IN")],
      outputFiles: [{ path: "out", var: "OUT" }],
      arguments: [{ name: "ARG", value: "" }],
      env: { vars: { ENV: "" }, pythonEnv: { localModules: [aFile("m.zip", "2", "MODULE")] } },
      outputDatasets: [{ name: "d", var: "SET", sizeGb: 1n }],
      s3MountIds: [bucket],
      attachProjectDisk: true,
    });

    expect(await world.status(id)).toBe("CREATING");
  });

  it("may have a path that leaves its folder where it has a variable", async () => {
    const id = await world.newJob({ inputFiles: [aFile("/home/me/a.csv", "1", "A")] });

    expect(await world.status(id)).toBe("CREATING");
  });

  it("may ask for what only DataSphere has: its execution says what is missing", async () => {
    const id = await world.newJob({
      s3MountIds: ["bt1aaaaaaaaaaaaaaaaa"],
      datasetIds: ["bt1bbbbbbbbbbbbbbbbb"],
      env: { dockerImage: { case: "dockerImageResourceId", value: "b1gcccccccccccccccccc" } },
      sparkParameters: { connectorId: "x" },
      outputDatasets: [{ name: "d", sizeGb: 1n }],
    });

    expect((await world.stored(id)).definition).toMatchObject({
      dockerImage: "b1gcccccccccccccccccc",
      sparkConnector: "x",
      outputDatasets: [{ name: "d", bytes: 1024 ** 3 }],
    });
  });

  it("is refused for a type whose rate the configuration took away, and not for one it gave", async () => {
    await world.apply({ ...configurationWithRates({ mine: 7 }) });

    const id = await world.newJob({ cloudInstanceTypes: [{ name: "mine" }] });

    expect((await world.stored(id)).definition.instanceTypes).toEqual(["mine"]);
  });
});

function configurationWithRates(rates: Readonly<Record<string, number>>) {
  return {
    projects: [{ project: PROJECT, limits: {} }],
    rates,
    schedules: [],
    subscriptions: [],
  };
}
