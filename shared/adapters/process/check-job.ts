import { statfs } from "node:fs/promises";
import { posix } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import { PROJECT_HOME_VARIABLE, VARIABLE_NAME } from "../../core/job/substitute.ts";
import { limits } from "../../core/limits.ts";
import { makeDirectory } from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import type { Python } from "./find-python.ts";
import { pathInWork } from "./job-paths.ts";
import { planInputs, type InputPlan } from "./plan-inputs.ts";
import { requirementsOf, type Pythons } from "./python-environment.ts";
import { refuse } from "./refuse.ts";

/** What a preparation needs that checking the job found out anyway. */
export interface CheckedJob {
  readonly inputs: InputPlan;
  readonly python: Python | undefined;
}

/**
 * Fails with the reason where something stands against the job on this machine; what it learnt
 * serves the preparation. Copies and runs nothing of it.
 */
export async function checkJob(
  engine: ProcessEngine,
  asked: { readonly project: ProjectId; readonly job: JobDefinition },
  pythons: Pythons,
): Promise<CheckedJob> {
  const { job } = asked;
  checkAbilities(job);
  checkNames(job);
  await checkDisk(engine, job);
  const inputs = await planInputs(engine, asked);
  const requirements = await requirementsOf(job);
  const python = job.python === undefined ? undefined : await pythons.find(job.python);
  if (requirements !== undefined && python?.canInstall === false) {
    refuse(
      `The job has requirements and ${python.executable} cannot make a virtual environment: ` +
        "install its venv and ensurepip modules (on Debian, python3-venv).",
    );
  }
  return { inputs, python };
}

function checkAbilities(job: JobDefinition): void {
  if (job.dockerImage !== undefined) {
    refuse(
      `The job asks for the image "${job.dockerImage}" and jobs run as plain processes here: ` +
        "take env.docker out and list what the program needs under env.python, " +
        "or run the job in DataSphere.",
    );
  }
  const absent = [
    ["s3-mounts", job.s3Mounts.length > 0],
    ["datasets", job.datasets.length > 0],
    ["output-datasets", job.outputDatasets.length > 0],
    ["spark.connector", job.sparkConnector !== undefined],
  ] as const;
  for (const [key, wanted] of absent) {
    if (!wanted) continue;
    refuse(
      `The job asks for ${key}, which only DataSphere itself has: ` +
        "use inputs and outputs instead, or run the job in DataSphere.",
    );
  }
}

function checkNames(job: JobDefinition): void {
  const modules = job.python?.localModules ?? [];
  const lists = { inputs: job.inputs, outputs: job.outputs, "local modules": modules };
  for (const [key, list] of Object.entries(lists)) {
    if (list.length <= limits.jobListEntries) continue;
    refuse(`The job lists ${list.length} ${key} and may list ${limits.jobListEntries}.`);
  }
  const files = [...job.inputs, ...job.outputs].flatMap((file) => file.variable ?? []);
  const seen = new Set<string>();
  for (const name of [...files, ...Object.keys(job.arguments)]) {
    if (!VARIABLE_NAME.test(name) || name === PROJECT_HOME_VARIABLE) {
      refuse(
        `"${name}" cannot name a variable: use 1 to 50 letters, digits, "-" and "_", ` +
          `and not ${PROJECT_HOME_VARIABLE}.`,
      );
    }
    if (seen.has(name)) refuse(`The variable "${name}" is defined twice: rename one.`);
    seen.add(name);
  }
  for (const list of [job.inputs, job.outputs]) {
    const paths = list.map((file) => posix.normalize(file.path));
    const twice = paths.find((path, index) => paths.indexOf(path) !== index);
    if (twice !== undefined) refuse(`The path "${twice}" is listed twice: list it once.`);
  }
  for (const output of job.outputs) pathInWork(output, "output");
}

async function checkDisk(engine: ProcessEngine, job: JobDefinition): Promise<void> {
  if (job.workingStorageBytes === undefined) return;
  await makeDirectory(engine.directory);
  const disk = await statfs(engine.directory);
  const freeBytes = disk.bavail * disk.bsize;
  if (job.workingStorageBytes <= freeBytes) return;
  refuse(
    `The job asks for ${job.workingStorageBytes} bytes of working storage and the disk of ` +
      `${engine.directory} has ${freeBytes} free: free some, or take working-storage out.`,
  );
}
