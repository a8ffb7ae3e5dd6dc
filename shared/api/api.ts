import type { DescMethod, DescService, Message, Registry } from "@bufbuild/protobuf";

/** What a face knows of a call that comes in. */
export interface Incoming {
  /** A header by its lower-case name: authorization, idempotency-key, x-client-request-id. */
  readonly header: (name: string) => string | undefined;
  readonly signal: AbortSignal;
  /** Whether a stream may wait for more; over a face that cannot, it ends at what there is. */
  readonly follows: boolean;
}

/**
 * The one way into every method, whichever face a call came through: authenticate, permit,
 * validate, run, and tell failures as `ApiError`. Requests are messages of `method.input`, answers
 * of `method.output`. A server-streaming answer that fails does so from its iteration.
 */
export interface Api {
  readonly services: readonly DescService[];
  /** Every message that can stand in an `Any`, for the JSON form. */
  readonly registry: Registry;
  unary(method: DescMethod, incoming: Incoming, request: Message): Promise<Message>;
  serverStream(method: DescMethod, incoming: Incoming, request: Message): AsyncIterable<Message>;
  clientStream(
    method: DescMethod,
    incoming: Incoming,
    requests: AsyncIterable<Message>,
  ): Promise<Message>;
}
