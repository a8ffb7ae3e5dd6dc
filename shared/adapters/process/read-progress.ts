import { limits } from "../../core/limits.ts";
import { instant, type Instant } from "../../core/time/instant.ts";
import type { Progress } from "../../ports/executor.ts";
import { openPlain } from "./open-plain.ts";

/**
 * The last line of a progress file that makes sense, from the end of the file alone. A line that is
 * torn, or is none of ours, is passed over.
 */
export async function readProgress(path: string): Promise<Progress | undefined> {
  const file = await openPlain(path);
  if (file === undefined) return undefined;
  try {
    const { size, mtimeMs } = await file.stat();
    const start = Math.max(0, size - limits.logChunkBytes);
    const { buffer, bytesRead } = await file.read(
      Buffer.alloc(size - start),
      0,
      size - start,
      start,
    );
    const lines = buffer.subarray(0, bytesRead).toString().split("\n");
    // The first line of a part may have lost its beginning.
    if (start > 0) lines.shift();
    const writtenAt = instant(Math.floor(mtimeMs));
    for (const line of lines.reverse()) {
      const progress = parseProgress(line, writtenAt);
      if (progress !== undefined) return progress;
    }
    return undefined;
  } finally {
    await file.close();
  }
}

/** `{"progress": 21, "message": "…", "create_time": "2025-06-01T11:00:12+00:00"}`. */
function parseProgress(line: string, writtenAt: Instant): Progress | undefined {
  let said: unknown;
  try {
    said = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof said !== "object" || said === null) return undefined;
  const { progress, message, create_time: time } = said as Record<string, unknown>;
  if (typeof progress !== "number") return undefined;
  const saidAt = typeof time === "string" ? Date.parse(time) : Number.NaN;
  return {
    message: typeof message === "string" ? message.slice(0, limits.progressMessageChars) : "",
    percent: Math.floor(Math.min(100, Math.max(0, progress))),
    at: Number.isNaN(saidAt) ? writtenAt : instant(saidAt),
  };
}
