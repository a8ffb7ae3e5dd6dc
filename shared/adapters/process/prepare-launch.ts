import type { ProjectId } from "../../core/ids.ts";
import type { NotebookResult } from "../../core/notebook/notebook-definition.ts";
import { OrreryError } from "../../core/errors.ts";
import type { Work } from "../../core/work.ts";
import type { ExecutionResult, Refusal, StartRequest } from "../../ports/executor.ts";
import type { AttemptPlace, LaunchPlace } from "./attempt-place.ts";
import { checkJob } from "./check-job.ts";
import type { ProcessEngine } from "./engine.ts";
import type { Execution, LaunchPlan } from "./execution.ts";
import { checkNotebook, notebookResult, prepareNotebook } from "./notebook-launch.ts";
import { prepareJob } from "./prepare-job.ts";
import type { Pythons } from "./python-environment.ts";

/** A launch whose files are in place: what is left is to start its supervisor. */
export interface PreparedLaunch {
  /** One line or many of POSIX sh, run in the launch's `work` folder. */
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Without its "SIG". */
  readonly signal: string;
  /** All that a later process knows of this launch. It is kept as JSON. */
  readonly plan: LaunchPlan;
}

/** Where a launch is prepared. */
export interface LaunchSite {
  readonly place: AttemptPlace;
  readonly launch: LaunchPlace;
  readonly pythons: Pythons;
}

/** A request whose work is of one kind. */
export type RequestFor<W extends Work> = StartRequest & { readonly work: W };

/** What stands against the work on this machine, or undefined. Copies and runs nothing of it. */
export async function refusalOf(
  engine: ProcessEngine,
  asked: { readonly project: ProjectId; readonly work: Work },
  pythons: Pythons,
): Promise<Refusal | undefined> {
  const { project, work } = asked;
  try {
    if (work.kind === "job") await checkJob(engine, { project, job: work }, pythons);
    else await checkNotebook(engine, { project, notebook: work });
    return undefined;
  } catch (error) {
    if (error instanceof OrreryError && error.code === "EXECUTION_PREPARE_FAILED") {
      return { reason: error.message };
    }
    throw error;
  }
}

/** Checks the work and lays out its launch: working directory, limit file, environment, plan. */
export async function prepareLaunch(
  engine: ProcessEngine,
  request: StartRequest,
  at: LaunchSite,
): Promise<PreparedLaunch> {
  const { work } = request;
  return work.kind === "job"
    ? await prepareJob(engine, { ...request, work }, at)
    : await prepareNotebook(engine, { ...request, work }, at);
}

/** What a notebook's launch left, for the result; undefined for a job. Repeating is safe. */
export async function notebookOf(
  execution: Execution,
  end: Pick<ExecutionResult, "ending" | "exitCode">,
): Promise<NotebookResult | undefined> {
  const { notebook } = execution.plan;
  return notebook === undefined ? undefined : await notebookResult(execution, notebook, end);
}
