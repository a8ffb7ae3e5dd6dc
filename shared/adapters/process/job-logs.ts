import { lstat, truncate, type FileHandle } from "node:fs/promises";
import { join } from "node:path";
import { limits } from "../../core/limits.ts";
import type { LogChunk, LogStream } from "../../ports/executor.ts";
import { hasCode } from "./attempt-place.ts";
import type { Execution } from "./execution.ts";
import { openPlain } from "./open-plain.ts";

const NOTE = Buffer.from(
  `\n[This log is over ${limits.jobLogBytes} bytes; what came after is not kept.]\n`,
);

/** One piece of a log from a byte offset. A log over its limit ends there, with a note. */
export async function readLogChunk(
  directory: string,
  stream: LogStream,
  offset: number,
): Promise<LogChunk> {
  const path = join(directory, stream);
  const size = await sizeOf(path);
  const kept = Math.min(size, limits.jobLogBytes);
  const bytes =
    offset < kept
      ? await readPart(path, offset, Math.min(limits.logChunkBytes, kept - offset))
      : size > limits.jobLogBytes
        ? NOTE.subarray(offset - limits.jobLogBytes)
        : new Uint8Array();
  return { bytes, nextOffset: offset + bytes.length };
}

/**
 * Cuts the logs of a running program to one byte over their limit, the byte that tells readers
 * that there was more. The program appends, so it goes on at the new end. This bounds the disk a
 * log can take while a platform watches; while none does, only the hard limit bounds it.
 */
export async function cutLogs(execution: Execution): Promise<void> {
  for (const stream of ["stdout", "stderr"] as const) {
    const path = join(execution.launch.directory, stream);
    if ((await sizeOf(path)) > limits.jobLogBytes + 1) await truncate(path, limits.jobLogBytes + 1);
  }
}

/**
 * Ends a log that is over its limit the way readers see it: at the limit, with the note. The note
 * is in place before the rest is cut off, so a crash in between changes nothing.
 */
export async function sealLog(file: FileHandle): Promise<void> {
  if ((await file.stat()).size <= limits.jobLogBytes) return;
  await file.write(NOTE, 0, NOTE.length, limits.jobLogBytes);
  await file.truncate(limits.jobLogBytes + NOTE.length);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await lstat(path)).size;
  } catch (error) {
    if (hasCode(error, "ENOENT")) return 0;
    throw error;
  }
}

async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await openPlain(path);
  if (file === undefined) return new Uint8Array();
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, offset);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
