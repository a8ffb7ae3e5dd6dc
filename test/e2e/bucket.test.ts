import { describe, expect, it } from "vitest";
import { DownloadProjectJobFilesRequest } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { ProjectExecutionRequest } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { listRejections } from "../../shared/usecases/list-rejections.ts";
import type { Closing } from "../support/opened.ts";
import { strictS3, type StrictS3 } from "../support/s3/strict-s3.ts";
import { Home } from "./home.ts";
import { PlatformProcess } from "./platform-process.ts";
import { codeOf } from "./refusal.ts";
import { SdkClient } from "./sdk-client.ts";
import { SdkJobs } from "./sdk-jobs.ts";

interface BucketHome {
  readonly home: Home;
  readonly s3: StrictS3;
  readonly up: (...args: readonly string[]) => PlatformProcess;
}

async function aBucketHome(test: Closing): Promise<BucketHome> {
  const s3 = await strictS3(test);
  const home = await Home.of(test);
  return {
    home,
    s3,
    up: (...args) =>
      home.start({
        args: ["up", "--bucket", s3.address, ...home.where(), "--port", "0", ...args],
        environment: s3.environment,
      }),
  };
}

const YAML = `version: 1
defaults: { project: demo }
schedules:
  steady:
    when: { every: 1s }
    overlap: allow
    job: ./jobs/hello/config.yaml
`;
const JOB = `name: hello
cmd: sh main.sh \${DATA} \${COMMON}
inputs:
  - data.txt: DATA
  - ../common.txt: COMMON
`;

describe.concurrent("a platform on a bucket", () => {
  it("runs what the bucket's schedules file says with the files beside it, as they are by then", async (test) => {
    const { home, s3, up } = await aBucketHome(test);
    await s3.put("config/jobs/hello/config.yaml", JOB);
    await s3.put("config/jobs/hello/main.sh", 'cat "$1" "$2"; echo');
    await s3.put("config/jobs/hello/data.txt", "first ");
    await s3.put("config/jobs/common.txt", "common");
    await s3.put("config/orrery.yaml", YAML);
    const platform = up();
    await platform.line(/│ first common/);

    await s3.put("config/jobs/hello/data.txt", "second ");
    await platform.line(/│ second common/);

    await s3.put("config/orrery.yaml", YAML.replace("every: 1s", "evry: 1s"));
    await platform.line(/s3:\/\/orrery-test\/config\/orrery\.yaml:5:13 .*evry/);
    await platform.line(/The live configuration stays as it was: .* has 2 problems/);
    const secondsSoFar = platform.output.match(/│ second common/g)?.length ?? 0;
    await platform.lines(/│ second common/, secondsSoFar + 2);

    await s3.put("config/orrery.yaml", YAML.replace("steady", "other"));
    await platform.line(/Configuration applied: schedules added 1, changed 0, removed 1/);
    await platform.line(/other +│ second common/);
    platform.signal("SIGINT");

    expect((await platform.ended).code).toBe(0);
    await home.beside(async ({ services }) => {
      expect(await listRejections(services, 10)).toMatchObject([{ source: "apply" }]);
    });
    expect(platform.output).not.toContain(s3.environment["AWS_SECRET_ACCESS_KEY"]);
  });

  it("keeps what clients upload there, and gives out what their jobs leave", async (test) => {
    const { home, s3, up } = await aBucketHome(test);
    const platform = up();
    await platform.line(/There is no config\/orrery\.yaml in s3:.* yet/);
    const jobs = await SdkJobs.of(await SdkClient.of(home, platform));

    const job = await jobs.create(
      { cmd: "tr a-z A-Z < data.txt > out.txt", outputFiles: [{ path: "out.txt", var: "" }] },
      { files: { "data.txt": "hello" } },
    );
    expect(await s3.keys("incoming/")).toHaveLength(1);
    const { response } = await jobs.execute(job);

    expect(await s3.keys("incoming/")).toEqual([]);
    const [content = ""] = await s3.keys("files/");
    expect(await s3.get(content)).toBe("hello");
    const [output] = response?.outputFiles ?? [];
    expect(await (await fetch(output?.url ?? "")).text()).toBe("HELLO");
    const request = DownloadProjectJobFilesRequest.fromPartial({
      jobId: job,
      files: [{ desc: { path: "data.txt" } }, { desc: { path: "out.txt" } }],
    });
    const { downloadFiles } = await jobs.client.jobs.downloadJobFiles(request);
    const [input, again] = downloadFiles.map(({ url }) => url);
    expect(input).toContain(s3.connection.endpoint);
    expect(await (await fetch(input ?? "")).text()).toBe("hello");
    expect(await (await fetch(again ?? "")).text()).toBe("HELLO");
  });

  it("says why it executes no notebook", async (test) => {
    const { home, s3, up } = await aBucketHome(test);
    const platform = up();
    const client = await SdkClient.of(home, platform);
    const { projectId } = await SdkJobs.of(client);
    const notebook = { cells: [], metadata: {}, nbformat: 4, nbformat_minor: 5 };
    await s3.put(`storage/${projectId}/a.ipynb`, JSON.stringify(notebook));

    const asked = client.projects.execute(
      ProjectExecutionRequest.fromPartial({ projectId, notebookId: "a.ipynb" }),
    );

    expect(await codeOf(asked)).toBe(9);
    await expect(asked).rejects.toThrow(/needs its project's storage on this machine/);
  });

  it.each([
    ["another scheme", "https://host/bucket", "BUCKET_ADDRESS_INVALID"],
    ["a bucket without keys", "s3://127.0.0.1:9/bucket", "BUCKET_CREDENTIALS_MISSING"],
  ])("does not start with %s", async (_what, address, code) => {
    const platform = new PlatformProcess({
      args: ["up", "--bucket", address, "--data", "/nonexistent/data"],
      environment: { AWS_ACCESS_KEY_ID: "", AWS_SECRET_ACCESS_KEY: "" },
    });

    await platform.line(new RegExp(`\\[${code}\\]`));
    expect((await platform.ended).code).not.toBe(0);
  });
});
