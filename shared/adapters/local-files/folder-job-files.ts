import { createReadStream, type Stats } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { OrreryError } from "../../core/errors.ts";
import type { JobFileEntry, JobFiles } from "../../ports/job-files.ts";
import { hasCode } from "../process/attempt-place.ts";

/**
 * The files of jobs in folders of this machine. Its owner wrote the schedules file, so paths and links
 * lead anywhere, as they do for a job that runs here.
 */
export const folderJobFiles: JobFiles = {
  async list(root, path) {
    const entries: JobFileEntry[] = [];
    await addPath(entries, resolve(root, path), "", []);
    return entries.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  },
  read: (root, path) => readFile(resolve(root, path)),
};

async function* readFile(file: string): AsyncGenerator<Uint8Array> {
  if ((await statOf(file))?.isFile() !== true) {
    throw new OrreryError("FILE_NOT_FOUND", `There is no file ${file}`);
  }
  yield* createReadStream(file) as AsyncIterable<Uint8Array>;
}

async function addPath(
  entries: JobFileEntry[],
  place: string,
  path: string,
  above: readonly string[],
): Promise<void> {
  const found = await statOf(place);
  if (found?.isFile() === true) {
    const { size: bytes, mtimeMs, ino } = found;
    entries.push({ path, bytes, version: `${ino}:${mtimeMs}:${bytes}` });
    return;
  }
  if (found?.isDirectory() !== true) return;
  const real = await realpath(place);
  if (above.includes(real)) {
    throw new OrreryError("FILE_REJECTED", `${place} is a link to a folder it stands in`);
  }
  for (const name of await readdir(place)) {
    const below = path === "" ? name : `${path}/${name}`;
    await addPath(entries, join(place, name), below, [...above, real]);
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
