import {
  CreateProjectJobRequest,
  CreateProjectJobResponse,
  ListProjectJobRequest,
  ExecuteProjectJobMetadata,
  ExecuteProjectJobResponse,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { JobStatus } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import { CreateProjectRequest } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import { describe, expect, it } from "vitest";
import { Home } from "./home.ts";
import { aFile, SdkClient } from "./sdk-client.ts";

const CONFIG = "version: 1\nschedules: {}\n";

const PROGRAM = `
import json, os, sys, time
print("hello", sys.argv[1], flush=True)
with open(os.environ["JOB_PROGRESS_FILENAME"], "a") as progress:
    progress.write(json.dumps({"progress": 40, "message": "reading", "create_time": "2027-01-15T00:00:00Z"}) + "\\n")
data = open(sys.argv[2]).read()
time.sleep(1)
open(sys.argv[3], "w").write(data.upper())
print("done", file=sys.stderr, flush=True)
sys.exit(int(sys.argv[4]))
`;

describe("a job of a program that knows the official SDK alone", () => {
  it("is created, uploaded, executed, followed and downloaded", async (test) => {
    const home = await Home.of(test);
    await home.write("orrery.yaml", CONFIG);
    const client = await SdkClient.of(home, home.up());

    const project = await client.done(
      await client.projects.create(
        CreateProjectRequest.fromPartial({ communityId: "default", name: "walk" }),
      ),
      Project,
    );
    const program = aFile("main.py", PROGRAM);
    const data = aFile("data.txt", "some text", "DATA");
    const { jobId, uploadFiles } = await client.done(
      await client.jobs.create(
        CreateProjectJobRequest.fromPartial({
          projectId: project.id,
          name: "upper",
          config: "name: upper",
          jobParameters: {
            inputFiles: [program, data],
            outputFiles: [{ path: "result.txt", var: "RESULT" }],
            cmd: "python3 main.py ${WHO} ${DATA} ${RESULT} ${CODE}",
            arguments: [
              { name: "WHO", value: "world" },
              { name: "CODE", value: "0" },
            ],
            cloudInstanceTypes: [{ name: "c1.4" }],
            env: { vars: { A: "b" } },
          },
        }),
      ),
      CreateProjectJobResponse,
    );
    expect(uploadFiles.map(({ file }) => file?.desc?.path).toSorted()).toEqual([
      "data.txt",
      "main.py",
    ]);
    for (const { file, url } of uploadFiles) {
      const body = file?.desc?.path === "main.py" ? PROGRAM : "some text";
      expect((await fetch(url, { method: "PUT", body })).status).toBe(200);
    }

    const operation = await client.jobs.execute({ jobId });
    expect((await client.jobs.execute({ jobId })).id).toBe(operation.id);
    const printed: string[] = [];
    for await (const { logs } of client.jobs.readLogs({ jobId, offset: 0 })) {
      for (const log of logs) {
        if (log.standardStream !== undefined) printed.push(log.content.toString());
      }
    }
    expect(printed.join("")).toContain("hello world");
    expect(printed.join("")).toContain("done");

    const response = await client.done(operation, ExecuteProjectJobResponse);
    expect(response.result?.returnCode).toBe(0);
    const [output] = response.outputFiles;
    expect(await (await fetch(output?.url ?? "")).text()).toBe("SOME TEXT");

    const job = await client.jobs.get({ jobId });
    expect(job).toMatchObject({
      status: JobStatus.SUCCESS,
      projectId: project.id,
      name: "upper",
      config: "name: upper",
      dataCleared: false,
      actualCloudInstanceType: { name: "c1.4" },
    });
    const ended = await client.operations.get({ operationId: operation.id });
    const metadata = ExecuteProjectJobMetadata.decode(ended.metadata?.value ?? new Uint8Array());
    expect(metadata.progress).toMatchObject({ progress: 40, message: "reading" });
    expect(metadata.metadata?.status).toBe(JobStatus.SUCCESS);

    const files = await client.jobs.downloadJobFiles({ jobId, files: job.logFiles });
    const logs = await Promise.all(
      files.downloadFiles.map(async ({ url }) => await (await fetch(url)).text()),
    );
    expect(logs.join("")).toContain("hello world");
    const listed = await client.jobs.list(
      ListProjectJobRequest.fromPartial({
        projectId: project.id,
        filter: "status IN (SUCCESS, ERROR)",
      }),
    );
    expect(listed.jobs.map(({ id }) => id)).toEqual([jobId]);
  });
});
