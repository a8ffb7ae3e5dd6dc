import { posix } from "node:path";
import { text } from "node:stream/consumers";
import { importedModules } from "../../core/job/imported-modules.ts";
import type { PythonEnvironment } from "../../core/job/job-definition.ts";
import { limits } from "../../core/limits.ts";
import type { JobFiles } from "../../ports/job-files.ts";

/** Python code of the job's own. */
export interface LocalModule {
  /** Relative to the job's folder: a file, or the folder of a package. */
  readonly path: string;
  /** What programs import, with `.py` where it is a file. */
  readonly name: string;
}

/**
 * The Python code of its own that a job needs: `local-paths` where the job lists them, else what the
 * main script imports from beside itself or from a root path, and what that imports in turn. The
 * official client finds the same by importing the program; nothing is run here.
 */
export async function localModules(
  files: JobFiles,
  python: PythonEnvironment,
  job: { readonly root: string; readonly scripts: readonly string[] },
): Promise<readonly LocalModule[]> {
  if (python.localPaths.length > 0) {
    return python.localPaths.map((path) => ({ path, name: posix.basename(posix.normalize(path)) }));
  }
  const found = new Map<string, LocalModule>();
  const unread = job.scripts.filter((path) => path.endsWith(".py"));
  const folders = new Set([...unread.map((path) => posix.dirname(path)), ".", ...python.rootPaths]);
  for (let path = unread.pop(); path !== undefined; path = unread.pop()) {
    for (const name of importedModules(await text(files.read(job.root, path)))) {
      const module = await findModule(files, job.root, folders, name);
      if (module === undefined || found.has(module.path)) continue;
      found.set(module.path, module);
      unread.push(...module.sources);
    }
  }
  return [...found.values()];
}

async function findModule(
  files: JobFiles,
  root: string,
  folders: ReadonlySet<string>,
  name: string,
): Promise<(LocalModule & { readonly sources: readonly string[] }) | undefined> {
  for (const folder of folders) {
    const file = posix.join(folder, `${name}.py`);
    const [entry] = await files.list(root, file);
    if (entry?.path === "") {
      return { path: file, name: `${name}.py`, sources: small(file, [entry]) };
    }
    const path = posix.join(folder, name);
    const members = await files.list(root, path);
    const sources = small(path, members);
    if (sources.length > 0) return { path, name, sources };
  }
  return undefined;
}

/** Python sources of a size that somebody wrote. */
function small(
  path: string,
  entries: readonly { readonly path: string; readonly bytes: number }[],
): readonly string[] {
  return entries
    .filter(({ bytes }) => bytes <= limits.pythonSourceBytes)
    .map((entry) => posix.join(path, entry.path))
    .filter((source) => source.endsWith(".py"));
}
