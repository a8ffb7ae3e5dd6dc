import type { Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, posix, resolve } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import type { JobDefinition } from "../../core/job/job-definition.ts";
import { mainScriptOf } from "../../core/job/main-script.ts";
import { hasCode } from "./attempt-place.ts";
import type { ProcessEngine } from "./engine.ts";
import { findUpload } from "./find-upload.ts";
import { InputLayout } from "./input-layout.ts";
import { pathInWork } from "./job-paths.ts";
import { localModules } from "./local-modules.ts";
import { ArchivePlanner, type PlannedArchive } from "./plan-archives.ts";
import { refuse } from "./refuse.ts";

/** One file to copy into a working directory. */
interface StagedFile {
  readonly source: string;
  /** Relative to the working directory. */
  readonly target: string;
  readonly executable: boolean;
  /** An upload is kept by its content already; a file of the job's folder may change. */
  readonly isUpload: boolean;
}

export interface InputPlan {
  readonly files: readonly StagedFile[];
  readonly archives: readonly PlannedArchive[];
  /** Every folder of the working directory, parents first; some hold no file. */
  readonly directories: readonly string[];
  /** Where an input is, relative to the working directory, by its variable. */
  readonly variables: Readonly<Record<string, string>>;
}

interface Walk {
  readonly layout: InputLayout;
  readonly files: StagedFile[];
  /** The executor's own directory, which may well stand inside the job's folder. */
  readonly excluded: string;
}

/**
 * Lists every file the job needs, without copying any: its inputs, folders and archives with all
 * they hold, the main script, and the Python modules it imports from its own folder or that were
 * uploaded. Refuses what is missing, what is too large, and two inputs that want one place.
 */
export async function planInputs(
  engine: ProcessEngine,
  asked: { readonly project: ProjectId; readonly job: JobDefinition },
): Promise<InputPlan> {
  const { project, job } = asked;
  const layout = new InputLayout();
  const excluded = await realpath(engine.directory).catch(() => engine.directory);
  const walk: Walk = { layout, files: [], excluded };
  const variables: Record<string, string> = {};
  for (const input of job.inputs) {
    const target = pathInWork(input, "input");
    if (input.variable !== undefined) variables[input.variable] = target;
    if (input.stored?.isArchive === true) continue;
    if (job.root !== undefined && input.stored === undefined) {
      await addPath(walk, resolve(job.root, input.path), target, []);
      continue;
    }
    const { source, bytes } = await findUpload(engine, project, input);
    layout.addFile(target, { source: input.path, bytes });
    walk.files.push({ source, target, executable: false, isUpload: true });
  }
  if (job.root !== undefined) {
    for (const path of await unlistedPaths(job, job.root)) {
      await addPath(walk, join(job.root, path), pathInWork({ path }, "input"), []);
    }
  }
  const archives = new ArchivePlanner(engine, project, layout);
  for (const input of job.inputs) {
    if (input.stored?.isArchive === true) await archives.addFolder(input);
  }
  await archives.addModules(job);
  const { directories } = layout;
  return { files: walk.files, archives: archives.planned, directories, variables };
}

/** What the CLI uploads without being told. A script that does not exist is a program's name. */
async function unlistedPaths(job: JobDefinition, root: string): Promise<readonly string[]> {
  const script = mainScriptOf(job.command);
  const inside = script !== undefined && !posix.isAbsolute(script) && !script.includes("..");
  const path = inside ? posix.normalize(script) : undefined;
  const present =
    path !== undefined && (await statOf(join(root, path)))?.isFile() === true ? [path] : [];
  if (job.python === undefined) return present;
  return [...present, ...(await localModules(job.python, root, present))];
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
    const { layout, files } = walk;
    // A file listed by itself and inside its folder is one file.
    if (!layout.addFile(target, { source, bytes: found.size })) return;
    files.push({ source, target, executable: (found.mode & 0o100) !== 0, isUpload: false });
    return;
  }
  if (!found.isDirectory()) refuse(`The input "${source}" is neither a file nor a directory.`);
  const real = await realpath(source);
  if (real === walk.excluded) return;
  if (above.includes(real)) refuse(`The input "${source}" is a link to a folder it stands in.`);
  walk.layout.addDirectory(target);
  for (const name of await readdir(source)) {
    await addPath(walk, join(source, name), posix.join(target, name), [...above, real]);
  }
}

async function statOf(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}
