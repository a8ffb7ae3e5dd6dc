import {
  create,
  fromBinary,
  toBinary,
  type DescMessage,
  type DescMethodClientStreaming,
  type DescMethodServerStreaming,
  type DescMethodUnary,
  type MessageInitShape,
  type MessageShape,
} from "@bufbuild/protobuf";
import {
  Client,
  credentials,
  Metadata,
  type CallOptions,
  type ClientDuplexStream,
  type ClientReadableStream,
  type ClientWritableStream,
  type ServiceError,
} from "@grpc/grpc-js";
import type { Closing } from "./opened.ts";

/** What a unary call came back with: a message or an error, and what the server sent around it. */
export interface Answered<O extends DescMessage> {
  readonly answer?: MessageShape<O>;
  readonly error?: ServiceError;
  /** Undefined where the answer was Trailers-Only. */
  readonly headers?: Metadata;
}

/** A plain gRPC client, that of no SDK, for methods by their descriptors. */
export class GrpcClient {
  readonly #client: Client;

  constructor(test: Closing, port: number, trust?: { readonly ca: Buffer }) {
    const channel =
      trust === undefined ? credentials.createInsecure() : credentials.createSsl(trust.ca);
    this.#client = new Client(`localhost:${port}`, channel);
    test.onTestFinished(() => this.#client.close());
  }

  async unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I> | Buffer,
    sent: {
      readonly metadata?: Record<string, string>;
      /** For a server that is not there yet. */
      readonly waits?: boolean;
    } = {},
  ): Promise<Answered<O>> {
    const metadata = metadataOf(sent.metadata);
    metadata.setOptions({ waitForReady: sent.waits === true });
    return await new Promise((resolve) => {
      let headers: Metadata | undefined;
      const call = this.#client.makeUnaryRequest(
        pathOf(method),
        (message: Buffer) => message,
        (bytes) => fromBinary(method.output, bytes),
        Buffer.isBuffer(request) ? request : bytesOf(method.input, request),
        metadata,
        {},
        (error, answer) =>
          resolve({
            ...(error === null ? {} : { error }),
            ...(answer === undefined ? {} : { answer }),
            ...(headers === undefined ? {} : { headers }),
          }),
      );
      call.on("metadata", (received: Metadata) => (headers = received));
    });
  }

  serverStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageInitShape<I>,
    options: CallOptions = {},
  ): ClientReadableStream<MessageShape<O>> {
    return this.#client.makeServerStreamRequest(
      pathOf(method),
      (message: Buffer) => message,
      (bytes) => fromBinary(method.output, bytes),
      bytesOf(method.input, request),
      new Metadata(),
      options,
    );
  }

  /** A stream of bytes both ways. */
  both(path: string): ClientDuplexStream<Buffer, Buffer> {
    const asIs = (bytes: Buffer): Buffer => bytes;
    return this.#client.makeBidiStreamRequest(path, asIs, asIs, new Metadata());
  }

  /** The stream to write to, and what the server answers. */
  clientStream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodClientStreaming<I, O>,
  ): {
    readonly stream: ClientWritableStream<MessageInitShape<I>>;
    readonly answered: Promise<Answered<O>>;
  } {
    const { promise, resolve } = Promise.withResolvers<Answered<O>>();
    const stream = this.#client.makeClientStreamRequest(
      pathOf(method),
      (message: MessageInitShape<I>) => bytesOf(method.input, message),
      (bytes) => fromBinary(method.output, bytes),
      new Metadata(),
      (error, answer) =>
        resolve({
          ...(error === null ? {} : { error }),
          ...(answer === undefined ? {} : { answer }),
        }),
    );
    return { stream, answered: promise };
  }
}

function metadataOf(values: Record<string, string> = {}): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(values)) metadata.set(name, value);
  return metadata;
}

function pathOf(method: {
  readonly name: string;
  readonly parent: { readonly typeName: string };
}): string {
  return `/${method.parent.typeName}/${method.name}`;
}

function bytesOf<I extends DescMessage>(schema: I, message: MessageInitShape<I>): Buffer {
  return Buffer.from(toBinary(schema, create(schema, message)));
}
