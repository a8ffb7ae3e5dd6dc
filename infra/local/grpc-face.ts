import type { DescMethod, Message } from "@bufbuild/protobuf";
import {
  Server,
  ServerCredentials,
  type handleBidiStreamingCall,
  type handleClientStreamingCall,
  type handleServerStreamingCall,
  type handleUnaryCall,
  type ServerWritableStream,
} from "@grpc/grpc-js";
import { once } from "node:events";
import type { Duplex } from "node:stream";
import { setImmediate } from "node:timers/promises";
import { ApiError } from "../../shared/api/api-error.ts";
import type { Api } from "../../shared/api/api.ts";
import { Code } from "../../shared/api/code.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Random } from "../../shared/ports/random.ts";
import { decode, encode, GrpcCall } from "./grpc-call.ts";
import { REFLECTION_PATHS, reflect, reflectedApi, type ReflectedApi } from "./grpc-reflection.ts";
import { grpcStatus, idMetadata } from "./grpc-status.ts";

/** Serves the API over gRPC, on connections that somebody else accepted. */
export interface GrpcFace {
  /** Takes over a connection on which HTTP/2 is spoken. */
  accept(connection: Duplex): void;
  /** Ends streams, and tells clients to send their next calls elsewhere; others may finish. */
  drain(graceMs: number): void;
  /** Ends whatever is left. */
  destroy(): void;
}

/** What a handler works with. */
interface Serving {
  readonly api: Api;
  readonly random: Random;
  /** Those under way that may last. */
  readonly streams: Set<GrpcCall>;
}

/**
 * A gRPC server made of the API's descriptors, with nothing said of any method. What fails before
 * its first message is answered in one header block ("Trailers-Only"): official clients read code
 * and details only there, so headers leave together with the first message and no earlier.
 */
export function createGrpcFace(api: Api, random: Random): GrpcFace {
  const server = new Server({
    "grpc.max_receive_message_length": limits.apiMessageBytes,
    "grpc.max_send_message_length": limits.apiMessageBytes,
    "grpc.max_concurrent_streams": limits.grpcCallsPerConnection,
    "grpc.keepalive_time_ms": limits.grpcKeepaliveMs,
    "grpc.keepalive_timeout_ms": limits.grpcKeepaliveTimeoutMs,
    "grpc.enable_channelz": 0,
  });
  const serving: Serving = { api, random, streams: new Set() };
  for (const service of api.services) {
    for (const method of service.methods) register(server, serving, method);
  }
  registerReflection(server, serving);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  return {
    accept: (connection) => injector.injectConnection(connection),
    drain: (graceMs) => {
      for (const stream of serving.streams) stream.end(STOPPING);
      injector.drain(graceMs);
    },
    destroy: () => server.forceShutdown(),
  };
}

const STOPPING = new ApiError(Code.UNAVAILABLE, "The platform is stopping: call again");

function register(server: Server, serving: Serving, method: DescMethod): void {
  const path = `/${method.parent.typeName}/${method.name}`;
  switch (method.methodKind) {
    case "unary":
      server.register(path, unary(serving, method), asIs, asIs, "unary");
      return;
    case "server_streaming":
      server.register(path, serverStream(serving, method), asIs, asIs, "serverStream");
      return;
    case "client_streaming":
      server.register(path, clientStream(serving, method), asIs, asIs, "clientStream");
      return;
    case "bidi_streaming":
      throw new Error(`${path} streams both ways, which no face serves`);
  }
}

/** Tools ask what there is, and need no token for it: the API itself is no secret. */
function registerReflection(server: Server, { api, random, streams }: Serving): void {
  let known: ReflectedApi | undefined;
  const handler: handleBidiStreamingCall<Buffer, Buffer> = (surface) => {
    const call = new GrpcCall(surface, random);
    streams.add(call);
    const { signal } = call.incoming;
    signal.addEventListener("abort", () => surface.destroy());
    const answer = async (): Promise<void> => {
      const requests = surface.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
      for await (const request of requests) {
        known ??= reflectedApi(api.services);
        if (!surface.write(reflect(known, request))) await once(surface, "drain", { signal });
      }
      surface.end();
    };
    answer()
      .catch((error: unknown) => {
        surface.emit("error", grpcStatus(call.endedBy ?? error, call.ids));
      })
      .finally(() => streams.delete(call));
  };
  for (const path of REFLECTION_PATHS) server.register(path, handler, asIs, asIs, "bidi");
}

/** Messages are read and written by the handlers, who can say what is wrong with one. */
const asIs = (bytes: Buffer): Buffer => bytes;

function unary({ api, random }: Serving, method: DescMethod): handleUnaryCall<Buffer, Buffer> {
  return (surface, done) => {
    const call = new GrpcCall(surface, random);
    const answered = async (): Promise<Buffer> =>
      encode(method, await api.unary(method, call.incoming, decode(method, surface.request)));
    answered().then(
      (bytes) => {
        surface.sendMetadata(idMetadata(call.ids));
        done(null, bytes);
      },
      (error: unknown) => done(grpcStatus(error, call.ids)),
    );
  };
}

function clientStream(
  { api, random, streams }: Serving,
  method: DescMethod,
): handleClientStreamingCall<Buffer, Buffer> {
  return (surface, done) => {
    const call = new GrpcCall(surface, random);
    streams.add(call);
    // A client may wait between two messages for as long as it likes.
    call.incoming.signal.addEventListener("abort", () => surface.destroy());
    const requests = decoded(method, surface, call);
    api
      .clientStream(method, call.incoming, requests)
      .then((answer) => encode(method, answer))
      .then(
        (bytes) => {
          surface.sendMetadata(idMetadata(call.ids));
          done(null, bytes);
        },
        (error: unknown) => done(grpcStatus(call.endedBy ?? error, call.ids)),
      )
      .finally(() => streams.delete(call));
  };
}

/** Throws where the client went away: what it sent until then is not all it wanted to send. */
async function* decoded(
  method: DescMethod,
  surface: AsyncIterable<Buffer>,
  { incoming }: GrpcCall,
): AsyncGenerator<Message> {
  for await (const bytes of surface) yield decode(method, bytes);
  // A reset looks like an end at first; it is known for what it was within this turn.
  await setImmediate();
  incoming.signal.throwIfAborted();
}

function serverStream(
  { api, random, streams }: Serving,
  method: DescMethod,
): handleServerStreamingCall<Buffer, Buffer> {
  return (surface) => {
    const call = new GrpcCall(surface, random);
    streams.add(call);
    const send = async (): Promise<void> => {
      const request = decode(method, surface.request);
      await sendAll(surface, call, method, api.serverStream(method, call.incoming, request));
    };
    send()
      .catch((error: unknown) => {
        surface.emit("error", grpcStatus(call.endedBy ?? error, call.ids));
      })
      .finally(() => streams.delete(call));
  };
}

/** Sends messages no faster than the client takes them. */
async function sendAll(
  surface: ServerWritableStream<Buffer, Buffer>,
  call: GrpcCall,
  method: DescMethod,
  answers: AsyncIterable<Message>,
): Promise<void> {
  const { signal } = call.incoming;
  let begun = false;
  const begin = (): void => {
    if (!begun) surface.sendMetadata(idMetadata(call.ids));
    begun = true;
  };
  for await (const answer of answers) {
    if (signal.aborted) break;
    const bytes = encode(method, answer);
    begin();
    if (!surface.write(bytes)) await once(surface, "drain", { signal });
  }
  if (call.endedBy !== undefined) throw call.endedBy;
  begin();
  surface.end();
}
