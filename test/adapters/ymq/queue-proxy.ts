import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import { type FauxqsServer, startFauxqs } from "fauxqs";
import type { Closing } from "../../support/opened.ts";
import { type Key, refusalOf } from "./signature.ts";

/** Requests are signed for it, and the emulator keeps queues by it. */
export const REGION = "ru-central1";

export const KEY: Key = { id: "YCAJEexampleexample", secret: "YCexample/secret+of+a+static+key" };

/** A request that arrived, and the ways to answer it. */
export interface Exchange {
  /** `SendMessageBatch` */
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
  readonly socket: Socket;
  readonly response: ServerResponse;
  /** Answers as the emulator does; `change` may alter the answer on its way. */
  readonly forward: (change?: (answer: Answer) => Answer) => Promise<void>;
  readonly reply: (answer: Answer) => void;
  /** Answers with an error of the JSON protocol. */
  readonly fail: (status: number, code: string, message?: string) => void;
}

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

/** What happens to the next requests instead of being forwarded. */
interface Fault {
  /** Only to these; to any unless given. */
  readonly action?: string;
  /** How many of them; one unless given. */
  readonly times?: number;
  readonly act: (exchange: Exchange) => void | Promise<void>;
}

/**
 * An emulator of SQS behind a proxy that is as strict as the service (signatures, sizes, delays),
 * keeps what it was asked, and does whatever goes wrong in a network.
 */
export interface QueueProxy {
  readonly emulator: FauxqsServer;
  /** `http://127.0.0.1:PORT` */
  readonly address: string;
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** What arrived and was let in, in order. */
  readonly asked: readonly Pick<Exchange, "action" | "body">[];
  /** Connections that were opened so far. */
  readonly connections: number;
  fault(fault: Fault): void;
  /** Ends every open connection, and the clients hear of it. */
  cut(): void;
  /** Never answers on the connections that are open now; `heard` is told of a request on one. */
  forget(heard?: () => void): void;
}

export async function startProxy(test: Closing): Promise<QueueProxy> {
  const emulator = await startFauxqs({ port: 0, logger: false, defaultRegion: REGION });
  const asked: Pick<Exchange, "action" | "body">[] = [];
  const faults: { readonly fault: Fault; left: number }[] = [];
  const sockets = new Set<Socket>();
  const forgotten = new WeakMap<Socket, () => void>();
  let connections = 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const bytes = await buffer(request);
    const heard = forgotten.get(request.socket);
    if (heard !== undefined) {
      heard();
      return;
    }
    const exchange = exchangeOf(emulator.address, request, { response, bytes });
    const refusal = refusalOf(request, bytes, KEY) ?? strictRefusal(exchange);
    if (refusal !== undefined) {
      exchange.fail(refusal === "InvalidClientTokenId" ? 403 : 400, refusal);
      return;
    }
    asked.push({ action: exchange.action, body: exchange.body });
    const found = faults.find(
      ({ fault, left }) => left > 0 && (fault.action ?? exchange.action) === exchange.action,
    );
    if (found === undefined) {
      await exchange.forward();
      return;
    }
    found.left -= 1;
    await found.fault.act(exchange);
  };
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
  });
  // The client decides how long a connection is kept.
  server.keepAliveTimeout = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  test.onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await emulator.stop();
  });
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    ...{ emulator, host, asked },
    address: `http://${host}`,
    get connections() {
      return connections;
    },
    fault: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    cut: () => {
      for (const socket of sockets) socket.resetAndDestroy();
    },
    forget: (heard = () => undefined) => {
      for (const socket of sockets) forgotten.set(socket, heard);
    },
  };
}

function exchangeOf(
  upstream: string,
  { headers, socket }: IncomingMessage,
  { response, bytes }: { readonly response: ServerResponse; readonly bytes: Buffer },
): Exchange {
  const reply = ({ status, body }: Answer): void => {
    response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
    response.end(JSON.stringify(body));
  };
  return {
    action: String(headers["x-amz-target"]).replace("AmazonSQS.", ""),
    body: JSON.parse(bytes.toString()) as Record<string, unknown>,
    ...{ socket, response, reply },
    forward: async (change = (same) => same) => {
      const gone = new AbortController();
      response.on("close", () => gone.abort());
      const { signal } = gone;
      const body = new Uint8Array(bytes);
      const init = { method: "POST", headers: passedOn(headers), body, signal };
      const answered = await fetch(upstream, init);
      const told = (await answered.json()) as Record<string, unknown>;
      reply(change({ status: answered.status, body: told }));
    },
    fail: (status, code, message = `The service says ${code}.`) => {
      reply({ status, body: { __type: `com.amazonaws.sqs#${code}`, message } });
    },
  };
}

function passedOn(headers: IncomingHttpHeaders): Record<string, string> {
  const kept = ["authorization", "content-type", "x-amz-target"];
  return Object.fromEntries(kept.map((name) => [name, String(headers[name])]));
}

/** What Message Queue refuses and the emulator lets through. */
function strictRefusal({ action, body }: Exchange): string | undefined {
  if (action !== "SendMessageBatch") return undefined;
  const entries = body["Entries"] as readonly {
    readonly MessageBody: string;
    readonly DelaySeconds?: unknown;
  }[];
  const bytes = entries.reduce((sum, each) => sum + Buffer.byteLength(each.MessageBody), 0);
  if (bytes > 256 * 1024) return "BatchRequestTooLong";
  const areRight = entries.every(({ DelaySeconds: delay }) => {
    return Number.isInteger(delay) && Number(delay) >= 0 && Number(delay) <= 900;
  });
  return areRight ? undefined : "InvalidParameterValue";
}
