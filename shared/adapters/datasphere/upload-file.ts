import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { rootCertificates } from "node:tls";
import { Client } from "undici";
import { messageOf, OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import { isLoopback } from "../../core/loopback.ts";
import { type DataSphereEngine, refuse, rest } from "./engine.ts";
import type { HashedFile } from "./hash-file.ts";

/** A file, and where DataSphere wants it. */
export interface WantedUpload {
  readonly file: HashedFile;
  readonly url: string;
}

/** A URL that did not take its file: one that has expired, most likely. */
export class UploadRefusedError extends Error {
  constructor(path: string, status: number) {
    super(`DataSphere's storage answered ${status} to the upload of "${path}"`);
    this.name = "UploadRefusedError";
  }
}

/**
 * Uploads files as they are read, some side by side. Repeating is harmless, since a content has one
 * name. Rejects with `UploadRefusedError`, `EXECUTION_PREPARE_FAILED` for a file that changed since
 * it was read for its hash, or `EXECUTOR_UNAVAILABLE`. No error names a URL, which is signed.
 */
export async function uploadAll(
  engine: DataSphereEngine,
  uploads: readonly WantedUpload[],
): Promise<void> {
  const waiting = [...uploads];
  const workers = Array.from({ length: limits.datasphereUploadsAtOnce }, async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await upload(engine, next);
    }
  });
  const results = await Promise.allSettled(workers);
  for (const result of results) if (result.status === "rejected") throw result.reason;
}

async function upload(engine: DataSphereEngine, wanted: WantedUpload): Promise<void> {
  const url = permitted(engine, wanted);
  for (let attempt = 1; ; attempt += 1) {
    const status = await put(engine, wanted.file, url);
    if (typeof status === "number" && status < 300) return;
    if (typeof status === "number" && status >= 400 && status < 500 && status !== 429) {
      throw new UploadRefusedError(wanted.file.path, status);
    }
    if (attempt >= limits.datasphereUploadTries) {
      const why = typeof status === "number" ? `status ${status}` : status;
      throw new OrreryError(
        "EXECUTOR_UNAVAILABLE",
        `The input "${wanted.file.path}" could not be uploaded to DataSphere's storage (${why}): the start is repeated`,
      );
    }
    await rest(engine, limits.datasphereRetryMs * 2 ** attempt);
  }
}

/** Files leave this machine encrypted, but for one that plays the cloud on it. */
function permitted({ session }: DataSphereEngine, { file, url }: WantedUpload): URL {
  const parsed = URL.parse(url);
  const isOwn = isLoopback(session.endpoint) && isLoopback(parsed?.hostname ?? "");
  if (parsed?.protocol === "https:" || (parsed?.protocol === "http:" && isOwn)) return parsed;
  return refuse(
    `DataSphere wants "${file.path}" uploaded to a place that is not https: nothing was sent.`,
  );
}

/** The status of one try, or in words why there is none. */
async function put(
  { clock, session }: DataSphereEngine,
  file: HashedFile,
  url: URL,
): Promise<number | string> {
  const { sha256, bytes } = file.content;
  const ca = session.ca === undefined ? {} : { ca: [...rootCertificates, session.ca] };
  const client = new Client(url.origin, { connect: ca, pipelining: 0, bodyTimeout: 0 });
  const limitMs = limits.datasphereUploadMs + bytes / limits.datasphereUploadBytesPerMs;
  const late = new Error(`no answer within ${Math.ceil(limitMs / 1_000)} s`);
  const stop = clock.set(plusMs(clock.now(), Math.ceil(limitMs)), () => void client.destroy(late));
  const changed = new Error("it changed");
  async function* body(): AsyncGenerator<Uint8Array> {
    const hash = createHash("sha256");
    let sent = 0;
    for await (const chunk of file.open()) {
      hash.update(chunk);
      sent += chunk.length;
      if (sent > bytes) throw changed;
      // The last byte only leaves once all of them are known to be the right ones.
      if (sent < bytes) yield chunk;
      else if (hash.digest("hex") === sha256) yield chunk;
      else throw changed;
    }
    if (sent < bytes) throw changed;
  }
  try {
    const response = await client.request({
      method: "PUT",
      path: url.pathname + url.search,
      headers: { "content-length": String(bytes) },
      // A body of no bytes would be sent in chunks, which signed URLs do not take.
      body: bytes === 0 ? null : Readable.from(body(), { objectMode: false }),
    });
    response.body.on("error", () => undefined).resume();
    return response.statusCode;
  } catch (error) {
    if (error === changed) {
      refuse(`The input "${file.path}" was changed while it was uploaded: the run used neither.`);
    }
    if (error instanceof OrreryError) throw error;
    return messageOf(error);
  } finally {
    stop();
    await client.destroy();
  }
}
