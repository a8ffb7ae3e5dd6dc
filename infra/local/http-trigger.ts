import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import * as z from "zod";
import { Code } from "../../shared/api/code.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { Random } from "../../shared/ports/random.ts";
import { matchRoute, type RoutePattern } from "./match-route.ts";
import { httpEvent, type RoutedRequest } from "./trigger-events.ts";

/** One path and method, and the function that answers it. */
export interface HttpRoute extends RoutePattern {
  readonly call: (event: object) => Promise<unknown>;
}

export interface HttpTriggerOptions {
  readonly routes: readonly HttpRoute[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** What a function answers over HTTP. Anything else is its mistake, and a 502 as in the cloud. */
const functionResult = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/** Passes each request to the function whose route it matches, as API Gateway does. */
export function httpTrigger(options: HttpTriggerOptions): RequestListener {
  return (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const message = `${request.method ?? ""} failed: ${messageOf(error)}`;
      options.log.write({ level: "error", name: "http.failed", message, fields: {} });
      if (response.headersSent) response.destroy();
      else send(response, 502, Code.INTERNAL, "The function failed");
    });
  };
}

async function answer(
  options: HttpTriggerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = "", url = "" } = request;
  // Other forms of target are for proxies, which this is not.
  if (!url.startsWith("/")) {
    const message = "A request names a path that begins with /";
    send(response, 400, Code.INVALID_ARGUMENT, message);
    return;
  }
  const queryAt = url.includes("?") ? url.indexOf("?") : url.length;
  const path = url.slice(0, queryAt);
  const match = matchRoute(options.routes, method, path);
  if (!match.found) {
    const { allowed } = match;
    if (allowed.length > 0) response.setHeader("Allow", allowed.join(", "));
    if (allowed.length === 0) send(response, 404, Code.NOT_FOUND, "No such route");
    else send(response, 405, Code.UNIMPLEMENTED, "No such route");
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader("Connection", "close");
    const message = `A request's body has at most ${limits.httpBodyBytes} bytes`;
    send(response, 413, Code.INVALID_ARGUMENT, message);
    return;
  }
  const routed: RoutedRequest = {
    method,
    path,
    resource: match.route.path,
    parameters: match.parameters,
    query: [...new URLSearchParams(url.slice(queryAt))],
    headers: singleHeaders(request),
    body,
    sourceIp: request.socket.remoteAddress ?? "",
  };
  const call = { id: options.random.id(), at: options.clock.now() };
  const result = functionResult.parse(await match.route.call(httpEvent(routed, call)));
  pass(response, method, result);
}

function pass(
  response: ServerResponse,
  method: string,
  { statusCode, headers = {}, body = "", isBase64Encoded }: z.infer<typeof functionResult>,
): void {
  const bytes = Buffer.from(body, isBase64Encoded === true ? "base64" : "utf8");
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // Of HEAD it would be another number than GET's, and the others have no body at all.
  const hasLength = method !== "HEAD" && statusCode !== 204 && statusCode !== 304;
  if (hasLength) response.setHeader("Content-Length", bytes.length);
  response.writeHead(statusCode).end(bytes);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limits.httpBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function singleHeaders(request: IncomingMessage): Record<string, string> {
  const headers = Object.entries(request.headers);
  return Object.fromEntries(
    headers.map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]),
  );
}

/** Answers as the API answers a failure, with `google.rpc.Status`. */
function send(response: ServerResponse, status: number, code: number, message: string): void {
  const body = Buffer.from(JSON.stringify({ code, message }));
  response.writeHead(status, {
    "Content-Type": "application/json; charset=utf-8",
    "Content-Length": body.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(body);
}
