import { attemptIdOf, projectId, type ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { NotebookExecution } from "../../core/notebook/notebook-execution.ts";
import type { Operation, OperationWork } from "../../core/operation/operation.ts";
import { EMPTY_RESPONSE } from "../../core/operation/work-operation.ts";
import type { Project } from "../../core/project/project.ts";
import type { Reader } from "../../ports/store.ts";
import { deleteExecution, scanExecutions } from "../../records/execution-record.ts";
import { deleteJob, readJob, scanJobs } from "../../records/job-record.ts";
import { forgetProject, readProject } from "../../records/project-record.ts";
import { readRun } from "../../records/run-record.ts";
import { endSession, scanSessions } from "../../records/session-record.ts";
import { forgetHolder } from "../bindings/forget-holder.ts";
import { clearJobData } from "../jobs/clear-job-data.ts";
import type { Services } from "../services.ts";
import { commitStep } from "./commit-step.ts";

type Deletion = Extract<OperationWork, { readonly kind: "deleteProject" }>;

/** `google.rpc.Code.ABORTED`. */
const ABORTED = 10;

/**
 * Clears a part of what a deleted project left, and in the end the project itself: its jobs with
 * their data, its notebooks' executions, its sessions, its storage, its bindings and resources. What
 * is left tells where it stands, so there is nothing to remember between the parts. Its account and
 * ledger stay: they tell what was spent.
 */
export async function advanceDeletion(
  services: Services,
  operation: Operation,
  work: Deletion,
): Promise<void> {
  const project = projectId(operation.owner);
  const left = await services.store.snapshot(async (reader) => await leftOf(reader, project));
  if (left.project?.deletedAt !== undefined) {
    for (const { id } of left.jobs) await forgetJob(services, id);
    for (const execution of left.executions) await forgetExecution(services, execution);
    if (left.jobs.length > 0 || left.executions.length > 0) return;
    await services.files.removeProject(project);
  }
  await commitStep(services, { id: operation.id, work }, async (tx, now) => {
    const { project: found, jobs, executions, sessions } = await leftOf(tx, project);
    if (found !== undefined && found.deletedAt === undefined) {
      const message = `Project ${project} is named by the configuration again, so it stays`;
      return { kind: "fail", code: ABORTED, message, at: now };
    }
    if (found !== undefined) {
      // A call that was let in before the deletion may have written until now.
      if (jobs.length > 0 || executions.length > 0) return undefined;
      for (const session of sessions) endSession(tx, session);
      if (sessions.length === limits.endedSessions) return undefined;
      await forgetHolder(tx, { kind: "project", id: project });
      forgetProject(tx, found);
    }
    return { kind: "respond", response: EMPTY_RESPONSE, at: now };
  });
}

interface Left {
  readonly project: Project | undefined;
  readonly jobs: Awaited<ReturnType<typeof scanJobs>>;
  readonly executions: readonly NotebookExecution[];
  readonly sessions: Awaited<ReturnType<typeof scanSessions>>;
}

async function leftOf(reader: Reader, project: ProjectId): Promise<Left> {
  return {
    project: await readProject(reader, project),
    jobs: await scanJobs(reader, project, { limit: limits.clearedJobs }),
    executions: await scanExecutions(reader, project, { limit: limits.clearedJobs }),
    sessions: await scanSessions(reader, project, limits.endedSessions),
  };
}

async function forgetJob(services: Services, id: Left["jobs"][number]["id"]): Promise<void> {
  await clearJobData(services, id);
  await services.store.transact("forget-job", async (tx) => {
    const record = await readJob(tx, id);
    if (record !== undefined) deleteJob(tx, record);
  });
}

async function forgetExecution(
  services: Pick<Services, "store" | "executor">,
  execution: NotebookExecution,
): Promise<void> {
  const { run } = execution;
  const record = await services.store.snapshot(async (reader) => await readRun(reader, run));
  for (const { number } of record?.run.attempts ?? []) {
    await services.executor.clear(attemptIdOf(run, number));
  }
  await services.store.transact("forget-execution", (tx) => {
    deleteExecution(tx, execution);
    return Promise.resolve();
  });
}
