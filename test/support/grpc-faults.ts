import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type status as grpc,
  type sendUnaryData,
  type ServerUnaryCall,
  type ServerWritableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import { setTimeout as pause } from "node:timers/promises";

/** What happens to one call on its way. */
export type Fault =
  /** It never reaches the server. */
  | { readonly kind: "refuse"; readonly code: grpc; readonly details: string }
  /** It has its effect, and its caller gets this instead of the answer. */
  | { readonly kind: "loseAnswer"; readonly code: grpc; readonly details: string }
  /** It has its effect, or not, and its caller gets no answer at all. */
  | { readonly kind: "hang"; readonly effect: boolean }
  /** It has its effect, or not, and its caller's connection breaks. */
  | { readonly kind: "cut"; readonly effect: boolean }
  | { readonly kind: "delay"; readonly ms: number }
  /** Its caller gets another answer. */
  | { readonly kind: "rewrite"; readonly answer: (bytes: Buffer) => Buffer };

/** Decides about the n-th call of a method, counted from 1. */
export type FaultPlan = (call: {
  readonly path: string;
  readonly number: number;
  /** The connection it came by. */
  readonly peer: string;
}) => Fault | undefined;

/** A method as generated code describes it. */
interface MethodShape {
  readonly path: string;
  readonly responseStream: boolean;
}

/** What a service is, as generated code describes it. */
export type ServiceShape = Readonly<Record<string, MethodShape>>;

/** A call that reached the server behind. */
export interface Forwarded {
  readonly path: string;
  readonly key: string;
  readonly request: Buffer;
}

/**
 * A gRPC server with TLS that hands every call on to another one, byte by byte, and may spoil it on
 * the way. What it forwarded is what can have had an effect.
 */
export class GrpcFaults {
  readonly forwarded: Forwarded[] = [];
  /** Set, the server behind is one that does not know of idempotency keys. */
  forgetsKeys = false;
  readonly #server = new Server();
  readonly #upstream: Client;
  readonly #peers = new Set<string>();
  readonly #calls = new Map<string, number>();
  #plan: FaultPlan = () => undefined;
  #port = 0;

  private constructor(upstream: { readonly endpoint: string; readonly ca: Buffer }) {
    this.#upstream = new Client(upstream.endpoint, credentials.createSsl(upstream.ca));
  }

  static async before(
    upstream: { readonly endpoint: string; readonly ca: Buffer },
    options: {
      readonly services: readonly ServiceShape[];
      readonly tls: { readonly certificate: string; readonly key: string };
    },
  ): Promise<GrpcFaults> {
    const faults = new GrpcFaults(upstream);
    for (const service of options.services) {
      for (const method of Object.values(service)) faults.#register(method);
    }
    const { certificate, key } = options.tls;
    const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
    const secure = ServerCredentials.createSsl(null, [pair]);
    faults.#port = await new Promise<number>((resolve, reject) => {
      faults.#server.bindAsync("127.0.0.1:0", secure, (error, port) => {
        if (error === null) resolve(port);
        else reject(error);
      });
    });
    return faults;
  }

  get endpoint(): string {
    return `localhost:${this.#port}`;
  }

  /** From now on calls are spoilt so, and counted anew. */
  plan(plan: FaultPlan): void {
    this.#plan = plan;
    this.#calls.clear();
    this.forwarded.length = 0;
  }

  /** How many calls of a method reached the server behind. */
  effects(path: string): number {
    return this.forwarded.filter((call) => call.path.endsWith(path)).length;
  }

  close(): void {
    this.#server.forceShutdown();
    this.#upstream.close();
  }

  #register(method: MethodShape): void {
    const same = (bytes: Buffer): Buffer => bytes;
    if (method.responseStream) {
      const handle = (call: ServerWritableStream<Buffer, Buffer>): void => {
        this.#stream(method, call);
      };
      this.#server.register(method.path, handle, same, same, "serverStream");
      return;
    }
    const handle = (call: ServerUnaryCall<Buffer, Buffer>, done: sendUnaryData<Buffer>): void => {
      void this.#unary(method, call, done);
    };
    this.#server.register(method.path, handle, same, same, "unary");
  }

  /** Connections that calls came by. */
  connections(): readonly string[] {
    return [...this.#peers];
  }

  #next(path: string, peer: string): Fault | undefined {
    this.#peers.add(peer);
    const number = (this.#calls.get(path) ?? 0) + 1;
    this.#calls.set(path, number);
    return this.#plan({ path, number, peer });
  }

  async #unary(
    { path }: MethodShape,
    call: ServerUnaryCall<Buffer, Buffer>,
    done: sendUnaryData<Buffer>,
  ): Promise<void> {
    const fault = this.#next(path, call.getPeer());
    if (fault?.kind === "refuse") {
      done(failure(fault));
      return;
    }
    const isStopped = (fault?.kind === "hang" || fault?.kind === "cut") && !fault.effect;
    if (fault?.kind === "delay") await pause(fault.ms);
    const answer = isStopped ? undefined : await this.#forward(path, call);
    if (fault?.kind === "hang") return;
    if (fault?.kind === "cut" || answer === undefined) this.#cut();
    else if (fault?.kind === "loseAnswer") done(failure(fault));
    else if (answer instanceof Error) done(answer);
    else done(null, fault?.kind === "rewrite" ? fault.answer(answer) : answer);
  }

  async #forward(
    path: string,
    { request, metadata }: ServerUnaryCall<Buffer, Buffer>,
  ): Promise<Buffer | ServiceError> {
    this.forwarded.push({ path, key: String(metadata.get("idempotency-key")[0] ?? ""), request });
    const same = (bytes: Buffer): Buffer => bytes;
    return await new Promise((resolve) => {
      const sent = handedOn(metadata, this.forgetsKeys);
      this.#upstream.makeUnaryRequest(path, same, same, request, sent, (error, answer) => {
        resolve(error ?? answer ?? Buffer.alloc(0));
      });
    });
  }

  #stream({ path }: MethodShape, call: ServerWritableStream<Buffer, Buffer>): void {
    const fault = this.#next(path, call.getPeer());
    if (fault?.kind === "refuse") {
      call.emit("error", failure(fault));
      return;
    }
    const same = (bytes: Buffer): Buffer => bytes;
    const { request, metadata } = call;
    const behind = this.#upstream.makeServerStreamRequest<Buffer, Buffer>(
      path,
      same,
      same,
      request,
      handedOn(metadata, this.forgetsKeys),
    );
    call.on("cancelled", () => behind.cancel());
    behind.on("error", (error) => call.emit("error", error));
    behind.on("data", (bytes: Buffer) => {
      call.write(bytes);
      if (fault?.kind === "cut") this.#cut();
    });
    behind.on("end", () => call.end());
  }

  /** Breaks every connection. */
  #cut(): void {
    // The server's own way to end all connections at once, without a goodbye.
    const sessions = Reflect.get(this.#server, "sessions") as Map<{ destroy(): void }, unknown>;
    for (const session of sessions.keys()) session.destroy();
  }
}

function handedOn(metadata: Metadata, forgetsKeys: boolean): Metadata {
  const sent = new Metadata();
  for (const name of ["authorization", ...(forgetsKeys ? [] : ["idempotency-key"])]) {
    for (const value of metadata.get(name)) sent.add(name, value);
  }
  return sent;
}

function failure({
  code,
  details,
}: {
  readonly code: grpc;
  readonly details: string;
}): ServiceError {
  return Object.assign(new Error(details), { code, details, metadata: new Metadata() });
}
