import {
  FileUploadError_ErrorType,
  JobStatus,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { CancelProjectJobRequest } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  SetUnitBalanceRequest,
  UpdateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { assert } from "../../shared/core/assert.ts";
import { HOUR_MS } from "../../shared/core/time/duration.ts";
import {
  QuotaFailureSchema,
  RetryInfoSchema,
} from "../../shared/gen/google/rpc/error_details_pb.ts";
import { codeOf, detailOf, refusal } from "./refusal.ts";
import { aFile } from "./sdk-client.ts";
import { SdkJobs } from "./sdk-jobs.ts";
import { served } from "./served.ts";

const its = served();

/** Ends with code 3 and an output when it is asked to, by the first user signal. */
const OBEDIENT = `
import signal, sys, time
def obey(*_):
    open(sys.argv[1], "w").write("saved")
    sys.exit(3)
signal.signal(signal.SIGUSR1, obey)
print("ready", flush=True)
time.sleep(600)
`;

const cancel = async (jobId: string, part: object = {}): Promise<void> => {
  await its.client.jobs.cancel(CancelProjectJobRequest.fromPartial({ jobId, ...part }));
};

describe("a job that does not end well", () => {
  it("answers with its program's code, which is no error of its operation", async () => {
    const jobs = await SdkJobs.of(its.client);

    const { operation, response, job } = await jobs.execute(await jobs.create({ cmd: "exit 7" }));

    expect(operation.error).toBeUndefined();
    expect(response?.result?.returnCode).toBe(7);
    expect(job.status).toBe(JobStatus.ERROR);
    expect(job.statusDetails).toContain("7");
  });

  it("is an error where an output is missing, though its program ended well", async () => {
    const jobs = await SdkJobs.of(its.client);
    const outputFiles = [
      { path: "there.txt", var: "THERE" },
      { path: "missing.txt", var: "MISSING" },
    ];

    const { response, job } = await jobs.execute(
      await jobs.create({ cmd: "echo yes > ${THERE}", outputFiles }),
    );

    const errors = [{ outputFileDesc: outputFiles[1], type: FileUploadError_ErrorType.NOT_FOUND }];
    expect(response?.result?.returnCode).toBe(0);
    expect(response?.outputFilesErrors).toMatchObject(errors);
    expect(response?.outputFiles.map(({ file }) => file?.desc)).toEqual([outputFiles[0]]);
    expect(job.status).toBe(JobStatus.ERROR);
    expect(job.fileErrors).toMatchObject(errors);
  });

  it.each([
    { how: "killed", part: { reason: "too slow" }, told: "too slow" },
    {
      how: "killed, for it says not how to ask it",
      part: { graceful: true },
      told: "Canceled by user",
    },
  ])("is $how when it is cancelled, and its operation ends with code 1", async ({ part, told }) => {
    const jobs = await SdkJobs.of(its.client);
    const jobId = await jobs.create({ cmd: "sleep 600" });
    const execution = await its.client.jobs.execute({ jobId });
    await jobs.reaches(jobId, JobStatus.EXECUTING);

    await cancel(jobId, part);
    const { operation, job } = await jobs.ended(execution);

    expect(operation.error).toMatchObject({ code: 1, message: told });
    expect(job).toMatchObject({ status: JobStatus.CANCELLED, statusDetails: told });
    await cancel(jobId);
    expect(await jobs.status(jobId)).toBe(JobStatus.CANCELLED);
  });

  it("is asked first where it says how, and keeps what it saves then", async () => {
    const jobs = await SdkJobs.of(its.client);
    const jobId = await jobs.create(
      {
        cmd: "python3 main.py ${OUT}",
        outputFiles: [{ path: "out.txt", var: "OUT" }],
        gracefulShutdownParameters: { signal: 10, timeout: { seconds: 60 } },
      },
      { files: { "main.py": OBEDIENT } },
    );
    const execution = await its.client.jobs.execute({ jobId });
    for await (const { logs } of its.client.jobs.readLogs({ jobId, offset: 0 })) {
      if (logs.some(({ content }) => content.toString().includes("ready"))) break;
    }

    await cancel(jobId, { graceful: true });
    const { operation, job } = await jobs.ended(execution);

    expect(operation.error).toMatchObject({ code: 1 });
    expect(job.status).toBe(JobStatus.CANCELLED);
    expect(job.outputFiles).toMatchObject([{ desc: { path: "out.txt" }, sizeBytes: 5 }]);
  });

  it("is over before it began where it is cancelled first, and its logs with it", async () => {
    const jobs = await SdkJobs.of(its.client);
    const jobId = await jobs.create();
    const printing = jobs.printed(jobId);

    await cancel(jobId, { reason: "not needed" });

    expect(await printing).toBe("");
    const job = await its.client.jobs.get({ jobId });
    expect(job).toMatchObject({ status: JobStatus.CANCELLED, statusDetails: "not needed" });
    expect(await codeOf(its.client.jobs.execute({ jobId }))).toBe(9);
  });

  it("is stopped at the limit of its execution, and runs until shortly before", async () => {
    // Six seconds on c1.4, of which the grace takes half at most.
    const jobs = await SdkJobs.of(its.client, { limits: { maxUnitsPerExecution: 24 } });
    const [short, long] = [
      await jobs.create({ cmd: "sleep 0.2" }),
      await jobs.create({ cmd: "sleep 600" }),
    ];

    expect((await jobs.execute(short)).job.status).toBe(JobStatus.SUCCESS);
    const { operation, job } = await jobs.execute(long);

    expect(operation.error).toMatchObject({ code: 1 });
    expect(job.status).toBe(JobStatus.ERROR);
  });
});

describe("a job that is refused", () => {
  it("is told everything that is wrong with it", async () => {
    const jobs = await SdkJobs.of(its.client);
    const request = jobs.request(
      {
        cmd: "run ${NOWHERE}",
        inputFiles: [{ ...aFile("../up", "x"), sha256: "no hash" }],
        outputFiles: [{ path: "o", var: "not a name" }],
        cloudInstanceTypes: [{ name: "none.1" }],
        gracefulShutdownParameters: { signal: 9 },
      },
      { dataTtl: { seconds: -1 } },
    );

    const refused = await refusal(async (o) => await its.client.jobs.create(request, o));

    expect(refused).toMatchObject({ code: 3 });
    expect(refused.fields.toSorted()).toEqual([
      "data_ttl",
      "job_parameters.cloud_instance_types[0].name",
      "job_parameters.cmd",
      "job_parameters.graceful_shutdown_parameters.signal",
      "job_parameters.input_files[0].desc.path",
      "job_parameters.input_files[0].sha256",
      "job_parameters.output_files[0].var",
    ]);
  });

  it("asks for what this machine does not have", async () => {
    const jobs = await SdkJobs.of(its.client);
    const wishes = [
      { env: { dockerImageResourceId: "b1gimage" } },
      { env: { dockerImageSpec: { imageUrl: "ubuntu:22.04" } } },
      { env: { pythonEnv: { pythonVersion: "3.1" } } },
      { s3MountIds: ["bt1bucket"] },
      { datasetIds: ["bt1dataset"] },
      { outputDatasets: [{ name: "made", var: "D", sizeGb: 1 }] },
      { sparkParameters: { connectorId: "bt1spark" } },
    ];

    for (const wish of wishes) {
      const jobId = await jobs.create(wish);
      const execute = its.client.jobs.execute({ jobId });
      expect([Object.keys(wish), await codeOf(execute)]).toEqual([Object.keys(wish), 9]);
      expect(await jobs.status(jobId)).toBe(JobStatus.CREATING);
    }
  });

  it("does not fit the hour, hears which numbers and when, and fits once the other ended", async () => {
    const { client } = its;
    const limits = { maxUnitsPerHour: 400, maxUnitsPerExecution: 240 };
    const jobs = await SdkJobs.of(client, { limits });
    const { projectId } = jobs;
    const [first, second] = [await jobs.create({ cmd: "sleep 600" }), await jobs.create()];
    const execution = await client.jobs.execute({ jobId: first });

    const { code, status } = await refusal(
      async (o) => await client.jobs.execute({ jobId: second }, o),
    );
    await cancel(first);
    await jobs.ended(execution);

    expect(code).toBe(8);
    expect(detailOf(status, QuotaFailureSchema)?.violations).toMatchObject([
      {
        subject: `project:${projectId}/hour`,
        description: expect.stringContaining("480 of 400") as string,
      },
    ]);
    const { retryDelay } = detailOf(status, RetryInfoSchema) ?? {};
    assert(retryDelay !== undefined, "the refusal says when to come again");
    expect(durationMs(retryDelay)).toBeGreaterThan(HOUR_MS);
    expect(await jobs.status(second)).toBe(JobStatus.CREATING);
    expect((await jobs.execute(second)).job.status).toBe(JobStatus.SUCCESS);
  });

  it("does not fit a balance or an execution, and hears of no time at which it would", async () => {
    const { client } = its;
    const jobs = await SdkJobs.of(client, { limits: { maxUnitsPerExecution: 3 } });
    const { projectId } = jobs;
    const jobId = await jobs.create();
    const execute = async () => await refusal(async (o) => await client.jobs.execute({ jobId }, o));

    const tooDear = await execute();
    const lifted = { projectId, updateMask: { paths: ["limits"] } };
    await client.projects.update(UpdateProjectRequest.fromPartial(lifted));
    const balance = SetUnitBalanceRequest.fromPartial({ projectId, unitBalance: 3 });
    await client.projects.setUnitBalance(balance);
    const tooPoor = await execute();

    for (const [{ code, status }, subject] of [
      [tooDear, `project:${projectId}/execution`],
      [tooPoor, `project:${projectId}/balance`],
    ] as const) {
      expect(code).toBe(8);
      expect(detailOf(status, QuotaFailureSchema)?.violations).toMatchObject([{ subject }]);
      expect(detailOf(status, RetryInfoSchema)).toBeUndefined();
    }
  });

  it("never starts beyond a limit, however many are executed at once", async () => {
    const { client } = its;
    const limits = { maxUnitsPerHour: 130, maxUnitsPerExecution: 40 };
    const jobs = await SdkJobs.of(client, { limits });
    const made = await Promise.all(
      Array.from({ length: 20 }, async () => await jobs.create({ cmd: "sleep 600" })),
    );

    const codes = await Promise.all(
      made.map(async (jobId) => await codeOf(client.jobs.execute({ jobId }))),
    );

    expect(codes.filter((code) => code === 0)).toHaveLength(3);
    expect(codes.filter((code) => code === 8)).toHaveLength(17);
  });
});
