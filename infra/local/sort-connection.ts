import type { Socket } from "node:net";
import { createServer } from "node:tls";
import { limits } from "../../shared/core/limits.ts";
import { plusMs } from "../../shared/core/time/instant.ts";
import type { Alarms, Clock } from "../../shared/ports/clock.ts";
import type { KeyPair } from "./certificates.ts";

export interface ConnectionKinds {
  readonly tls: KeyPair;
  readonly clock: Clock & Alarms;
  readonly http1: (connection: Socket) => void;
  readonly http2: (connection: Socket) => void;
  /** `limits.firstBytesMs` unless given. */
  readonly firstBytesMs?: number;
}

/** What a client says first that speaks HTTP/2 without TLS. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The first byte of TLS: the type of a handshake record. */
const TLS_HANDSHAKE = 0x16;

/**
 * Tells TLS, HTTP/2 and HTTP/1.1 apart by a connection's first bytes, and inside TLS by what the
 * client offers. HTTP/2 is for clients that offer nothing else, which are those of gRPC: browsers
 * and curl offer both, and get HTTP/1.1. Who has not said within `firstBytesMs` what it
 * speaks is cut off.
 */
export function sortConnections(kinds: ConnectionKinds): {
  take(socket: Socket): void;
  /** Ends connections that have not said what they speak, now or while they say it. */
  close(): void;
} {
  const { clock, http1, http2, firstBytesMs = limits.firstBytesMs } = kinds;
  let closed = false;
  const secureServer = createServer(
    {
      cert: kinds.tls.certificate,
      key: kinds.tls.key,
      minVersion: "TLSv1.2",
      // From the first byte on, what is not a whole handshake by then is cut off.
      handshakeTimeout: firstBytesMs,
      ALPNCallback,
    },
    (secure) => {
      secure.on("error", () => secure.destroy());
      if (closed) secure.destroy();
      else if (secure.alpnProtocol === "h2") http2(secure);
      else http1(secure);
    },
  );
  secureServer.on("tlsClientError", (_, secure) => secure.destroy());
  const unknown = new Set<Socket>();
  const take = (socket: Socket): void => {
    // A reset ends this connection and nothing else; whoever takes it over listens too.
    socket.on("error", () => socket.destroy());
    unknown.add(socket);
    const cancel = clock.set(plusMs(clock.now(), firstBytesMs), () => socket.destroy());
    const known = (): void => {
      unknown.delete(socket);
      cancel();
    };
    socket.once("close", known);
    onFirstBytes(socket, (head) => {
      known();
      if (head[0] === TLS_HANDSHAKE) secureServer.emit("connection", socket);
      else if (head.equals(PREFACE.subarray(0, head.length))) http2(socket);
      else http1(socket);
    });
  };
  return {
    take,
    close: () => {
      closed = true;
      for (const socket of unknown) socket.destroy();
    },
  };
}

/**
 * Calls once with enough first bytes to tell by; the socket is paused and has them all again, and
 * goes on right after.
 */
function onFirstBytes(socket: Socket, decide: (head: Buffer) => void): void {
  let head: Buffer = Buffer.alloc(0);
  const cut = (): void => void socket.destroy();
  const more = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const compared = head.subarray(0, PREFACE.length);
    const mayBePreface = compared.equals(PREFACE.subarray(0, compared.length));
    if (mayBePreface && compared.length < PREFACE.length) return;
    socket.off("data", more);
    socket.off("end", cut);
    socket.pause();
    socket.unshift(head);
    decide(compared);
    process.nextTick(() => socket.resume());
  };
  socket.on("data", more);
  socket.once("end", cut);
}

function ALPNCallback({ protocols }: { protocols: string[] }): string | undefined {
  return ["http/1.1", "h2"].find((each) => protocols.includes(each));
}
