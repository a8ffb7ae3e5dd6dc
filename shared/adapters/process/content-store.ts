import { chmod, constants, copyFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { ProjectId } from "../../core/ids.ts";
import { freshName, hasCode, makeDirectory } from "./attempt-place.ts";
import { hashFile } from "./hash-file.ts";
import { projectFolder } from "./project-folder.ts";

/**
 * The stored copy of a file, under `files/PROJECT/SHA256`. A file that many runs use is kept once,
 * and a reflink where the file system has them. Repeating is safe, also at the same time.
 */
export async function storeContent(
  directory: string,
  project: ProjectId,
  source: string,
): Promise<string> {
  const folder = join(directory, "files", projectFolder(project));
  const known = join(folder, await hashFile(source));
  if (await exists(known)) return known;
  await makeDirectory(folder);
  const fresh = join(folder, `.${freshName()}`);
  try {
    await copyFile(source, fresh, constants.COPYFILE_FICLONE);
    // The source may have changed since it was hashed; the copy's own hash is the one that is true.
    const stored = join(folder, await hashFile(fresh));
    await chmod(fresh, 0o444);
    await rename(fresh, stored);
    return stored;
  } finally {
    await rm(fresh, { force: true });
  }
}

/** Puts a copy that the job may change; what is stored stays as it is. */
export async function placeContent(
  stored: string,
  target: string,
  executable: boolean,
): Promise<void> {
  await copyFile(stored, target, constants.COPYFILE_FICLONE);
  await chmod(target, executable ? 0o755 : 0o644);
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return false;
    throw error;
  }
}
