import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";

/** A file of a schedules folder. */
export interface FolderFile {
  /** Relative to the folder, with slashes. */
  readonly path: string;
  readonly bytes: number;
}

/** Folders that a machine makes for itself, and that no job is meant to take along. */
const OURS_ALONE = new Set(["node_modules", "__pycache__", "venv"]);

/**
 * Every file of a folder that is deployed with its schedules, in the order of their paths: hidden
 * ones and what a machine makes for itself are left out, and links are not followed. Throws
 * DEPLOY_FAILED where it is more than a schedules folder has.
 */
export async function folderFiles(folder: string): Promise<readonly FolderFile[]> {
  const found: FolderFile[] = [];
  await walk(folder, "", found);
  const bytes = found.reduce((sum, file) => sum + file.bytes, 0);
  if (bytes > limits.deployBytes) {
    throw tooMuch(folder, `${bytes} bytes, and at most ${limits.deployBytes} are uploaded`);
  }
  return found.toSorted((left, right) => (left.path < right.path ? -1 : 1));
}

async function walk(folder: string, under: string, found: FolderFile[]): Promise<void> {
  for (const entry of await readdir(join(folder, under), { withFileTypes: true })) {
    const { name } = entry;
    if (name.startsWith(".") || OURS_ALONE.has(name)) continue;
    const path = under === "" ? name : `${under}/${name}`;
    if (entry.isDirectory()) {
      await walk(folder, path, found);
    } else if (entry.isFile()) {
      if (found.length >= limits.deployFiles) {
        throw tooMuch(folder, `more than ${limits.deployFiles} files`);
      }
      found.push({ path, bytes: (await stat(join(folder, path))).size });
    }
  }
}

function tooMuch(folder: string, what: string): OrreryError {
  return new OrreryError(
    "DEPLOY_FAILED",
    `${folder} has ${what}: keep schedules and their jobs in a folder of their own`,
  );
}
