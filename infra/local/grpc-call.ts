import { fromBinary, toBinary, type DescMethod, type Message } from "@bufbuild/protobuf";
import type { Metadata } from "@grpc/grpc-js";
import type { EventEmitter } from "node:events";
import { ApiError } from "../../shared/api/api-error.ts";
import type { Incoming } from "../../shared/api/api.ts";
import { Code } from "../../shared/api/code.ts";
import { clientRequestId } from "../../shared/api/request-id.ts";
import { messageOf } from "../../shared/core/errors.ts";
import { limits } from "../../shared/core/limits.ts";
import type { Random } from "../../shared/ports/random.ts";
import type { CallIds } from "./grpc-status.ts";

/** One gRPC call, as the API's pipeline knows calls. */
export class GrpcCall {
  readonly ids: CallIds;
  readonly incoming: Incoming;
  readonly #over = new AbortController();
  #end: ApiError | undefined;

  constructor(
    surface: EventEmitter & { readonly metadata: Metadata; readonly cancelled: boolean },
    random: Random,
  ) {
    const { metadata } = surface;
    const trace = random.id();
    const request = clientRequestId(headerOf(metadata, "x-client-request-id")) ?? trace;
    this.ids = { request, trace };
    this.incoming = {
      // The pipeline names the call as we do, also where its client did not.
      header: (name) => (name === "x-client-request-id" ? request : headerOf(metadata, name)),
      signal: this.#over.signal,
      follows: true,
    };
    surface.on("cancelled", () => this.#over.abort());
    if (surface.cancelled) this.#over.abort();
  }

  /** Why the call ends before it is done, if somebody wants it to. */
  get endedBy(): ApiError | undefined {
    return this.#end;
  }

  /** Makes a stream end soon, with this failure. */
  end(because: ApiError): void {
    this.#end = because;
    this.#over.abort();
  }
}

/** A message from the wire. What cannot be read is INTERNAL, as the gRPC status table says. */
export function decode(method: DescMethod, bytes: Uint8Array): Message {
  try {
    return fromBinary(method.input, bytes);
  } catch (error) {
    throw new ApiError(
      Code.INTERNAL,
      `The request is no ${method.input.typeName}: ${messageOf(error)}`,
    );
  }
}

/** A message for the wire. One that clients would refuse is refused here, where it can be said why. */
export function encode(method: DescMethod, answer: Message): Buffer {
  const bytes = toBinary(method.output, answer);
  if (bytes.length <= limits.apiMessageBytes) {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  throw new ApiError(
    Code.RESOURCE_EXHAUSTED,
    `The answer has ${bytes.length} bytes, and clients take ${limits.apiMessageBytes}: ask for less at once`,
  );
}

function headerOf(metadata: Metadata, name: string): string | undefined {
  const values = metadata.get(name);
  return values.length === 0 ? undefined : values.map(String).join(", ");
}
