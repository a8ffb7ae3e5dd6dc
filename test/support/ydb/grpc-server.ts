import { once } from "node:events";
import { type AddressInfo, createServer, type Server as NetServer, type Socket } from "node:net";
import {
  type deserialize,
  type handleServerStreamingCall,
  type handleUnaryCall,
  Metadata,
  type serialize,
  Server,
  ServerCredentials,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { ConnectionDropped, GrpcRefusal } from "./refusal.ts";

/** A call as it came in, and what can be done to its connection. */
export interface Incoming {
  readonly database: string;
  readonly token: string | undefined;
  /** The address that the caller used, such as `127.0.0.1:41234`. */
  readonly host: string;
  /** Sent after the answer. */
  readonly trailer: Metadata;
  readonly drop: () => void;
}

/** What `@ydbjs/api` knows of a method. */
export interface MethodDefinition<Request, Response> {
  readonly path: string;
  readonly requestDeserialize: (bytes: Uint8Array) => Request;
  readonly responseSerialize: (message: Response) => Uint8Array;
}

/** A stream that the caller keeps open. */
export interface Stream<Response> {
  write(message: Response): void;
  end(): void;
  onClosed(listener: () => void): void;
}

/**
 * gRPC over connections of our own, so that one can be cut while a call is under way. Nothing here
 * knows what the calls are about.
 */
export class GrpcServer {
  readonly #server: Server;
  readonly #listener: NetServer;
  readonly #sockets = new Map<string, Socket>();

  constructor(messageBytes: number) {
    this.#server = new Server({
      "grpc.max_receive_message_length": messageBytes,
      "grpc.max_send_message_length": -1,
    });
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    this.#listener = createServer((socket) => {
      const peer = `${socket.remoteAddress ?? ""}:${socket.remotePort ?? 0}`;
      this.#sockets.set(peer, socket);
      socket.setNoDelay(true);
      // A caller that vanished is no failure of ours.
      socket.on("error", () => socket.destroy());
      socket.once("close", () => this.#sockets.delete(peer));
      injector.injectConnection(socket);
    });
  }

  /** Answers a method by one message, or by the error that the handler throws. */
  unary<Request, Response>(
    definition: MethodDefinition<Request, Response>,
    handler: (request: Request, incoming: Incoming) => Promise<Response>,
  ): void {
    const handle: handleUnaryCall<Request, Response> = (call, callback) => {
      const incoming = this.#incomingOf(call);
      handler(call.request, incoming).then(
        (response) => callback(null, response, incoming.trailer),
        (error: unknown) => callback(serviceErrorOf(error, incoming)),
      );
    };
    this.#register(definition, handle, "unary");
  }

  /** Answers a method by a stream, which ends where the handler ends it or throws. */
  serverStream<Request, Response>(
    definition: MethodDefinition<Request, Response>,
    handler: (request: Request, incoming: Incoming, stream: Stream<Response>) => Promise<void>,
  ): void {
    const handle: handleServerStreamingCall<Request, Response> = (call) => {
      const incoming = this.#incomingOf(call);
      const stream: Stream<Response> = {
        write: (message) => call.write(message),
        end: () => call.end(incoming.trailer),
        onClosed: (listener) => call.once("close", listener).once("cancelled", listener),
      };
      handler(call.request, incoming, stream).catch((error: unknown) => {
        call.emit("error", serviceErrorOf(error, incoming));
      });
    };
    this.#register(definition, handle, "serverStream");
  }

  /** Resolves with the port. */
  async listen(): Promise<number> {
    this.#listener.listen(0, "127.0.0.1");
    await once(this.#listener, "listening");
    return (this.#listener.address() as AddressInfo).port;
  }

  dropConnections(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** Repeating it is safe. */
  async close(): Promise<void> {
    if (!this.#listener.listening) return;
    const closed = once(this.#listener, "close");
    this.#listener.close();
    this.dropConnections();
    this.#server.forceShutdown();
    await closed;
  }

  #register<Request, Response>(
    definition: MethodDefinition<Request, Response>,
    handle: handleUnaryCall<Request, Response> | handleServerStreamingCall<Request, Response>,
    kind: "unary" | "serverStream",
  ): void {
    const toBytes: serialize<Response> = (message) =>
      Buffer.from(definition.responseSerialize(message));
    const fromBytes: deserialize<Request> = (bytes) => definition.requestDeserialize(bytes);
    this.#server.register(definition.path, handle, toBytes, fromBytes, kind);
  }

  #incomingOf(call: { metadata: Metadata; getPeer(): string; getHost(): string }): Incoming {
    const peer = call.getPeer();
    return {
      database: textOf(call.metadata, "x-ydb-database") ?? "",
      token: textOf(call.metadata, "x-ydb-auth-ticket"),
      host: call.getHost(),
      trailer: new Metadata(),
      drop: () => this.#sockets.get(peer)?.destroy(),
    };
  }
}

function textOf(metadata: Metadata, name: string): string | undefined {
  const [value] = metadata.get(name);
  return value?.toString();
}

function serviceErrorOf(error: unknown, { trailer, drop }: Incoming): Partial<ServiceError> {
  if (error instanceof ConnectionDropped) {
    drop();
    return { code: status.UNAVAILABLE, details: "Connection dropped" };
  }
  if (error instanceof GrpcRefusal) {
    // eslint-disable-next-line @typescript-eslint/no-unsafe-enum-assignment -- a fault names any code
    return { code: error.code, details: error.message, metadata: trailer };
  }
  // A mistake of the double itself: its stack is what a test needs to see.
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: status.INTERNAL, details: `The double failed: ${details}` };
}
