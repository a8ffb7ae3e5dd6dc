import { createHash } from "node:crypto";
import { mkdir, open, rm, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { freshName, hasCode } from "../process/attempt-place.ts";

/** A file that was taken in whole, not yet where it belongs. */
export interface Taken {
  readonly path: string;
  readonly bytes: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Why chunks did not become a file: there were too many, or the disk is full. */
export type NotTaken = "tooLarge" | "full";

/**
 * Writes chunks to a fresh file below `incoming`, hashing them on the way, and hands it to `place`,
 * which renames it to where it belongs. One chunk is in memory at a time. Whatever was not renamed
 * is removed, however this ends.
 */
export async function takeFile<T>(
  incoming: string,
  source: { readonly chunks: AsyncIterable<Uint8Array>; readonly bytesMax: number },
  place: (taken: Taken) => Promise<T>,
): Promise<T | NotTaken> {
  await mkdir(incoming, { recursive: true, mode: 0o700 });
  const path = join(incoming, freshName());
  try {
    const taken = await copyChunks(path, source);
    return typeof taken === "string" ? taken : await place({ path, ...taken });
  } catch (error) {
    if (hasCode(error, "ENOSPC", "EDQUOT")) return "full";
    throw error;
  } finally {
    await rm(path, { force: true });
  }
}

async function copyChunks(
  path: string,
  source: { readonly chunks: AsyncIterable<Uint8Array>; readonly bytesMax: number },
): Promise<{ readonly bytes: number; readonly sha256: string } | "tooLarge"> {
  const file = await open(path, "wx", 0o600);
  try {
    const hash = createHash("sha256");
    let bytes = 0;
    for await (const chunk of source.chunks) {
      bytes += chunk.length;
      if (bytes > source.bytesMax) return "tooLarge";
      hash.update(chunk);
      await writeAll(file, chunk);
    }
    // Its name will claim its content, also after the machine lost power.
    await file.datasync();
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

async function writeAll(file: FileHandle, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    written += (await file.write(chunk, written)).bytesWritten;
  }
}
