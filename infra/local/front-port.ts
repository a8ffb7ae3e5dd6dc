import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { OrreryError } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { KeyPair } from "./certificates.ts";
import type { GrpcFace } from "./grpc-face.ts";
import type { HttpFace } from "./http-face.ts";
import { sortConnections } from "./sort-connection.ts";

export interface FrontPortOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly http: HttpFace;
  readonly grpc: GrpcFace;
  readonly tls: KeyPair;
  readonly clock: Clock & Alarms;
  /** How long a client may take to say what it speaks; `limits.firstBytesMs` unless given. */
  readonly firstBytesMs?: number;
}

export interface FrontPort {
  /** `http://127.0.0.1:7070`. */
  readonly address: string;
  readonly port: number;
  /**
   * Takes no new connections, lets calls under way end within `limits.drainGraceMs`, and ends the
   * others.
   */
  close(): Promise<void>;
}

/** Listens on one port for everything: gRPC and HTTP/1.1, each with TLS and without. */
export async function openFrontPort(options: FrontPortOptions): Promise<FrontPort> {
  const { http, grpc, clock } = options;
  const sockets = new Set<Socket>();
  const sorter = sortConnections({
    ...options,
    http1: (connection) => http.accept(connection),
    http2: (connection) => grpc.accept(connection),
  });
  const front = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    sorter.take(socket);
  });
  front.maxConnections = limits.connectionsMax;
  await listen(front, options);
  const { port } = front.address() as AddressInfo;
  return {
    address: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
    port,
    close: async () => {
      const closed = new Promise<void>((resolve) => void front.close(() => resolve()));
      sorter.close();
      grpc.drain(limits.drainGraceMs);
      const giveUpAt = plusMs(clock.now(), limits.drainGraceMs);
      while (sockets.size > 0 && clock.now() < giveUpAt) {
        http.closeIdle();
        await pause(clock, limits.drainPollMs);
      }
      grpc.destroy();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function listen(front: Server, { host, port }: FrontPortOptions): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    front.once("error", (error: NodeJS.ErrnoException) => {
      const hint =
        error.code === "EADDRINUSE"
          ? "another program has it; choose one with --port"
          : error.message;
      reject(new OrreryError("USAGE", `Cannot listen on ${host}:${port}: ${hint}`));
    });
    front.listen(port, host, resolve);
  });
}

async function pause(clock: Clock & Alarms, ms: number): Promise<void> {
  await new Promise<void>((resolve) => void clock.set(plusMs(clock.now(), ms), resolve));
}
