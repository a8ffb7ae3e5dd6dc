import { readFile, readdir, stat } from "node:fs/promises";
import { join, posix } from "node:path";
import { importedModules } from "../../core/job/imported-modules.ts";
import type { PythonEnvironment } from "../../core/job/job-definition.ts";

/**
 * The Python code of its own that a job needs, relative to its folder: `local-paths` where the job
 * lists them, else what the main script imports from beside itself or from a root path, and what
 * that imports in turn. The CLI finds the same by importing the program; nothing is run here.
 */
export async function localModules(
  python: PythonEnvironment,
  root: string,
  scripts: readonly string[],
): Promise<readonly string[]> {
  if (python.localPaths.length > 0) return python.localPaths;
  const found = new Set<string>();
  const unread = scripts.filter((path) => path.endsWith(".py"));
  const folders = [...unread.map((path) => posix.dirname(path)), ".", ...python.rootPaths];
  for (let path = unread.pop(); path !== undefined; path = unread.pop()) {
    const source = await readFile(join(root, path), "utf8");
    for (const name of importedModules(source)) {
      const module = await findModule(root, folders, name);
      if (module === undefined || found.has(module.path)) continue;
      found.add(module.path);
      unread.push(...module.sources);
    }
  }
  return [...found];
}

interface LocalModule {
  readonly path: string;
  readonly sources: readonly string[];
}

async function findModule(
  root: string,
  folders: readonly string[],
  name: string,
): Promise<LocalModule | undefined> {
  for (const folder of folders) {
    const path = posix.join(folder, name);
    if (await isKind(join(root, `${path}.py`), "file")) {
      return { path: `${path}.py`, sources: [`${path}.py`] };
    }
    if (!(await isKind(join(root, path), "directory"))) continue;
    const entries = await readdir(join(root, path), { recursive: true });
    const sources = entries.filter((entry) => entry.endsWith(".py"));
    if (sources.length === 0) continue;
    return { path, sources: sources.map((entry) => posix.join(path, entry)) };
  }
  return undefined;
}

async function isKind(path: string, kind: "file" | "directory"): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return kind === "file" ? found?.isFile() === true : found?.isDirectory() === true;
}
