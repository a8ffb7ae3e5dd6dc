import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { performance } from "node:perf_hooks";
import type { ProcessEngine } from "../../../shared/adapters/process/engine.ts";
import { createProcessExecutor } from "../../../shared/adapters/process/process-executor.ts";
import { projectId, type AttemptId } from "../../../shared/core/ids.ts";
import type { JobDefinition, StoredFile } from "../../../shared/core/job/job-definition.ts";
import { instant } from "../../../shared/core/time/instant.ts";
import type { Clock } from "../../../shared/ports/clock.ts";
import type { ExecutionResult, Executor, StartRequest } from "../../../shared/ports/executor.ts";
import { freshAttempt, resultOf } from "../../contract/executor.ts";
import { aJob } from "../../support/builders.ts";

/** Real processes live in real time. */
export const realClock: Clock = {
  now: () => instant(Date.now()),
  monotonicMs: () => performance.now(),
};

export const PROJECT = projectId("bt1process");

/** An engine over a directory, with uploads and a project's storage beside it. */
export function processEngine(directory: string): ProcessEngine {
  return {
    directory,
    clock: realClock,
    environment: process.env,
    uploaded: (project, sha256) => join(directory, "..", "uploads", project, sha256),
    storage: (project) => join(directory, "..", "storage", project),
  };
}

/** A folder with a job in it, an executor, and short ways to run and read. */
export interface ProcessWorld {
  readonly root: string;
  readonly directory: string;
  readonly executor: Executor;
  reopen(clock?: Clock): Executor;
  request(job: Partial<JobDefinition>, part?: Partial<StartRequest>): StartRequest;
  run(job: Partial<JobDefinition>, part?: Partial<StartRequest>): Promise<ProcessRun>;
  /** Puts a content where a client's upload is, and names it. */
  upload(content: string | Buffer, isArchive?: "archive"): Promise<StoredFile>;
  log(attempt: AttemptId, stream?: "stdout" | "stderr" | "system"): Promise<string>;
  /** A file of the launch that made the claim. */
  launchFile(attempt: AttemptId, name: string): Promise<string>;
  dispose(): Promise<void>;
}

interface ProcessRun {
  readonly attempt: AttemptId;
  readonly result: ExecutionResult;
  readonly stdout: string;
}

export async function processWorld(
  options: {
    readonly environment?: Readonly<Record<string, string | undefined>>;
    readonly directoryName?: string;
  } = {},
): Promise<ProcessWorld> {
  const { environment = process.env, directoryName = "state" } = options;
  const base = await mkdtemp(join(tmpdir(), "orrery-process-"));
  const root = join(base, "job");
  const directory = join(base, directoryName);
  await mkdir(root);
  const reopen = (clock = realClock): Executor =>
    createProcessExecutor({ ...processEngine(directory), clock, environment });
  const executor = reopen();
  const started: AttemptId[] = [];

  function request(job: Partial<JobDefinition>, part: Partial<StartRequest> = {}): StartRequest {
    const attempt = part.attempt ?? freshAttempt();
    started.push(attempt);
    return {
      project: PROJECT,
      work: aJob({ command: "true", root, ...job }),
      variables: {},
      softLimitMs: 60_000,
      hardLimitMs: 120_000,
      ...part,
      attempt,
    };
  }

  async function log(
    attempt: AttemptId,
    stream: "stdout" | "stderr" | "system" = "stdout",
  ): Promise<string> {
    return Buffer.from((await executor.readLog(attempt, stream, 0)).bytes).toString();
  }

  return {
    root,
    directory,
    executor,
    reopen,
    request,
    async run(job, part) {
      const asked = request(job, part);
      await executor.start(asked);
      const result = await resultOf(executor, asked.attempt);
      return { attempt: asked.attempt, result, stdout: await log(asked.attempt) };
    },
    async upload(content, isArchive) {
      const sha256 = createHash("sha256").update(content).digest("hex");
      const path = processEngine(directory).uploaded(PROJECT, sha256);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content, { mode: 0o444 }).catch(() => undefined);
      return { sha256, bytes: Buffer.byteLength(content), isArchive: isArchive !== undefined };
    },
    log,
    async launchFile(attempt, name) {
      const place = join(directory, "attempts", attempt);
      const claim = JSON.parse(await readFile(join(place, "claim"), "utf8")) as { token: string };
      return join(place, claim.token, name);
    },
    async dispose() {
      for (const attempt of started) await executor.stop(attempt, "kill", "cancelled");
      await rm(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
    },
  };
}

/** Every file below a folder, sorted, for asserting what was staged. */
export async function filesBelow(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}
