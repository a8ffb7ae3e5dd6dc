import {
  FileCompressionType,
  JobStatus,
  type Job,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import {
  CloneProjectJobMetadata,
  CloneProjectJobRequest,
  CloneProjectJobResponse,
  CreateProjectJobMetadata,
  DownloadProjectJobFilesRequest,
  ExecuteProjectJobMetadata,
  ListProjectJobRequest,
  SetProjectJobDataTtlRequest,
  CancelProjectJobRequest,
  ProjectJobServiceClient,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { afterAll, describe, expect, it } from "vitest";
import { zip } from "../adapters/process/zip-builder.ts";
import { until } from "./home.ts";
import { codeOf } from "./refusal.ts";
import { aFile, metadataOf, uncalled } from "./sdk-client.ts";
import { SdkJobs, upload } from "./sdk-jobs.ts";
import { served } from "./served.ts";

const its = served();

afterAll(() => expect(uncalled(ProjectJobServiceClient)).toEqual([]));

/** Says hello, tells how far it is, waits until the file that it is given is gone, and answers. */
const PROGRAM = `
import json, os, sys, time
who, data, result, gate = sys.argv[1:]
print("hello", who, flush=True)
with open(os.environ["JOB_PROGRESS_FILENAME"], "a") as progress:
    progress.write(json.dumps({"progress": 40, "message": "reading"}) + "\\n")
while os.path.exists(gate):
    time.sleep(0.01)
open(result, "w").write(open(data).read().upper() + os.environ["TAIL"])
print("done", file=sys.stderr, flush=True)
`;

describe("a job of a program that knows the official SDK alone", () => {
  it("goes through every status while it is uploaded, executed, followed and downloaded", async () => {
    const { client, home } = its;
    const jobs = await SdkJobs.of(client);
    const { projectId } = jobs;
    await home.write("gate", "");
    const creation = await client.jobs.create(
      jobs.request(
        {
          inputFiles: [aFile("main.py", PROGRAM), aFile("вход.txt", "some text", "DATA")],
          outputFiles: [{ path: "result.txt", var: "RESULT" }],
          cmd: "python3 main.py ${WHO} ${DATA} ${RESULT} " + home.path("gate"),
          arguments: [{ name: "WHO", value: "world" }],
          env: { vars: { TAIL: "…" }, pythonEnv: { requirements: [] } },
        },
        { name: "upper", desc: "to upper case", config: "name: upper" },
      ),
    );
    const { jobId } = metadataOf(creation, CreateProjectJobMetadata);
    const { uploadFiles } = await client.done(creation, CloneProjectJobResponse);
    expect(uploadFiles.map(({ file }) => file?.desc?.path).toSorted()).toEqual([
      "main.py",
      "вход.txt",
    ]);
    expect(await jobs.status(jobId)).toBe(JobStatus.CREATING);
    expect(await codeOf(client.jobs.execute({ jobId }))).toBe(9);
    await upload(uploadFiles, { "main.py": PROGRAM, "вход.txt": "some text" });

    const execution = await client.jobs.execute({ jobId });
    expect(metadataOf(execution, ExecuteProjectJobMetadata).metadata?.id).toBe(jobId);
    const walk = followed(jobs, jobId);
    const printing = jobs.printed(jobId);
    await jobs.reaches(jobId, JobStatus.EXECUTING);
    await until("its progress is told", async () => {
      const { id: operationId } = execution;
      const operation = await client.operations.get({ operationId });
      return metadataOf(operation, ExecuteProjectJobMetadata).progress?.progress === 40;
    });
    await home.remove("gate");
    const { response, operation, job } = await jobs.ended(execution);

    // Two of them may be over between two looks.
    const [preparing, uploading] = [JobStatus.PREPARING, JobStatus.UPLOADING_OUTPUT];
    const whole = [preparing, JobStatus.EXECUTING, uploading, JobStatus.SUCCESS];
    const seen = await walk;
    expect(seen).toEqual(whole.filter((each) => seen.includes(each)));
    expect(seen).toEqual(expect.arrayContaining([JobStatus.EXECUTING, JobStatus.SUCCESS]));
    expect(await printing).toBe("hello world\ndone\n");
    expect(response).toMatchObject({ result: { returnCode: 0 }, outputFilesErrors: [] });
    expect(await text(response?.outputFiles[0]?.url)).toBe("SOME TEXT…");
    expect(job).toMatchObject({
      ...{ projectId, name: "upper", desc: "to upper case", config: "name: upper" },
      ...{ status: JobStatus.SUCCESS, createdById: "orrery", dataCleared: false },
      actualCloudInstanceType: { name: "c1.4" },
    });
    expect(metadataOf(operation, ExecuteProjectJobMetadata)).toMatchObject({
      progress: { progress: 40, message: "reading" },
      metadata: { status: JobStatus.SUCCESS, finishedAt: job.finishedAt },
    });
    expect((await client.jobs.execute({ jobId })).id).toBe(operation.id);
    const { downloadFiles: files } = await client.jobs.downloadJobFiles({
      jobId,
      files: [...job.outputFiles, ...job.logFiles, ...job.diagnosticFiles],
    });
    const contents = await Promise.all(files.map(async ({ url }) => await text(url)));
    expect(contents.join("")).toMatch(/SOME TEXT.*hello world.*done.*Staged/s);
  });

  it("takes archives as folders, and plain files under their own paths", async () => {
    const jobs = await SdkJobs.of(its.client);
    const packed = Uint8Array.from(zip([{ name: "a/b.txt", content: "zipped" }]));
    const archive = { ...aFile("folder", packed, "F"), compressionType: FileCompressionType.ZIP };

    const jobId = await jobs.create(
      { cmd: "sh -c 'cat ${F}/a/b.txt sub/plain.txt'", inputFiles: [archive] },
      { files: { "sub/plain.txt": " and plain", folder: packed } },
    );

    expect((await jobs.execute(jobId)).job.status).toBe(JobStatus.SUCCESS);
    expect(await jobs.printed(jobId)).toBe("zipped and plain");
  });

  it("is cloned with what its clone says otherwise", async () => {
    const { client } = its;
    const jobs = await SdkJobs.of(client);
    const sourceJobId = await jobs.create(
      {
        cmd: 'sh -c "cat ${IN}; echo ${A} $V > ${OUT}"',
        inputFiles: [aFile("one.txt", "one", "IN")],
        outputFiles: [{ path: "o.txt", var: "OUT" }],
        arguments: [{ name: "A", value: "first" }],
        env: { vars: { V: "v" } },
      },
      { name: "source", desc: "kept", config: "c: 1", files: { "one.txt": "one" } },
    );
    const overriding = (jobParametersOverrides: object) =>
      CloneProjectJobRequest.fromPartial({ sourceJobId, name: "clone", jobParametersOverrides });

    const operation = await client.jobs.clone(
      overriding({
        inputFiles: [aFile("two.txt", "two", "IN")],
        arguments: [{ name: "A", value: "second" }],
        env: { vars: { V: "w" } },
        cloudInstanceTypes: [{ name: "c1.8" }],
      }),
    );
    const { jobId } = metadataOf(operation, CloneProjectJobMetadata);
    const { uploadFiles } = await client.done(operation, CloneProjectJobResponse);
    await upload(uploadFiles, { "two.txt": "two" });
    const { job, response } = await jobs.execute(jobId);

    expect(job).toMatchObject({
      ...{ parentJobId: sourceJobId, name: "clone", desc: "kept", config: "c: 1" },
      actualCloudInstanceType: { name: "c1.8" },
    });
    expect(await jobs.printed(jobId)).toBe("two");
    expect(await text(response?.outputFiles[0]?.url)).toBe("second w\n");
    expect(await codeOf(client.jobs.clone(overriding({ cmd: "false" })))).toBe(3);
  });

  it("is listed with others by status, latest first, in pages that stay right", async () => {
    const jobs = await SdkJobs.of(its.client);
    const made: string[] = [];
    for (let each = 0; each < 5; each += 1) made.unshift(await jobs.create());
    const [cancelled = ""] = made;
    await its.client.jobs.cancel(CancelProjectJobRequest.fromPartial({ jobId: cancelled }));
    const list = async (part: object) =>
      await its.client.jobs.list(
        ListProjectJobRequest.fromPartial({ projectId: jobs.projectId, ...part }),
      );
    const ids = (some: readonly Job[]): readonly string[] => some.map(({ id }) => id);

    const first = await list({ pageSize: 2 });
    await jobs.create();
    const second = await list({ pageSize: 2, pageToken: first.nextPageToken });
    const third = await list({ pageSize: 2, pageToken: second.nextPageToken });

    expect([...ids(first.jobs), ...ids(second.jobs), ...ids(third.jobs)]).toEqual(made);
    expect(third.nextPageToken).toBe("");
    const { jobs: found } = await list({ filter: "status IN (CANCELLED, ERROR)" });
    expect(ids(found)).toEqual([cancelled]);
    for (const wrong of [
      { filter: "name = x" },
      { pageSize: 1_001 },
      { pageSize: -1 },
      { pageToken: "eW91cnM" },
    ]) {
      expect(await codeOf(list(wrong))).toBe(3);
    }
  });

  it("keeps its data until it is deleted, or its time has come", async () => {
    const { client } = its;
    const jobs = await SdkJobs.of(client);
    const aJob = async (): Promise<Job> => {
      const outputFiles = [{ path: "o", var: "O" }];
      return (await jobs.execute(await jobs.create({ cmd: "echo x > ${O}", outputFiles }))).job;
    };
    const [kept, cleared, expiring] = [await aJob(), await aJob(), await aJob()];
    const ttl = async ({ id: jobId }: Job, part: object) =>
      await client.jobs.setDataTtl(SetProjectJobDataTtlRequest.fromPartial({ jobId, ...part }));
    const download = async ({ id: jobId, outputFiles: files }: Job) =>
      await client.jobs.downloadJobFiles(
        DownloadProjectJobFilesRequest.fromPartial({ jobId, files }),
      );
    const { downloadFiles } = await download(cleared);

    await ttl(kept, {});
    expect((await client.jobs.get({ jobId: kept.id })).dataExpiresAt).toBeUndefined();
    await client.ended(await client.jobs.deleteData({ jobId: cleared.id }));
    expect(await client.jobs.get({ jobId: cleared.id })).toMatchObject({
      ...{ dataCleared: true, dataSizeBytes: 0, status: JobStatus.SUCCESS },
    });
    expect(await codeOf(download(cleared))).toBe(9);
    expect((await fetch(downloadFiles[0]?.url ?? "")).status).toBe(404);
    expect(await jobs.printed(cleared.id)).toBe("");
    await ttl(expiring, { ttl: { seconds: 1 } });
    await until("its time has come", async () => {
      return (await client.jobs.get({ jobId: expiring.id })).dataCleared;
    });
    expect(await codeOf(ttl(kept, { ttl: { seconds: 0 } }))).toBe(3);
    expect((await download(kept)).downloadFiles).toHaveLength(1);
    await client.ended(await client.jobs.deleteAllData({ projectId: jobs.projectId }));
    expect((await client.jobs.get({ jobId: kept.id })).dataCleared).toBe(true);
    await client.ended(await client.jobs.delete({ jobId: kept.id }));
    expect(await codeOf(client.jobs.get({ jobId: kept.id }))).toBe(5);
  });
});

describe("the logs of a job", () => {
  it("are the same to all readers, and go on from any offset", async () => {
    const { client } = its;
    const jobs = await SdkJobs.of(client);
    const jobId = await jobs.create({
      cmd: "sh -c 'for i in 1 2 3; do echo out$i; echo err$i >&2; sleep 0.2; done'",
    });
    const early = jobs.printed(jobId);
    await client.jobs.execute({ jobId });
    const readers = await Promise.all(
      Array.from({ length: 10 }, async () => await jobs.printed(jobId)),
    );
    const pieces: { readonly text: string; readonly offset: number }[] = [];
    for await (const { logs, offset } of client.jobs.readLogs({ jobId, offset: 0 })) {
      pieces.push({ text: logs.map(({ content }) => content.toString()).join(""), offset });
    }

    expect(new Set([await early, ...readers]).size).toBe(1);
    expect(readers[0]?.match(/(?:out|err)\d/g)?.toSorted()).toHaveLength(6);
    for (const [index, { offset }] of pieces.entries()) {
      const rest: string[] = [];
      for await (const { logs } of client.jobs.readLogs({ jobId, offset })) {
        rest.push(...logs.map(({ content }) => content.toString()));
      }
      expect(rest.join("")).toBe(
        pieces
          .slice(index + 1)
          .map((each) => each.text)
          .join(""),
      );
    }
    const types: number[] = [];
    for await (const { logs } of client.jobs.readStdLogs({ jobId, offset: 0 })) {
      types.push(...logs.map(({ type }) => type));
    }
    expect(new Set(types)).toEqual(new Set([1, 2]));
    const last = pieces.at(-1)?.offset ?? 0;
    expect(await codeOf(jobs.printed(jobId, last + 1))).toBe(3);
    expect(await codeOf(jobs.printed(jobId, -2))).toBe(3);
    expect(await jobs.printed(jobId, -1)).toBe(readers[0]);
  });
});

/** Every status that whoever looks all the time sees, once it was executed. */
async function followed(jobs: SdkJobs, jobId: string): Promise<readonly JobStatus[]> {
  const seen: JobStatus[] = [];
  const final = [JobStatus.SUCCESS, JobStatus.ERROR, JobStatus.CANCELLED];
  while (!final.some((each) => seen.includes(each))) {
    const status = await jobs.status(jobId);
    if (seen.at(-1) !== status) seen.push(status);
  }
  return seen;
}

async function text(url: string | undefined): Promise<string> {
  return await (await fetch(url ?? "")).text();
}
