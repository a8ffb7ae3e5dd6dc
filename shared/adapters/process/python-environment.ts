import { execFile } from "node:child_process";
import { chmod, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { digest } from "../../core/ids.ts";
import type { JobDefinition, PythonEnvironment } from "../../core/job/job-definition.ts";
import { limits } from "../../core/limits.ts";
import { freshName, hasCode, makeDirectory } from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import { createPythonFinder, type Python } from "./find-python.ts";
import { baseEnvironment } from "./job-environment.ts";
import { refuse } from "./refuse.ts";

const run = promisify(execFile);

export interface Pythons {
  /** The interpreter of this machine that satisfies the job; refuses where there is none. */
  find(python: PythonEnvironment): Promise<Python>;
  /**
   * A directory whose `python` and `python3` are the job's: a virtual environment with its
   * requirements, or a plain door to the interpreter. Built once for its content; a requirements
   * file that another one includes is not part of that content.
   */
  bin(job: JobDefinition, python: Python): Promise<string>;
}

export function createPythons(engine: ProcessEngine): Pythons {
  const building = new Map<string, Promise<string>>();

  async function bin(job: JobDefinition, python: Python): Promise<string> {
    const requirements = await requirementsOf(job);
    const parts = [python.executable, python.version, requirements, job.python?.pip];
    const home = join(engine.directory, "python", digest([JSON.stringify(parts)], 32));
    const present = await realpath(home).catch(() => undefined);
    if (present !== undefined) return join(present, "bin");
    // Fifty runs due at once share one installation. A second platform would make its own.
    const build =
      building.get(home) ?? buildEnvironment(engine, job, { home, python, requirements });
    building.set(home, build);
    try {
      return await build;
    } finally {
      building.delete(home);
    }
  }

  return { find: createPythonFinder(engine), bin };
}

/** The text of the requirements, or undefined where the job has none. */
export async function requirementsOf(job: JobDefinition): Promise<string | undefined> {
  const { requirements, requirementsFile: file } = job.python ?? {};
  if (requirements !== undefined) {
    return requirements.length === 0 ? undefined : `${requirements.join("\n")}\n`;
  }
  if (file === undefined) return undefined;
  if (job.root === undefined) {
    refuse(
      `The requirements file "${file}" needs the job's folder: send the requirements instead.`,
    );
  }
  try {
    return await readFile(join(job.root, file), "utf8");
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "EISDIR")) throw error;
    return refuse(`The requirements file "${file}" is not in ${job.root}: create it.`, error);
  }
}

interface Build {
  /** Where the finished environment is found. */
  readonly home: string;
  readonly python: Python;
  readonly requirements: string | undefined;
}

/** A virtual environment cannot be moved, so it is built where it stays and linked when complete. */
async function buildEnvironment(
  engine: ProcessEngine,
  job: JobDefinition,
  build: Build,
): Promise<string> {
  const { home, python, requirements } = build;
  const built = `${home}.${freshName()}`;
  try {
    await makeDirectory(built);
    if (requirements === undefined) await buildDoor(built, python);
    else await installRequirements(engine, job, { python, built, requirements });
    await symlink(built, `${built}.link`);
    await rename(`${built}.link`, home);
    return join(built, "bin");
  } catch (error) {
    await rm(built, { recursive: true, force: true });
    throw error;
  }
}

/** Many machines have no `python`, only `python3`; jobs written for DataSphere say `python`. */
async function buildDoor(built: string, python: Python): Promise<void> {
  await makeDirectory(join(built, "bin"));
  for (const name of ["python", "python3"]) {
    const path = join(built, "bin", name);
    // A script and not a link: Python finds the packages of a virtual environment by its own path.
    await writeFile(path, `#!/bin/sh\nexec '${python.executable}' "$@"\n`);
    await chmod(path, 0o755);
  }
}

async function installRequirements(
  engine: ProcessEngine,
  job: JobDefinition,
  build: { readonly python: Python; readonly built: string; readonly requirements: string },
): Promise<void> {
  const options = {
    cwd: job.root ?? build.built,
    env: { ...baseEnvironment(engine), ...installerVariables(engine) },
    timeout: limits.pythonBuildMs,
  };
  const listed = join(build.built, "requirements.txt");
  try {
    await run(build.python.executable, ["-m", "venv", build.built], options);
    await writeFile(listed, build.requirements);
    await run(
      join(build.built, "bin", "python"),
      ["-m", "pip", "install", "--no-input", "-r", listed, ...pipOptions(job.python)],
      { ...options, maxBuffer: limits.jobLogBytes },
    );
  } catch (error) {
    const file = job.python?.requirementsFile;
    const output = error as { readonly stderr?: string; readonly stdout?: string };
    const said = `${output.stdout ?? ""}${output.stderr ?? ""}`.trim().split("\n").slice(-5);
    refuse(
      `The requirements ${file === undefined ? "" : `in "${file}" `}could not be installed: ` +
        `${said.join(" | ")}. Correct them, or check that the package index can be reached.`,
      error,
    );
  }
}

/** What pip itself needs to reach an index through this machine's proxy and certificates. */
function installerVariables(engine: ProcessEngine): Record<string, string> {
  const wanted = /^PIP_|^SSL_CERT_|^(?:REQUESTS|CURL)_CA_BUNDLE$|^(?:https?|no|all)_proxy$/i;
  const found: Record<string, string> = { PIP_DISABLE_PIP_VERSION_CHECK: "1" };
  for (const [name, value] of Object.entries(engine.environment)) {
    if (value !== undefined && wanted.test(name)) found[name] = value;
  }
  return found;
}

function pipOptions(python: PythonEnvironment | undefined): readonly string[] {
  const pip = python?.pip;
  if (pip === undefined) return [];
  return [
    ...(pip.indexUrl === undefined ? [] : ["--index-url", pip.indexUrl]),
    ...pip.extraIndexUrls.flatMap((url) => ["--extra-index-url", url]),
    ...pip.trustedHosts.flatMap((host) => ["--trusted-host", host]),
    ...(pip.noDeps ? ["--no-deps"] : []),
  ];
}
