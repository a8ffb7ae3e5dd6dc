import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { z } from "zod";
import { messageOf, OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Clock } from "../../shared/ports/clock.ts";
import type { Log } from "../../shared/ports/log.ts";
import type { Random } from "../../shared/ports/random.ts";
import { httpEvent, type RoutedRequest } from "./trigger-events.ts";

/** One path and method, and the function that answers it. */
export interface HttpRoute {
  readonly method: string;
  /** With `{name}` segments. */
  readonly path: string;
  readonly call: (event: object) => Promise<unknown>;
}

export interface HttpTriggerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly routes: readonly HttpRoute[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

export interface HttpTrigger {
  /** `http://127.0.0.1:7070`. */
  readonly address: string;
  close(): Promise<void>;
}

/** What a function answers over HTTP. Anything else is its mistake, and a 502 as in the cloud. */
const functionResult = z.object({
  statusCode: z.number().int().min(100).max(599),
  headers: z.record(z.string(), z.string()).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.boolean().optional(),
});

/** Listens and passes each request to the function whose route it matches, as API Gateway does. */
export async function startHttp(options: HttpTriggerOptions): Promise<HttpTrigger> {
  const server = createServer((request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const message = `${request.method ?? ""} failed: ${messageOf(error)}`;
      options.log.write({ level: "error", name: "http.failed", message, fields: {} });
      if (response.headersSent) response.destroy();
      else send(response, 502, "The function failed");
    });
  });
  server.requestTimeout = limits.httpRequestMs;
  await listen(server, options);
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => void server.close(() => resolve()));
    },
  };
}

async function listen(server: Server, { host, port }: HttpTriggerOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const hint =
        error.code === "EADDRINUSE"
          ? "another program has it; choose one with --port"
          : error.message;
      reject(new OrreryError("USAGE", `Cannot listen on ${host}:${port}: ${hint}`));
    });
    server.listen(port, host, resolve);
  });
}

async function answer(
  options: HttpTriggerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = originForm(request.url ?? "");
  if (url === undefined) {
    send(response, 400, "A request names a path that begins with /");
    return;
  }
  const matches = options.routes.flatMap((route) => {
    const parameters = matchPath(route.path, url.pathname);
    return parameters === undefined ? [] : [{ route, parameters }];
  });
  const match = matches.find(({ route }) => route.method === request.method);
  if (match === undefined) {
    const allowed = [...new Set(matches.map(({ route }) => route.method))];
    if (allowed.length > 0) response.setHeader("Allow", allowed.join(", "));
    send(response, allowed.length === 0 ? 404 : 405, "No such route");
    return;
  }
  const body = await readBody(request);
  if (body === undefined) {
    response.setHeader("Connection", "close");
    send(response, 413, `A request's body has at most ${limits.httpBodyBytes} bytes`);
    return;
  }
  const routed: RoutedRequest = {
    method: match.route.method,
    path: url.pathname,
    resource: match.route.path,
    parameters: match.parameters,
    query: Object.fromEntries(url.searchParams),
    headers: singleHeaders(request),
    body,
    sourceIp: request.socket.remoteAddress ?? "",
  };
  const call = { id: options.random.id(), at: options.clock.now() };
  const result = functionResult.parse(await match.route.call(httpEvent(routed, call)));
  response.writeHead(result.statusCode, result.headers);
  response.end(Buffer.from(result.body ?? "", result.isBase64Encoded === true ? "base64" : "utf8"));
}

/** The path and query of a request; other forms of target are for proxies, which this is not. */
function originForm(target: string): URL | undefined {
  // A base would take `//name/path` for a host.
  return target.startsWith("/") ? new URL(`http://localhost${target}`) : undefined;
}

/** The values of `{name}` segments, or undefined where the path is another one. */
function matchPath(template: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = template.split("/");
  const found = path.split("/");
  if (wanted.length !== found.length) return undefined;
  const parameters: Record<string, string> = {};
  for (const [index, segment] of wanted.entries()) {
    const value = found[index] ?? "";
    const name = /^\{(\w+)\}$/.exec(segment)?.[1];
    if (name === undefined) {
      if (segment !== value) return undefined;
      continue;
    }
    const decoded = decodeSegment(value);
    if (decoded === undefined || decoded === "") return undefined;
    parameters[name] = decoded;
  }
  return parameters;
}

function decodeSegment(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
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

function send(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { "Content-Type": "application/json; charset=utf-8" });
  response.end(JSON.stringify({ error: { message } }));
}
