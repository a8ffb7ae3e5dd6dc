import type {
  DescMethod,
  DescMethodClientStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  DescService,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import type { Call } from "./call.ts";

/** What answers a method. It throws `OrreryError`; the pipeline makes a status of it. */
type MethodHandler<M extends DescMethod> =
  M extends DescMethodUnary<infer I, infer O>
    ? (request: MessageShape<I>, call: Call) => Promise<MessageInitShape<O>>
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
