import { createHash } from "node:crypto";
import {
  create,
  type DescMessage,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import { anyUnpack } from "@bufbuild/protobuf/wkt";
import { registry } from "../../shared/api/any.ts";
import { assert } from "../../shared/core/assert.ts";
import { adHocSchedule, jobId } from "../../shared/core/ids.ts";
import type { Job as StoredJob } from "../../shared/core/job/job.ts";
import type { UnitLimits } from "../../shared/core/project/project-settings.ts";
import {
  JobStatus,
  JobStatusSchema,
  type FileSchema,
  type Job,
  type JobParametersSchema,
} from "../../shared/gen/yandex/cloud/datasphere/v2/jobs/jobs_pb.ts";
import {
  CreateProjectJobResponseSchema,
  ProjectJobService,
} from "../../shared/gen/yandex/cloud/datasphere/v2/jobs/project_job_service_pb.ts";
import type { Operation } from "../../shared/gen/yandex/cloud/operation/operation_pb.ts";
import { OperationService } from "../../shared/gen/yandex/cloud/operation/operation_service_pb.ts";
import { readJob } from "../../shared/records/job-record.ts";
import { incoming, PLATFORM } from "../api/an-api.ts";
import { aConfiguration, PROJECT } from "./builders.ts";
import type { Script } from "./scripted-executor.ts";
import { World, type WorldOptions } from "./world.ts";

export type ParametersInit = Exclude<
  MessageInitShape<typeof JobParametersSchema>,
  { $typeName: string }
>;
type Headers = Readonly<Record<string, string>>;

export const jobs = ProjectJobService.method;

/** Jobs of the project `demo` behind the whole pipeline, called as the platform. */
export class JobWorld extends World {
  /** A world whose project has these limits. */
  static async make(limits: UnitLimits = {}, options: WorldOptions = {}): Promise<JobWorld> {
    const world = new JobWorld(options);
    await world.apply(aConfiguration({ schedules: [], limits }));
    return world;
  }

  async rpc<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    headers: Headers = {},
  ): Promise<MessageShape<O>> {
    const message = create(method.input, request);
    const call = incoming({ ...PLATFORM, ...headers });
    return (await this.services.api.unary(method, call, message)) as MessageShape<O>;
  }

  /** The messages of a stream, as they come; it waits for more unless told otherwise. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    how: { readonly follows?: boolean; readonly signal?: AbortSignal } = {},
  ): AsyncIterable<MessageShape<O>> {
    const call = { ...incoming(PLATFORM, how.signal), follows: how.follows ?? true };
    const message = create(method.input, request);
    return this.services.api.serverStream(method, call, message) as AsyncIterable<MessageShape<O>>;
  }

  /** What every execution of a job does. */
  jobsRun(script: Script): void {
    this.alwaysRuns(adHocSchedule(PROJECT), script);
  }

  /** Creates a job and uploads nothing; answers with its id. */
  async newJob(
    parameters: ParametersInit = {},
    request: Omit<MessageInitShape<typeof jobs.create.input>, "jobParameters" | "$typeName"> = {},
  ): Promise<string> {
    const operation = await this.rpc(jobs.create, {
      projectId: PROJECT,
      jobParameters: someParameters(parameters),
      ...request,
    });
    return responseOf(operation, CreateProjectJobResponseSchema).jobId;
  }

  /** Creates a job without inputs and executes it; answers with its id and its operation. */
  async executed(
    parameters: ParametersInit = {},
  ): Promise<{ readonly job: string; readonly operation: string }> {
    const job = await this.newJob(parameters);
    const { id } = await this.rpc(jobs.execute, { jobId: job });
    return { job, operation: id };
  }

  async job(id: string): Promise<Job> {
    return await this.rpc(jobs.get, { jobId: id });
  }

  /** A job's status by its name. */
  async status(id: string): Promise<string> {
    const { status } = await this.job(id);
    return JobStatusSchema.value[status]?.name ?? JobStatus.JOB_STATUS_UNSPECIFIED.toString();
  }

  async operation(id: string): Promise<Operation> {
    return await this.rpc(OperationService.method.get, { operationId: id });
  }

  /** The job as it is stored. */
  async stored(id: string): Promise<StoredJob> {
    const record = await this.store.snapshot(async (reader) => await readJob(reader, jobId(id)));
    assert(record !== undefined, `job ${id} is there`);
    return record.job;
  }
}

/** Parameters of a job of one command on c1.4. */
export function someParameters(parameters: ParametersInit = {}): ParametersInit {
  return { cmd: "python main.py", cloudInstanceTypes: [{ name: "c1.4" }], ...parameters };
}

/** A file of this content, as a client describes it. */
export function aFile(
  path: string,
  content: string,
  variable = "",
): Exclude<MessageInitShape<typeof FileSchema>, { $typeName: string }> {
  const sha256 = createHash("sha256").update(content).digest("hex");
  const desc = { path, var: variable };
  return { desc, sha256, sizeBytes: BigInt(Buffer.byteLength(content)), compressionType: 1 };
}

/** The response of an operation that is done well, as this message. */
export function responseOf<S extends DescMessage>(
  { result }: Operation,
  schema: S,
): MessageShape<S> {
  assert(result.case === "response", `the operation has a response: ${JSON.stringify(result)}`);
  const message = anyUnpack(result.value, registry);
  assert(message?.$typeName === schema.typeName, `the response is a ${schema.typeName}`);
  return message as MessageShape<S>;
}

/** The metadata of an operation, as this message. */
export function metadataOf<S extends DescMessage>(
  { metadata }: Operation,
  schema: S,
): MessageShape<S> {
  const message = metadata && anyUnpack(metadata, registry);
  assert(message?.$typeName === schema.typeName, `the metadata is a ${schema.typeName}`);
  return message as MessageShape<S>;
}
