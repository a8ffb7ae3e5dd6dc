import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { Job } from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/jobs";
import {
  ListProjectJobRequest,
  ProjectJobServiceService,
} from "@yandex-cloud/nodejs-sdk/datasphere-v2/jobs/project_job_service";
import { ProjectServiceService } from "@yandex-cloud/nodejs-sdk/datasphere-v2/project_service";
import { OperationServiceService } from "@yandex-cloud/nodejs-sdk/operation/operation_service";
import { serverCertificate, caFile } from "../../../infra/local/certificates.ts";
import { createDatasphereExecutor } from "../../../shared/adapters/datasphere/datasphere-executor.ts";
import {
  openDataSphere,
  type DataSphereSession,
} from "../../../shared/adapters/datasphere/session.ts";
import { folderJobFiles } from "../../../shared/adapters/local-files/folder-job-files.ts";
import { givenToken } from "../../../shared/adapters/ydb/given-token.ts";
import { OrreryError } from "../../../shared/core/errors.ts";
import { projectId, type AttemptId, type ProjectId } from "../../../shared/core/ids.ts";
import type { JobDefinition } from "../../../shared/core/job/job-definition.ts";
import { plusMs } from "../../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../../shared/ports/clock.ts";
import type { ExecutionClaims } from "../../../shared/ports/execution-claims.ts";
import type { Executor, StartRequest } from "../../../shared/ports/executor.ts";
import type { Store } from "../../../shared/ports/store.ts";
import { storeClaims } from "../../../shared/usecases/store-claims.ts";
import { freshAttempt } from "../../contract/executor.ts";
import { Home } from "../../e2e/home.ts";
import { SdkClient } from "../../e2e/sdk-client.ts";
import { SdkJobs } from "../../e2e/sdk-jobs.ts";
import { aJob } from "../../support/builders.ts";
import { GrpcFaults } from "../../support/grpc-faults.ts";
import type { Closing } from "../../support/opened.ts";
import { realClock } from "../../support/real-clock.ts";
import { openTestStore } from "../../support/test-store.ts";

/** A platform that plays the cloud as a process of its own, and faults in front of it. */
export class Upstream {
  readonly home: Home;
  readonly client: SdkClient;
  readonly faults: GrpcFaults;
  /** What a client of the faults has to trust. */
  readonly ca: Buffer;
  readonly token: string;
  /** A folder for jobs and for what they note. */
  readonly folder: string;

  private constructor(
    parts: Pick<Upstream, "home" | "client" | "faults" | "ca" | "token" | "folder">,
  ) {
    this.home = parts.home;
    this.client = parts.client;
    this.faults = parts.faults;
    this.ca = parts.ca;
    this.token = parts.token;
    this.folder = parts.folder;
  }

  static async open(test: Closing, config = "version: 1\nschedules: {}\n"): Promise<Upstream> {
    const home = await Home.of(test);
    await home.write("orrery.yaml", config);
    const client = await SdkClient.of(home, home.up());
    const folder = await mkdtemp(join(tmpdir(), "orrery-datasphere-"));
    test.onTestFinished(async () => await rm(folder, { recursive: true, force: true }));
    const tls = await serverCertificate(folder, "127.0.0.1", realClock.now());
    const faults = await GrpcFaults.before(
      { endpoint: client.endpoint, ca: client.rootCerts },
      {
        services: [ProjectJobServiceService, ProjectServiceService, OperationServiceService],
        tls,
      },
    );
    test.onTestFinished(() => faults.close());
    return new Upstream({
      home,
      client,
      faults,
      ca: await readFile(caFile(folder)),
      token: (await readFile(join(home.data, "token"), "utf8")).trim(),
      folder,
    });
  }

  /** A project of its own in the cloud. */
  async project(): Promise<ProjectId> {
    return projectId((await SdkJobs.of(this.client)).projectId);
  }

  /** A session through the faults; its waits pass `hurry` times as fast. */
  session(test: Closing, hurry = 1): DataSphereSession {
    const session = openDataSphere({
      endpoint: this.faults.endpoint,
      ca: this.ca,
      tokens: givenToken(this.token, "a test"),
      clock: hurried(hurry),
    });
    test.onTestFinished(() => session.close());
    return session;
  }

  async write(name: string, text: string): Promise<string> {
    const path = join(this.folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
    return path;
  }

  async lines(name: string): Promise<readonly string[]> {
    const text = await readFile(join(this.folder, name), "utf8").catch(() => "");
    return text.split("\n").filter((line) => line !== "");
  }
}

let stores = 0;

/** Real time, but for waits and limits, which are over sooner. */
function hurried(factor: number): Clock & Alarms {
  return {
    ...realClock,
    set: (dueAt, wake) =>
      realClock.set(
        plusMs(realClock.now(), Math.ceil(Math.max(0, dueAt - realClock.now()) / factor)),
        wake,
      ),
  };
}

/** Executors of one platform whose executions are in the cloud, and its state. */
export class Executors {
  readonly upstream: Upstream;
  readonly project: ProjectId;
  readonly claims: ExecutionClaims;
  readonly #test: Closing;
  readonly #hurry: number;

  private constructor(
    parts: Pick<Executors, "upstream" | "project" | "claims">,
    test: Closing,
    hurry: number,
  ) {
    this.upstream = parts.upstream;
    this.project = parts.project;
    this.claims = parts.claims;
    this.#test = test;
    this.#hurry = hurry;
  }

  static async of(
    test: Closing,
    upstream: Upstream,
    { hurry = 1, project }: { readonly hurry?: number; readonly project?: ProjectId } = {},
  ): Promise<Executors> {
    const store: Store = openTestStore(join(upstream.folder, `claims-${stores++}.db`));
    test.onTestFinished(async () => await store.close());
    const claims = storeClaims({ store, clock: realClock });
    const own = project ?? (await upstream.project());
    return new Executors({ upstream, project: own, claims }, test, hurry);
  }

  /** An executor as a process has it, with what it remembers. */
  make({
    claims = this.claims,
    session = this.upstream.session(this.#test, this.#hurry),
  }: { readonly claims?: ExecutionClaims; readonly session?: DataSphereSession } = {}): Executor {
    const none = (): never => {
      throw new Error("nothing was uploaded");
    };
    return createDatasphereExecutor({
      session,
      claims,
      jobFiles: folderJobFiles,
      files: { readContent: none },
      clock: realClock,
    });
  }

  request(job: Partial<JobDefinition>, part: Partial<StartRequest> = {}): StartRequest {
    return {
      project: this.project,
      attempt: freshAttempt(),
      work: aJob({ root: this.upstream.folder, ...job }),
      variables: {},
      softLimitMs: 60_000,
      hardLimitMs: 120_000,
      ...part,
    };
  }

  /** A job that notes each of its beginnings. */
  counted(attempt: AttemptId, command = "true"): Partial<JobDefinition> {
    const noted = join(this.upstream.folder, "began");
    return { command: `echo ${attempt} >>${noted}; ${command}` };
  }

  /** How often the program of an attempt began. */
  async beginnings(attempt: AttemptId): Promise<number> {
    return (await this.upstream.lines("began")).filter((line) => line === attempt).length;
  }

  /** The jobs of an attempt in the cloud, drafts and all. */
  async jobs(attempt: AttemptId): Promise<readonly Job[]> {
    const { jobs } = await this.upstream.client.jobs.list(
      ListProjectJobRequest.fromPartial({ projectId: this.project, pageSize: 100 }),
    );
    return jobs.filter(({ desc }) => desc.includes(attempt));
  }
}

/** Starts an attempt as queues do: again and again by new processes, until it is on its way. */
export async function startedAtLast(
  executors: Executors,
  request: StartRequest,
  most = 5,
): Promise<Executor> {
  for (let tries = 1; ; tries += 1) {
    const executor = executors.make();
    try {
      await executor.start(request);
      return executor;
    } catch (error) {
      const isTemporary = error instanceof OrreryError && error.code === "EXECUTOR_UNAVAILABLE";
      if (!isTemporary || tries >= most) throw error;
    }
  }
}
