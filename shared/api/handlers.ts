import type {
  DescMethod,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Reader } from "../ports/store.ts";
import type { Call } from "./call.ts";

/**
 * What answers a method that changes nothing, in the snapshot that its call was let in by: what both
 * need is read once, and the answer is of the instant of the permission.
 */
export interface Reading<I, O> {
  /**
   * May run more than once, so it does nothing but read. What it resolves to makes the answer of what
   * was read, outside of the snapshot.
   */
  readonly read: (reader: Reader, request: I, call: Call) => Promise<() => O | Promise<O>>;
}

/** Answers by `read` inside the snapshot, and then by `tell` outside of it. */
export function reads<I, O, T>(
  read: (reader: Reader, request: I, call: Call) => Promise<T>,
  tell: (found: T, call: Call) => O | Promise<O>,
): Reading<I, O> {
  return {
    read: async (reader, request, call) => {
      const found = await read(reader, request, call);
      return () => tell(found, call);
    },
  };
}

/** What answers a method. It throws `OrreryError`; the pipeline makes a status of it. */
type MethodHandler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? | ((request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>)
      | Reading<MessageShape<I>, MessageInitShape<O>>
    : M extends DescMethodServerStreaming<infer I, infer O>
      ? (request: MessageShape<I>, call: Call) => AsyncIterable<MessageInitShape<O>>
      : M extends DescMethodClientStreaming<infer I, infer O>
        ? (requests: AsyncIterable<MessageShape<I>>, call: Call) => Promise<MessageInitShape<O>>
        : never;

/** Every method of a service, by its local name (`listAccessBindings`). */
export type ServiceHandlers<S extends DescService> = {
  readonly [Name in keyof S["method"]]: MethodHandler<S["method"][Name]>;
};

/** A service and what answers it; `serve` keeps the two types together. */
export interface ServedService {
  readonly service: DescService;
  readonly handlers: Readonly<Record<string, unknown>>;
}

export function serve<S extends DescService>(
  service: S,
  handlers: ServiceHandlers<S>,
): ServedService {
  return { service, handlers };
}
