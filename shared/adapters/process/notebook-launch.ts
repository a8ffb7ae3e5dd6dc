import { appendFile, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { digest, type ProjectId } from "../../core/ids.ts";
import type { Json } from "../../core/json.ts";
import { limits } from "../../core/limits.ts";
import { variableTexts } from "../../core/notebook/input-variables.ts";
import type {
  NotebookDefinition,
  NotebookResult,
} from "../../core/notebook/notebook-definition.ts";
import type { ExecutionResult } from "../../ports/executor.ts";
import { makeDirectory, type LaunchPlace } from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import type { Execution } from "./execution.ts";
import { findNotebook, type FoundNotebook } from "./find-notebook.ts";
import { baseEnvironment } from "./job-environment.ts";
import { notebookPython } from "./notebook-python.ts";
import { readNotebookResult } from "./notebook-result.ts";
import type { LaunchSite, PreparedLaunch, RequestFor } from "./prepare-launch.ts";
import { refuse } from "./refuse.ts";

const DRIVER = fileURLToPath(new URL("./notebook-driver.py", import.meta.url));

/** What a notebook's launch leaves for its result; part of the plan, so plain JSON. */
export interface NotebookPlan {
  /** The notebook's path inside the project's storage. */
  readonly path: string;
}

/** Throws `EXECUTION_PREPARE_FAILED` for a notebook that cannot be executed here. Runs nothing. */
export async function checkNotebook(
  engine: ProcessEngine,
  asked: { readonly project: ProjectId; readonly notebook: NotebookDefinition },
): Promise<{ readonly python: string; readonly found: FoundNotebook }> {
  const { project, notebook } = asked;
  // The notebook first: whoever asks for one that is not there shall hear that.
  const found = await findNotebook(engine.storage(project), notebook.target);
  return { python: await notebookPython(engine), found };
}

/**
 * Checks the notebook and lays out its launch: the working directory, the driver's request, the
 * environment. The notebook stays where it is, in the project's storage.
 */
export async function prepareNotebook(
  engine: ProcessEngine,
  request: RequestFor<NotebookDefinition>,
  at: LaunchSite,
): Promise<PreparedLaunch> {
  const { project, work: notebook } = request;
  const { launch } = at;
  const environment = environmentOf(engine, request);
  const { python, found } = await checkNotebook(engine, { project, notebook });
  const graceMs = notebook.gracefulShutdown?.timeoutMs ?? limits.killGraceMs;
  await makeDirectory(launch.work);
  await writeFile(launch.limit, "timedOut\n");
  const asked = driverRequest(launch, {
    notebook,
    found,
    storage: engine.storage(project),
    graceMs,
  });
  const requestFile = join(launch.directory, "notebook.json");
  await writeFile(requestFile, JSON.stringify(asked));
  await appendFile(asked.system, `Notebook ${found.path} through ${python}.\n`);
  return {
    // -E: variables of the notebook such as PYTHONHOME are for the kernel, not for its driver.
    command: `exec ${quoted(python)} -E ${quoted(DRIVER)} ${quoted(requestFile)}`,
    environment,
    // What interrupts a kernel; other signals would end it with its state.
    signal: "INT",
    plan: {
      instanceType: notebook.instanceTypes[0],
      outputs: [],
      hardLimitMs: request.hardLimitMs,
      graceMs,
      notebook: { path: found.path },
    },
  };
}

/**
 * The content of the checkpoint, from the launch's files alone, after its whole group is gone. May
 * be asked again after a crash. Never fails for what the program did: that is in the result.
 */
export async function notebookResult(
  execution: Execution,
  plan: NotebookPlan,
  end: Pick<ExecutionResult, "ending" | "exitCode">,
): Promise<NotebookResult> {
  return await readNotebookResult(resultFile(execution.launch), plan.path, end);
}

/** Names and meaning of the members are the driver's. */
function driverRequest(
  launch: LaunchPlace,
  asked: {
    readonly notebook: NotebookDefinition;
    readonly found: FoundNotebook;
    readonly storage: string;
    readonly graceMs: number;
  },
): Readonly<Record<string, Json>> & { readonly system: string } {
  const { notebook, found, storage, graceMs } = asked;
  return {
    path: found.path,
    notebook: found.file,
    cell: found.cell ?? null,
    storage,
    state: stateFile(storage, found.path),
    work: launch.work,
    result: resultFile(launch),
    system: join(launch.directory, "system"),
    outputVariables: notebook.outputVariables,
    staleAfterMs: notebook.staleAfterMs ?? null,
    stalePeriodMs: limits.notebookStalePeriodMs,
    staleShare: limits.notebookStaleShare,
    startMs: limits.notebookStartMs,
    stopMs: graceMs * limits.notebookStopShare,
    shutdownMs: limits.notebookShutdownMs,
    outputBytes: limits.notebookOutputBytes,
    outputsBytes: limits.notebookOutputsBytes,
    variableBytes: limits.notebookVariableBytes,
    variablesBytes: limits.notebookVariablesBytes,
    variableDepth: limits.notebookVariableDepth,
    stateBytes: limits.notebookStateBytes,
  };
}

function resultFile(launch: LaunchPlace): string {
  return join(launch.directory, "notebook-result.json");
}

/** Beside the storage, where nobody who lists the project's files sees it. */
function stateFile(storage: string, path: string): string {
  const name = digest([basename(storage), path], 32);
  return join(dirname(storage), "notebook-states", `${name}.state`);
}

/** The platform's harmless variables, then the notebook's own, then the run's. */
function environmentOf(
  engine: ProcessEngine,
  request: RequestFor<NotebookDefinition>,
): Record<string, string> {
  const variables = { ...variableTexts(request.work.variables), ...request.variables };
  for (const [name, value] of Object.entries(variables)) {
    if (name === "" || name.includes("=") || `${name}${value}`.includes("\0")) {
      refuse(`The variable "${name}" cannot stand in an environment: rename it.`);
    }
  }
  return { ...baseEnvironment(engine), ...variables };
}

function quoted(path: string): string {
  return `'${path.replaceAll("'", `'\\''`)}'`;
}
