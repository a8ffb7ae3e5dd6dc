import { appendFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import {
  commandVariables,
  PROGRESS_VARIABLE,
  PROJECT_HOME_VARIABLE,
  substitute,
  type CommandVariables,
} from "../../core/job/substitute.ts";
import { limits } from "../../core/limits.ts";
import { makeDirectory } from "./attempt-place.ts";
import { checkJob } from "./check-job.ts";
import type { ProcessEngine } from "./engine.ts";
import type { PlannedOutput } from "./execution.ts";
import { jobEnvironment } from "./job-environment.ts";
import { pathInOutputs, pathInWork } from "./job-paths.ts";
import { MODULES_FOLDER } from "./plan-archives.ts";
import type { InputPlan } from "./plan-inputs.ts";
import type { LaunchSite, PreparedLaunch, RequestFor } from "./prepare-launch.ts";
import { refuse } from "./refuse.ts";
import { stageInputs } from "./stage-inputs.ts";

/** Checks the job and lays out its launch: working directory, environment, plan, system log. */
export async function prepareJob(
  engine: ProcessEngine,
  request: RequestFor<JobDefinition>,
  at: LaunchSite,
): Promise<PreparedLaunch> {
  const { work: job, project, variables } = request;
  const { launch } = at;
  const { inputs, python } = await checkJob(engine, { project, job }, at.pythons);
  const outputs = planOutputs(job);
  const platform: Record<string, string> = { [PROGRESS_VARIABLE]: launch.progress };
  if (job.attachProjectDisk) {
    const home = engine.storage(project);
    await makeDirectory(home);
    platform[PROJECT_HOME_VARIABLE] = home;
  }
  const files = filePaths(launch.work, inputs, outputs);
  const command = fillIn(request, files, platform);
  await stageInputs(inputs, { directory: engine.directory, project, work: launch.work });
  for (const output of outputs) {
    // A place we chose must exist; a path the job chose is the job's to make, as in DataSphere.
    if (output.variable === undefined) continue;
    await makeDirectory(dirname(join(launch.work, output.source)));
  }
  const bin = python === undefined ? undefined : await at.pythons.bin(job, python);
  await writeFile(launch.limit, "timedOut\n");
  const expanded = inputs.archives.flatMap(({ targets }) =>
    targets.flatMap((target) => target ?? []),
  );
  const notes = [
    `Staged ${inputs.files.length + expanded.length} files in ${launch.work}.`,
    ...(python === undefined ? [] : [`Python ${python.version} through ${bin ?? ""}.`]),
    ...(outputs.length === 0 ? [] : [`Outputs will be in ${at.place.outputs}.`]),
  ];
  await appendFile(join(launch.directory, "system"), `${notes.join("\n")}\n`);
  return {
    command,
    environment: jobEnvironment(engine, {
      job,
      variables,
      platform,
      pythonBin: bin,
      pythonPath: hasModules(job) ? join(launch.work, MODULES_FOLDER) : undefined,
    }),
    signal: (job.gracefulShutdown?.signal ?? "SIGTERM").slice("SIG".length),
    plan: {
      instanceType: job.instanceTypes[0],
      outputs,
      hardLimitMs: request.hardLimitMs,
      graceMs: job.gracefulShutdown?.timeoutMs ?? limits.killGraceMs,
    },
  };
}

function hasModules(job: JobDefinition): boolean {
  return (job.python?.localModules ?? []).length > 0;
}

function planOutputs(job: JobDefinition): readonly PlannedOutput[] {
  return job.outputs.map((file) => ({
    ...file,
    source: pathInWork(file, "output"),
    target: pathInOutputs(file),
  }));
}

/**
 * What `${VAR}` of a file becomes: an absolute path, so that the command may change directory; but
 * one from the working directory where its own path holds what a shell would act upon.
 */
function filePaths(
  work: string,
  inputs: InputPlan,
  outputs: readonly PlannedOutput[],
): Record<string, string> {
  const base = /^[\w./@%+=:,-]+$/.test(work) ? work : ".";
  const paths: Record<string, string> = {};
  for (const [name, path] of Object.entries(inputs.variables)) paths[name] = `${base}/${path}`;
  for (const { variable, source } of outputs) {
    if (variable !== undefined) paths[variable] = `${base}/${source}`;
  }
  return paths;
}

function fillIn(
  request: RequestFor<JobDefinition>,
  files: Readonly<Record<string, string>>,
  platform: Readonly<Record<string, string>>,
): string {
  const { work: job, variables } = request;
  for (const [name, value] of Object.entries({ ...job.environment, ...variables })) {
    if (name === "" || name.includes("=") || `${name}${value}`.includes("\0")) {
      refuse(`The variable "${name}" cannot stand in an environment: rename it.`);
    }
  }
  const taken = Object.keys(variables).find((name) => Object.hasOwn(files, name));
  if (taken !== undefined) {
    refuse(`The run's variable "${taken}" is also the variable of a file: rename one of them.`);
  }
  const known: CommandVariables = commandVariables({
    files,
    run: variables,
    arguments: job.arguments,
    environment: { ...job.environment, ...platform },
  });
  const filled = substitute(job.command, known);
  if (filled.ok) return filled.command;
  const names = filled.unknown.map((name) => `\${${name}}`).join(", ");
  return refuse(
    `The command names ${names} and nothing gives a value: define it under args, inputs, outputs ` +
      `or env.vars (${PROJECT_HOME_VARIABLE} needs the attach-project-disk flag; a name that is ` +
      "no shell name needs a plain value), or write $NAME for a variable of the shell.",
  );
}
