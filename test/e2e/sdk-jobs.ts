import {
  JobStatus,
  type File,
  type Job,
  type JobParameters,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import {
  CreateProjectJobRequest,
  CreateProjectJobResponse,
  ExecuteProjectJobMetadata,
  ExecuteProjectJobResponse,
  type DeepPartial,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import {
  CreateProjectMetadata,
  CreateProjectRequest,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import type { Operation } from "@yandex-cloud/nodejs-sdk/operation/operation";
import { until } from "./home.ts";
import { aFile, metadataOf, type SdkClient } from "./sdk-client.ts";

type Contents = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** What a program wants of a job, beside its parameters. */
interface JobWish extends DeepPartial<Omit<CreateProjectJobRequest, "jobParameters">> {
  /** What to upload, by path; what is no input file yet becomes one. */
  readonly files?: Contents;
}

/** How an execution ended. */
export interface Executed {
  readonly operation: Operation;
  readonly response: ExecuteProjectJobResponse | undefined;
  readonly job: Job;
}

/** A project of its own, and the jobs that a program runs in it. */
export class SdkJobs {
  readonly client: SdkClient;
  readonly projectId: string;

  private constructor(client: SdkClient, projectId: string) {
    this.client = client;
    this.projectId = projectId;
  }

  static async of(
    client: SdkClient,
    part: DeepPartial<CreateProjectRequest> = {},
  ): Promise<SdkJobs> {
    const request = CreateProjectRequest.fromPartial({ communityId: "default", ...part });
    const { projectId } = metadataOf(await client.projects.create(request), CreateProjectMetadata);
    return new SdkJobs(client, projectId);
  }

  request(
    parameters: DeepPartial<JobParameters>,
    part: DeepPartial<Omit<CreateProjectJobRequest, "jobParameters">> = {},
  ): CreateProjectJobRequest {
    const jobParameters = { cmd: "true", cloudInstanceTypes: [{ name: "c1.4" }], ...parameters };
    return CreateProjectJobRequest.fromPartial({
      ...{ projectId: this.projectId, ...part },
      jobParameters,
    });
  }

  /** Creates a job and uploads its files; answers with its id. */
  async create(
    parameters: DeepPartial<JobParameters> = {},
    { files = {}, ...part }: JobWish = {},
  ): Promise<string> {
    const given = (parameters.inputFiles ?? []) as File[];
    const others = Object.entries(files)
      .filter(([path]) => given.every(({ desc }) => desc?.path !== path))
      .map(([path, content]) => aFile(path, content));
    const inputFiles = [...given, ...others];
    const operation = await this.client.jobs.create(
      this.request({ ...parameters, inputFiles }, part),
    );
    const { jobId, uploadFiles } = await this.client.done(operation, CreateProjectJobResponse);
    await upload(uploadFiles, files);
    return jobId;
  }

  /** Executes a job and waits for its end. */
  async execute(jobId: string): Promise<Executed> {
    return await this.ended(await this.client.jobs.execute({ jobId }));
  }

  async ended(execution: Operation): Promise<Executed> {
    const operation = await this.client.ended(execution);
    const { response } = operation;
    const { metadata } = metadataOf(operation, ExecuteProjectJobMetadata);
    return {
      operation,
      response: response && ExecuteProjectJobResponse.decode(response.value),
      job: await this.client.jobs.get({ jobId: metadata?.id ?? "" }),
    };
  }

  async status(jobId: string): Promise<JobStatus> {
    return (await this.client.jobs.get({ jobId })).status;
  }

  /** Resolves once the job has that status. */
  async reaches(jobId: string, status: JobStatus): Promise<void> {
    const wanted = `job ${jobId} is ${JobStatus[status]}`;
    await until(wanted, async () => (await this.status(jobId)) === status);
  }

  /** What its program printed, both streams in the order of the logs. */
  async printed(jobId: string, offset = 0): Promise<string> {
    const texts: string[] = [];
    for await (const { logs } of this.client.jobs.readLogs({ jobId, offset })) {
      for (const { standardStream, content } of logs) {
        if (standardStream !== undefined) texts.push(content.toString());
      }
    }
    return texts.join("");
  }
}

/** PUTs each file to its URL. */
export async function upload(
  wanted: readonly { readonly file?: File | undefined; readonly url: string }[],
  contents: Contents,
): Promise<void> {
  for (const { file, url } of wanted) {
    const path = file?.desc?.path ?? "";
    const { status } = await fetch(url, { method: "PUT", body: contents[path] ?? "" });
    if (status !== 200) throw new Error(`the upload of ${path} was answered with ${status}`);
  }
}
