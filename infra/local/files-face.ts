import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Code } from "../../shared/api/code.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { FileLocation } from "../../shared/ports/executor.ts";
import type { Download, Upload } from "../../shared/ports/files.ts";
import { locateJobFile } from "../../shared/usecases/jobs/locate-job-file.ts";
import { dropUnwantedUpload, isUploadWanted } from "../../shared/usecases/jobs/wanted-upload.ts";
import type { Services } from "../../shared/usecases/services.ts";
import { sendFile } from "./send-file.ts";
import type { LocalFiles } from "./wiring.ts";

/** Below it are signed URLs and nothing else: no folder can be listed. */
export const FILES_PATH = "/files/";

export interface FilesFaceOptions extends Pick<Services, "store" | "executor" | "log"> {
  readonly files: LocalFiles;
  readonly clock: Clock & Alarms;
}

/** What is answered instead of a file. */
interface Refusal {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Takes files in and gives them out by their signed URLs, which need no token beside them. */
export function filesFace(options: FilesFaceOptions): RequestListener {
  return (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      // A client that went away, or bytes that stopped to move, are nobody's failure.
      if (request.destroyed && !request.complete) return;
      if (response.destroyed) return;
      const message = `A file's ${request.method ?? ""} failed: ${messageOf(error)}`;
      options.log.write({ level: "error", name: "files.failed", message, fields: {} });
      if (response.headersSent) response.destroy();
      else void refuse(options.clock, { request, response }, FAILED);
    });
  };
}

async function answer(
  options: FilesFaceOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const refusal = await serve(options, request, response);
  if (refusal !== undefined) await refuse(options.clock, { request, response }, refusal);
}

async function serve(
  options: FilesFaceOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<Refusal | undefined> {
  const { method = "", url = "" } = request;
  if (!["GET", "HEAD", "PUT"].includes(method)) return WRONG_METHOD;
  const signed = (url.split("?")[0] ?? "").slice(FILES_PATH.length);
  const grant = options.files.grant(signed);
  if ("denied" in grant) return grant.denied === "expired" ? EXPIRED : FORGED;
  if (grant.verb !== (method === "PUT" ? "PUT" : "GET")) return otherVerb(grant.verb);
  if (grant.verb === "GET") return await download(options, { request, response }, grant.download);
  return await receive(options, { request, response }, grant.upload);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

async function download(
  options: FilesFaceOptions,
  { request, response }: Exchange,
  { job, file }: Download,
): Promise<Refusal | undefined> {
  const located: FileLocation | undefined =
    file.kind === "input"
      ? { kind: "path", path: options.files.uploaded(file.project, file.sha256) }
      : await locateJobFile(options, job, file);
  if (located?.kind === "url") {
    response.writeHead(302, { Location: located.url, "Cache-Control": "no-store" }).end();
    return undefined;
  }
  const name = file.kind === "input" ? file.sha256 : file.path;
  const sent = located && (await sendFile(request, response, { path: located.path, name }));
  return sent === true ? undefined : GONE;
}

async function receive(
  options: FilesFaceOptions,
  { request, response }: Exchange,
  upload: Upload,
): Promise<Refusal | undefined> {
  const { files } = options;
  if (!(await isUploadWanted(options, upload))) return UNWANTED;
  const announced = request.headers["content-length"];
  if (announced !== undefined && Number(announced) !== upload.bytes) {
    return wrong(`The URL is for ${upload.bytes} bytes, and Content-Length says ${announced}`);
  }
  // Left open when it is read no further, because the answer goes out on the same connection.
  const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  const received = await files.receive(upload, chunks);
  switch (received.outcome) {
    case "full":
      return FULL;
    case "stored":
      // The job or the project may have been deleted while the bytes came.
      if (await dropUnwantedUpload(options, upload)) return UNWANTED;
      response.writeHead(200, { ETag: `"${upload.sha256}"`, "Content-Length": 0 }).end();
      return undefined;
    case "tooLarge":
      return {
        ...wrong(`More than the ${upload.bytes} bytes came that the URL is for`),
        status: 413,
      };
    case "wrongSize":
      return wrong(`The URL is for ${upload.bytes} bytes, and ${received.bytes} came`);
    case "wrongContent":
      return wrong(
        `The URL is for a content with SHA-256 ${upload.sha256}, and what came has ${received.sha256}`,
      );
  }
}

/**
 * Answers with `google.rpc.Status`. A body that still comes is read for a moment and dropped: closed
 * in the middle of it, the connection would be reset, and the answer with it.
 */
async function refuse(
  clock: Alarms & Clock,
  { request, response }: Exchange,
  { status, code, message, headers }: Refusal,
): Promise<void> {
  const body = Buffer.from(JSON.stringify({ code, message }));
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...(request.complete ? {} : { Connection: "close" }),
    ...headers,
  });
  if (request.method !== "HEAD") response.write(body);
  if (!request.complete) await restOf(request, clock);
  response.end();
}

async function restOf(request: IncomingMessage, clock: Alarms & Clock): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.set(plusMs(clock.now(), limits.lingerMs), resolve);
    request.once("close", () => {
      cancel();
      resolve();
    });
    request.resume();
  });
}

const again = "ask the API for a new one";
const denied = (message: string): Refusal => {
  return { status: 403, code: Code.PERMISSION_DENIED, message };
};
const wrong = (message: string): Refusal => {
  return { status: 400, code: Code.INVALID_ARGUMENT, message: `${message}: nothing was kept` };
};
const otherVerb = (verb: string): Refusal =>
  denied(`This URL is signed for ${verb} alone: ${again}`);
const FORGED = denied(`This URL is not one that Orrery has signed as it stands: ${again}`);
const EXPIRED = denied(`This URL has expired: ${again}`);
const GONE: Refusal = {
  status: 404,
  code: Code.NOT_FOUND,
  message: "The file is not there (any more): its job's data may have been cleared",
};
const UNWANTED: Refusal = {
  status: 404,
  code: Code.NOT_FOUND,
  message: "No job needs this content any more: nothing was kept",
};
const WRONG_METHOD: Refusal = {
  status: 405,
  code: Code.UNIMPLEMENTED,
  message: "A file's URL takes GET, HEAD or PUT",
  headers: { Allow: "GET, HEAD, PUT" },
};
const FULL: Refusal = {
  status: 507,
  code: Code.RESOURCE_EXHAUSTED,
  message: "The disk of the platform is full: nothing was kept; free some space and send it again",
};
const FAILED: Refusal = { status: 500, code: Code.INTERNAL, message: "internal error" };
