import { posix } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import { text } from "node:stream/consumers";
import type { JobDefinition, JobFile } from "../../core/job/job-definition.ts";
import { mainScriptOf } from "../../core/job/main-script.ts";
import { limits } from "../../core/limits.ts";
import type { JobFileEntry } from "../../ports/job-files.ts";
import { archiveOf } from "./archive-writer.ts";
import { type DataSphereEngine, refuse } from "./engine.ts";
import { localModules, type LocalModule } from "./local-modules.ts";

/** A file that is uploaded for a job, as it is called there. */
export interface PlannedFile {
  readonly path: string;
  readonly variable?: string;
  readonly isArchive: boolean;
  /** Present where its content is known already. */
  readonly content?: { readonly sha256: string; readonly bytes: number };
  /** The bytes to upload; the same ones however often it is opened, unless the file changes. */
  open(): AsyncIterable<Uint8Array>;
}

export interface FilePlan {
  readonly inputs: readonly PlannedFile[];
  /** Archives of Python code of the job's own. */
  readonly modules: readonly PlannedFile[];
}

type Reading = Pick<DataSphereEngine, "jobFiles" | "files">;

/**
 * Every file that has to be uploaded for a job, without reading any but Python sources: its inputs,
 * folders as archives, the main script, and the modules it imports. Refuses what is missing and what
 * is too large.
 */
export async function planFiles(
  reading: Reading,
  asked: { readonly project: ProjectId; readonly job: JobDefinition },
): Promise<FilePlan> {
  const { project, job } = asked;
  const sizes = new Sizes();
  const inputs: PlannedFile[] = [];
  for (const input of job.inputs) {
    inputs.push(
      input.stored === undefined
        ? await planned(reading, job, input, sizes)
        : uploaded(reading, project, input),
    );
  }
  const modules = (job.python?.localModules ?? []).map((each) => uploaded(reading, project, each));
  const { root } = job;
  if (root === undefined) return { inputs, modules };
  const script = await mainScript(reading, job, root);
  const isThere = script === undefined || isCovered(script, inputs);
  if (!isThere) inputs.push(await planned(reading, job, { path: script }, sizes));
  if (job.python === undefined) return { inputs, modules };
  const scripts = script === undefined ? [] : [script];
  const found = await localModules(reading.jobFiles, job.python, { root, scripts });
  for (const [index, module] of found.entries()) {
    modules.push(await packedModule(reading, { root, module, index, sizes }));
  }
  return { inputs, modules };
}

/** The lines of a job's Python requirements. */
export async function requirementsOf(
  { jobFiles }: Pick<DataSphereEngine, "jobFiles">,
  { python, root }: JobDefinition,
): Promise<readonly string[]> {
  if (python?.requirements !== undefined) return python.requirements;
  const file = python?.requirementsFile;
  if (file === undefined) return [];
  if (root === undefined) {
    refuse(
      `The requirements file "${file}" needs the job's folder: send the requirements instead.`,
    );
  }
  const [entry] = await jobFiles.list(root, file);
  if (entry?.path !== "") refuse(`The requirements file "${file}" is not in ${root}: create it.`);
  if (entry.bytes > limits.requirementsBytes) {
    refuse(`The requirements file "${file}" has more than ${limits.requirementsBytes} bytes.`);
  }
  const lines = (await text(jobFiles.read(root, file))).split("\n").map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#"));
}

function uploaded({ files }: Reading, project: ProjectId, file: JobFile): PlannedFile {
  const { path, variable, stored } = file;
  if (stored === undefined) return refuse(`The input "${path}" was not uploaded.`);
  const { sha256, bytes, isArchive } = stored;
  const named = variable === undefined ? { path } : { path, variable };
  const open = (): AsyncIterable<Uint8Array> => files.readContent(project, sha256);
  return { ...named, isArchive, content: { sha256, bytes }, open };
}

async function planned(
  { jobFiles }: Reading,
  { root }: JobDefinition,
  file: JobFile,
  sizes: Sizes,
): Promise<PlannedFile> {
  if (root === undefined) return refuse(`The input "${file.path}" was not uploaded.`);
  const path = posix.normalize(file.path).replace(/(.)\/$/, "$1");
  const entries = await jobFiles.list(root, file.path);
  const [first] = entries;
  if (first === undefined) {
    return refuse(`The input "${file.path}" does not exist: create it or take it off the list.`);
  }
  sizes.add(file.path, entries);
  const named = file.variable === undefined ? { path } : { path, variable: file.variable };
  if (first.path === "") {
    return { ...named, isArchive: false, open: () => jobFiles.read(root, file.path) };
  }
  checkArchive(file.path, entries);
  const folder = posix.basename(path);
  const members = entries.map((entry) => ({
    name: posix.join(folder, entry.path),
    open: () => jobFiles.read(root, posix.join(file.path, entry.path)),
  }));
  return { ...named, isArchive: true, open: () => archiveOf(members) };
}

async function packedModule(
  { jobFiles }: Reading,
  asked: {
    readonly root: string;
    readonly module: LocalModule;
    readonly index: number;
    readonly sizes: Sizes;
  },
): Promise<PlannedFile> {
  const { root, module, index, sizes } = asked;
  const entries = await jobFiles.list(root, module.path);
  if (entries.length === 0) {
    return refuse(`The Python module "${module.path}" does not exist: take it off local-paths.`);
  }
  sizes.add(module.path, entries);
  checkArchive(module.path, entries);
  const members = entries.map((entry) => ({
    name: posix.join(module.name, entry.path),
    open: () => jobFiles.read(root, posix.join(module.path, entry.path)),
  }));
  return {
    path: module.path,
    // The name that the official client gives it.
    variable: `_LOCAL_MODULE_${index}`,
    isArchive: true,
    open: () => archiveOf(members),
  };
}

/** What the official client uploads without being told. A script that is not there is a program. */
async function mainScript(
  { jobFiles }: Reading,
  job: JobDefinition,
  root: string,
): Promise<string | undefined> {
  const script = mainScriptOf(job.command);
  if (script === undefined || posix.isAbsolute(script) || script.includes("..")) return undefined;
  if (/[${}*?]/.test(script)) return undefined;
  const path = posix.normalize(script);
  const [entry] = await jobFiles.list(root, path);
  return entry?.path === "" ? path : undefined;
}

function isCovered(script: string, inputs: readonly PlannedFile[]): boolean {
  return inputs.some(
    ({ path, isArchive, variable }) =>
      path === script ||
      (isArchive && variable === undefined && (path === "." || script.startsWith(`${path}/`))),
  );
}

/** Refuses what the archive format, or anybody's patience, does not take. */
function checkArchive(path: string, entries: readonly JobFileEntry[]): void {
  const bytes = entries.reduce((sum, entry) => sum + entry.bytes, 0);
  if (entries.length > limits.datasphereArchiveFiles) {
    refuse(
      `The folder "${path}" holds ${entries.length} files, and ${limits.datasphereArchiveFiles} ` +
        "fit an archive: pack some of them into one of their own.",
    );
  }
  if (bytes > limits.datasphereArchiveBytes) {
    refuse(
      `The folder "${path}" holds ${bytes} bytes, and ${limits.datasphereArchiveBytes} fit an ` +
        "archive: list its larger files by themselves, or read them from object storage.",
    );
  }
}

/** What all inputs have together. */
class Sizes {
  #bytes = 0;

  add(path: string, entries: readonly JobFileEntry[]): void {
    const large = entries.find(({ bytes }) => bytes > limits.jobFileBytes);
    if (large !== undefined) {
      const name = posix.join(path, large.path);
      refuse(
        `The input "${name}" has ${large.bytes} bytes and one file may have ` +
          `${limits.jobFileBytes}: split it, or read it from object storage.`,
      );
    }
    this.#bytes += entries.reduce((sum, { bytes }) => sum + bytes, 0);
    if (this.#bytes <= limits.jobInputsBytes) return;
    refuse(
      `The inputs have more than ${limits.jobInputsBytes} bytes together (reached at "${path}"): ` +
        "read the rest from object storage.",
    );
  }
}
