import { readdir, realpath, stat } from "node:fs/promises";
import type { Stats } from "node:fs";
import { join, posix, resolve } from "node:path";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import { mainScriptOf } from "../../core/job/main-script.ts";
import { limits } from "../../core/limits.ts";
import { hasCode } from "./attempt-place.ts";
import { pathInWork } from "./job-paths.ts";
import { localModules } from "./local-modules.ts";
import { refuse } from "./refuse.ts";

/** One file on its way into a working directory. */
interface StagedFile {
  readonly source: string;
  /** Relative to the working directory. */
  readonly target: string;
  readonly bytes: number;
  readonly executable: boolean;
}

export interface InputPlan {
  readonly files: readonly StagedFile[];
  /** Directories that hold no file still exist for the program. */
  readonly directories: readonly string[];
  /** Where an input is, relative to the working directory, by its variable. */
  readonly variables: Readonly<Record<string, string>>;
}

interface Walk {
  readonly files: Map<string, StagedFile>;
  readonly directories: Set<string>;
  /** The executor's own directory, which may well stand inside the job's folder. */
  readonly excluded: string;
  totalBytes: number;
}

/**
 * Lists every file the job needs, without copying any: its inputs, folders with all they hold, the
 * main script, and the Python modules it imports from its own folder. Refuses what is missing,
 * what is too large, and two inputs that want one place.
 */
export async function planInputs(job: JobDefinition, directory: string): Promise<InputPlan> {
  const walk: Walk = {
    files: new Map(),
    directories: new Set(),
    excluded: await realpath(directory).catch(() => directory),
    totalBytes: 0,
  };
  const variables: Record<string, string> = {};
  for (const input of job.inputs) {
    const target = pathInWork(input, "input");
    const source = resolve(job.root, input.path);
    await addPath(walk, source, target, []);
    if (input.variable !== undefined) variables[input.variable] = target;
  }
  for (const path of await unlistedPaths(job)) {
    await addPath(walk, join(job.root, path), pathInWork({ path }, "input"), []);
  }
  return { files: [...walk.files.values()], directories: [...walk.directories], variables };
}

/** What the CLI uploads without being told. A script that does not exist is a program's name. */
async function unlistedPaths(job: JobDefinition): Promise<readonly string[]> {
  const script = mainScriptOf(job.command);
  const inside = script !== undefined && !posix.isAbsolute(script) && !script.includes("..");
  const path = inside ? posix.normalize(script) : undefined;
  const present =
    path !== undefined && (await statOf(join(job.root, path)))?.isFile() === true ? [path] : [];
  return [...present, ...(await localModules(job, present))];
}

async function addPath(
  walk: Walk,
  source: string,
  target: string,
  above: readonly string[],
): Promise<void> {
  const found = await statOf(source);
  if (found === undefined) {
    refuse(`The input "${source}" does not exist: create it or take it off the list.`);
  }
  if (found.isFile()) {
    addFile(walk, source, target, found);
    return;
  }
  if (!found.isDirectory()) refuse(`The input "${source}" is neither a file nor a directory.`);
  const real = await realpath(source);
  if (real === walk.excluded) return;
  if (above.includes(real)) refuse(`The input "${source}" is a link to a folder it stands in.`);
  walk.directories.add(target);
  for (const name of await readdir(source)) {
    await addPath(walk, join(source, name), posix.join(target, name), [...above, real]);
  }
}

function addFile(walk: Walk, source: string, target: string, found: Stats): void {
  const taken = walk.files.get(target);
  if (taken !== undefined) {
    // A file listed by itself and inside its folder is one file.
    if (taken.source === source) return;
    refuse(`The inputs "${taken.source}" and "${source}" want one place, "${target}".`);
  }
  if (found.size > limits.jobFileBytes) {
    refuse(
      `The input "${source}" has ${found.size} bytes and one file may have ` +
        `${limits.jobFileBytes}: split it, or read it from object storage.`,
    );
  }
  walk.totalBytes += found.size;
  if (walk.totalBytes > limits.jobInputsBytes) {
    refuse(
      `The inputs have more than ${limits.jobInputsBytes} bytes together ` +
        `(reached at "${source}"): read the rest from object storage.`,
    );
  }
  if (walk.files.size >= limits.jobInputFiles) {
    refuse(`The inputs hold more than ${limits.jobInputFiles} files: pack them into an archive.`);
  }
  walk.files.set(target, {
    source,
    target,
    bytes: found.size,
    executable: (found.mode & 0o100) !== 0,
  });
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
