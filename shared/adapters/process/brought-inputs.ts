import { OrreryError } from "../../core/errors.ts";
import type { ProjectId } from "../../core/ids.ts";
import type { JobDefinition, StoredFile } from "../../core/job/job-definition.ts";
import type { Work } from "../../core/work.ts";
import type { Executor, Refusal } from "../../ports/executor.ts";

/** How inputs come to this machine. Both reject with FILE_REJECTED for what cannot be brought. */
export interface Bringing {
  /** Brings an uploaded content, unless it is here; one that is nowhere is fine. */
  readonly content: (project: ProjectId, file: StoredFile) => Promise<void>;
  /** The folder of this machine that has what is at a job's root now. */
  readonly folder: (root: string) => Promise<string>;
}

/**
 * An executor of this machine whose jobs' inputs are elsewhere: they are brought before it looks at
 * a job. Storages stay where they are, so what works in one is refused.
 */
export function withBroughtInputs(executor: Executor, bringing: Bringing): Executor {
  return {
    ...executor,
    async check(project, work) {
      try {
        return (
          refusal(work) ?? (await executor.check(project, await bring(bringing, project, work)))
        );
      } catch (error) {
        if (error instanceof OrreryError && error.code === "FILE_REJECTED") {
          return { reason: error.message };
        }
        throw error;
      }
    },
    async start(request) {
      // What was started once needs its inputs no more, and they may be gone.
      if ((await executor.poll(request.attempt)).state !== "unknown") {
        await executor.start(request);
        return;
      }
      const refused = refusal(request.work);
      if (refused !== undefined) throw prepareFailed(refused.reason);
      const work = await bring(bringing, request.project, request.work).catch((error: unknown) => {
        const isRejected = error instanceof OrreryError && error.code === "FILE_REJECTED";
        throw isRejected ? prepareFailed(error.message) : error;
      });
      await executor.start({ ...request, work });
    },
  };
}

const STORAGE_ELSEWHERE =
  "needs its project's storage on this machine, and that is in the bucket: run it without --bucket, or in DataSphere.";

function refusal(work: Work): Refusal | undefined {
  if (work.kind === "notebook") return { reason: `A notebook ${STORAGE_ELSEWHERE}` };
  if (!work.attachProjectDisk) return undefined;
  return { reason: `A job with the attach-project-disk flag ${STORAGE_ELSEWHERE}` };
}

async function bring(bringing: Bringing, project: ProjectId, work: Work): Promise<Work> {
  if (work.kind !== "job") return work;
  for (const file of storedFiles(work)) await bringing.content(project, file);
  return work.root === undefined ? work : { ...work, root: await bringing.folder(work.root) };
}

function storedFiles(job: JobDefinition): readonly StoredFile[] {
  const files = [...job.inputs, ...(job.python?.localModules ?? [])];
  return files.flatMap(({ stored }) => stored ?? []);
}

function prepareFailed(reason: string): OrreryError {
  return new OrreryError("EXECUTION_PREPARE_FAILED", reason);
}
