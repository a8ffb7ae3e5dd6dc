import { constants } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { posix } from "node:path";
import { pipeline } from "node:stream/promises";
import { byteRange } from "./byte-range.ts";

/**
 * Answers GET or HEAD with a file of this machine, whole or the part that is asked for, as something
 * to keep and never as a page. False where there is no such file, and then nothing was answered.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  file: { readonly path: string; readonly name: string },
): Promise<boolean> {
  const opened = await openFile(file.path);
  if (opened === undefined) return false;
  const { handle, bytes } = opened;
  try {
    // A condition on the range asks for a validator that we do not give: then all of it is right.
    const conditional = request.headers["if-range"] !== undefined;
    const range = conditional ? undefined : byteRange(request.headers.range, bytes);
    const common = {
      "Accept-Ranges": "bytes",
      "Cache-Control": "no-store",
      "X-Content-Type-Options": "nosniff",
    };
    if (range === "unsatisfiable") {
      response.writeHead(416, { ...common, "Content-Range": `bytes */${bytes}` }).end();
      return true;
    }
    const { first, last } = range ?? { first: 0, last: bytes - 1 };
    response.writeHead(range === undefined ? 200 : 206, {
      ...common,
      "Content-Type": "application/octet-stream",
      "Content-Length": last - first + 1,
      "Content-Disposition": contentDisposition(file.name),
      ...(range === undefined ? {} : { "Content-Range": `bytes ${first}-${last}/${bytes}` }),
    });
    if (request.method === "HEAD" || bytes === 0) response.end();
    else await pipeline(handle.createReadStream({ start: first, end: last }), response);
    return true;
  } finally {
    await handle.close();
  }
}

/** The header that names a download: its last path segment, in ASCII and, for those who can, whole. */
export function contentDisposition(path: string): string {
  // What a file system or a shell takes for more than a letter becomes a line.
  const name = posix.basename(path).replaceAll(/[\p{Cc}"%'()*/:;<>?\\|]/gu, "_");
  const whole = /^\.*$/.test(name) ? "file" : name.toWellFormed();
  const ascii = whole.replaceAll(/[^\x20-\x7e]/gu, "_");
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(whole)}`;
}

async function openFile(
  path: string,
): Promise<{ readonly handle: FileHandle; readonly bytes: number } | undefined> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = await handle.stat();
    if (found.isFile()) return { handle, bytes: found.size };
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    if (!["ENOENT", "ENOTDIR", "ELOOP", "ENXIO"].includes(code)) throw error;
  }
  await handle?.close();
  return undefined;
}
