import { opendir, readFile, realpath, stat } from "node:fs/promises";
import { join, sep } from "node:path";
import { parseNotebook, type NotebookFile } from "../../core/notebook/notebook-file.ts";
import type { NotebookTarget } from "../../core/notebook/notebook-definition.ts";
import { limits } from "../../core/limits.ts";
import { hasCode } from "./attempt-place.ts";
import { refuse } from "./refuse.ts";

/** A notebook in a project's storage. */
export interface FoundNotebook {
  /** Inside the storage. */
  readonly path: string;
  /** Absolute, behind all links. */
  readonly file: string;
  /** The cell to execute; absent for the whole notebook. */
  readonly cell?: string;
}

/** The notebook that a target means; refuses one that is not there or cannot be executed here. */
export async function findNotebook(
  storage: string,
  target: NotebookTarget,
): Promise<FoundNotebook> {
  if (target.kind === "notebook") {
    const { path } = target;
    const file = await fileInStorage(storage, path);
    check(path, await readNotebook(path, file));
    return { path, file };
  }
  const { cell } = target;
  const paths = await notebooksWithCell(storage, cell);
  const [path] = paths;
  if (path === undefined) {
    refuse(`No notebook in ${storage} has a cell "${cell}": look for its id in the .ipynb file.`);
  }
  if (paths.length > 1) {
    refuse(`Cell "${cell}" is in ${paths.join(" and ")}: give one of them another id.`);
  }
  const file = await fileInStorage(storage, path);
  const notebook = check(path, await readNotebook(path, file));
  if (notebook.cells.find(({ id }) => id === cell)?.isCode !== true) {
    refuse(`Cell "${cell}" of ${path} holds no code: name one that does.`);
  }
  return { path, file, cell };
}

/** The real place of a file of the storage. A link may lead about in the storage, not out of it. */
async function fileInStorage(storage: string, path: string): Promise<string> {
  try {
    const root = await realpath(storage);
    const file = await realpath(join(root, path));
    if (!file.startsWith(root + sep)) {
      refuse(`The notebook "${path}" leads out of the project's storage: copy the file into it.`);
    }
    return file;
  } catch (error) {
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ELOOP")) throw error;
    return refuse(`There is no notebook "${path}" in ${storage}: put it there.`, error);
  }
}

async function readNotebook(path: string, file: string): Promise<NotebookFile | undefined> {
  const found = await stat(file);
  if (!found.isFile()) return undefined;
  if (found.size > limits.notebookBytes) {
    refuse(
      `The notebook "${path}" has ${found.size} bytes and may have ${limits.notebookBytes}: ` +
        "clear its outputs.",
    );
  }
  return parseNotebook(await readFile(file, "utf8"));
}

function check(path: string, notebook: NotebookFile | undefined): NotebookFile {
  if (notebook === undefined) refuse(`"${path}" is not a notebook of nbformat 4: convert it.`);
  const { language = "python" } = notebook;
  if (language.toLowerCase() !== "python") {
    refuse(`The notebook "${path}" is written in ${language}, and only Python kernels run here.`);
  }
  return notebook;
}

/** The notebooks below the storage that have this cell, hidden folders left out. */
async function notebooksWithCell(storage: string, cell: string): Promise<readonly string[]> {
  const found: string[] = [];
  const folders = [""];
  let entries = 0;
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    for await (const entry of await openFolder(join(storage, folder))) {
      entries += 1;
      if (entries > limits.notebookSearchEntries) {
        refuse(
          `The search for cell "${cell}" ended after ${limits.notebookSearchEntries} files of ` +
            `${storage}: move what is no notebook into a folder that begins with a dot.`,
        );
      }
      if (entry.name.startsWith(".")) continue;
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile() && entry.name.endsWith(".ipynb")) {
        if (await hasCell(join(storage, path), cell)) found.push(path);
      }
    }
  }
  return found.sort();
}

async function openFolder(path: string): Promise<AsyncIterable<FolderEntry>> {
  try {
    return await opendir(path);
  } catch (error) {
    if (!hasCode(error, "ENOENT")) throw error;
    return nothing();
  }
}

interface FolderEntry {
  readonly name: string;
  isDirectory(): boolean;
  isFile(): boolean;
}

async function* nothing(): AsyncIterable<FolderEntry> {
  await Promise.resolve();
}

async function hasCell(file: string, cell: string): Promise<boolean> {
  if ((await stat(file)).size > limits.notebookBytes) return false;
  const text = await readFile(file, "utf8");
  // Parsing takes ten times longer than this, and most files do not have it.
  if (!text.includes(JSON.stringify(cell))) return false;
  return parseNotebook(text)?.cells.some(({ id }) => id === cell) ?? false;
}
