import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { hasCode } from "./attempt-place.ts";

/**
 * Opens a file that a program may have put there itself; undefined where there is none, or where it
 * is a link, a FIFO or a device: a link leads away, and a FIFO would hold its reader.
 */
export async function openPlain(
  path: string,
  access: "read" | "write" = "read",
): Promise<FileHandle | undefined> {
  const { O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_RDWR } = constants;
  const flags = access === "read" ? O_RDONLY : O_RDWR;
  let file: FileHandle | undefined;
  try {
    file = await open(path, flags | O_NOFOLLOW | O_NONBLOCK);
    if ((await file.stat()).isFile()) return file;
  } catch (error) {
    // A link is ELOOP, or EMLINK on BSD; a socket is ENXIO, a directory EISDIR.
    if (!hasCode(error, "ENOENT", "ENOTDIR", "ELOOP", "EMLINK", "ENXIO", "EISDIR")) throw error;
  }
  await file?.close();
  return undefined;
}
