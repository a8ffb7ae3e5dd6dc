import { createServer, type RequestListener } from "node:http";
import type { Socket } from "node:net";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import { FILES_PATH } from "./files-face.ts";

/** Serves HTTP/1.1 on connections that somebody else accepted. */
export interface HttpFace {
  accept(connection: Socket): void;
  /** Ends every connection on which no request is under way. */
  closeIdle(): void;
}

export interface HttpFaceOptions {
  /** Answers what is below `FILES_PATH`. */
  readonly files: RequestListener;
  /** Answers everything else. */
  readonly routes: RequestListener;
  readonly clock: Clock & Alarms;
  /** How long a request's head may take. */
  readonly headersMs?: number;
}

/**
 * Files by their signed URLs, and the functions' routes. A request must be whole within
 * `limits.httpRequestMs`; a file may take longer, as long as its bytes keep moving.
 */
export function createHttpFace(options: HttpFaceOptions): HttpFace {
  const { files, routes, clock, headersMs = limits.httpRequestMs } = options;
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  const checks = { headersTimeout: headersMs, connectionsCheckingInterval: limits.httpCheckMs };
  const server = createServer(checks, (request, response) => {
    const { socket } = request;
    busy.add(socket);
    response.once("close", () => busy.delete(socket));
    if (request.url?.startsWith(FILES_PATH) === true) {
      files(request, response);
      return;
    }
    const cancel = clock.set(plusMs(clock.now(), limits.httpRequestMs), () => {
      if (!request.complete) request.destroy();
    });
    response.once("close", cancel);
    routes(request, response);
  });
  // The server's own limit knows one time for all requests, and a file of 5 GB needs hours.
  server.requestTimeout = 0;
  server.timeout = limits.httpRequestMs;
  // It looks after slow connections once it listens, which somebody else does for it.
  server.emit("listening");
  return {
    accept: (connection) => {
      open.add(connection);
      connection.once("close", () => open.delete(connection));
      server.emit("connection", connection);
    },
    closeIdle: () => {
      for (const connection of open) if (!busy.has(connection)) connection.destroy();
    },
  };
}
