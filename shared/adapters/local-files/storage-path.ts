import { mkdir, realpath, stat } from "node:fs/promises";
import { join, posix, sep } from "node:path";
import { hasCode } from "../process/attempt-place.ts";

/**
 * A caller's path, relative to a storage and normal; undefined where it cannot be a file inside one:
 * empty, absolute, a folder's, with a NUL, or with a step upwards.
 */
export function storagePath(path: string): string | undefined {
  if (path.includes("\0") || path.startsWith("/") || path.split("/").includes("..")) {
    return undefined;
  }
  const normal = posix.normalize(path);
  return normal === "." || normal.endsWith("/") ? undefined : normal;
}

/** Where a path really leads, through every link; undefined where that is nowhere or outside. */
export async function realInside(storage: string, path: string): Promise<string | undefined> {
  const real = await realOf(join(storage, path));
  const root = real === undefined ? undefined : await realOf(storage);
  return root !== undefined && real?.startsWith(root + sep) === true ? real : undefined;
}

/**
 * Makes the folders above a path and answers where they really lead; undefined where one of them is
 * a file, or a link that leaves the storage. The storage is made too.
 */
export async function makeParents(storage: string, path: string): Promise<string | undefined> {
  await mkdir(storage, { recursive: true });
  const root = await realpath(storage);
  let folder = root;
  for (const name of path.split("/").slice(0, -1)) {
    const next = join(folder, name);
    // Its parent is a real folder inside, so what is made here is inside too.
    if (await makeFolder(next)) {
      folder = next;
      continue;
    }
    const real = await realOf(next);
    if (real === undefined || !(real + sep).startsWith(root + sep)) return undefined;
    if (!(await stat(real)).isDirectory()) return undefined;
    folder = real;
  }
  return folder;
}

async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (hasCode(error, "EEXIST")) return false;
    throw error;
  }
}

async function realOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "ENAMETOOLONG")) return undefined;
    throw error;
  }
}
