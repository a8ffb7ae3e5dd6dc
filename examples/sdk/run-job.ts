import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Session, waitForOperation } from "@yandex-cloud/nodejs-sdk";
import { FileCompressionType, type File } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import {
  CreateProjectJobRequest,
  CreateProjectJobResponse,
  ExecuteProjectJobResponse,
  ProjectJobServiceClient,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { Project } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project";
import {
  CreateProjectRequest,
  ProjectServiceClient,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";

/**
 * A program that knows the official SDK and nothing of Orrery: it makes a project and a job, uploads
 * the job's files, follows its logs and prints what it made. Start a platform first (`orrery up`),
 * and name its data directory in ORRERY_DATA where it is not `.orrery`.
 */
const data = process.env["ORRERY_DATA"] ?? ".orrery";
const endpoint = process.env["ORRERY_ENDPOINT"] ?? "localhost:7070";
const session = new Session({
  iamToken: readFileSync(join(data, "token"), "utf8").trim(),
  ssl: { rootCerts: readFileSync(join(data, "tls", "ca.pem")) },
});
const projects = session.client(ProjectServiceClient, endpoint);
const jobs = session.client(ProjectJobServiceClient, endpoint);

const PROGRAM = `
import sys, time
numbers = [int(line) for line in open(sys.argv[1])]
for number in numbers:
    print("squaring", number, flush=True)
    time.sleep(0.3)
open(sys.argv[2], "w").write("".join(f"{number ** 2}\\n" for number in numbers))
`;
const contents: Readonly<Record<string, string>> = {
  "square.py": PROGRAM,
  "numbers.txt": "1\n2\n3\n4\n",
};

function described(path: string, variable: string): File {
  const content = contents[path] ?? "";
  return {
    desc: { path, var: variable },
    sha256: createHash("sha256").update(content).digest("hex"),
    sizeBytes: Buffer.byteLength(content),
    compressionType: FileCompressionType.NONE,
  };
}

async function responseOf(operation: Operation): Promise<Uint8Array> {
  const { response } = await waitForOperation(operation, session, 60_000, endpoint);
  return response?.value ?? new Uint8Array();
}

const say = (text: string): void => void process.stdout.write(text);

const created = await projects.create(CreateProjectRequest.fromPartial({ communityId: "default" }));
const project = Project.decode(await responseOf(created));
say(`Project ${project.id}\n`);

const request = CreateProjectJobRequest.fromPartial({
  projectId: project.id,
  name: "squares",
  jobParameters: {
    inputFiles: [described("square.py", ""), described("numbers.txt", "NUMBERS")],
    outputFiles: [{ path: "squares.txt", var: "SQUARES" }],
    cmd: "python3 square.py ${NUMBERS} ${SQUARES}",
    cloudInstanceTypes: [{ name: "c1.4" }],
  },
});
const { jobId, uploadFiles } = CreateProjectJobResponse.decode(
  await responseOf(await jobs.create(request)),
);
for (const { file, url } of uploadFiles) {
  const path = file?.desc?.path ?? "";
  const { status } = await fetch(url, { method: "PUT", body: contents[path] ?? "" });
  say(`Uploaded ${path}: ${status}\n`);
}

const execution = await jobs.execute({ jobId });
say(`Job ${jobId} runs; operation ${execution.id}\n`);
for await (const { logs } of jobs.readLogs({ jobId, offset: 0 })) {
  for (const log of logs) if (log.standardStream !== undefined) say(`  ${log.content.toString()}`);
}
const { result, outputFiles } = ExecuteProjectJobResponse.decode(await responseOf(execution));
say(`It returned ${result?.returnCode ?? "nothing"}\n`);
for (const { file, url } of outputFiles) {
  say(`${file?.desc?.path ?? ""}:\n${await (await fetch(url)).text()}`);
}
