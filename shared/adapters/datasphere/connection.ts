import {
  Client,
  connectivityState,
  credentials,
  type Metadata,
  type MethodDefinition,
} from "@grpc/grpc-js";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { isLoopback } from "../../core/loopback.ts";
import { DataSphereFailure } from "./failure.ts";

/** A method as the SDK generates it. */
export type Method<Request, Answer> = MethodDefinition<Request, Answer>;

export interface ConnectionParts {
  /** `HOST:PORT`. */
  readonly endpoint: string;
  /** PEM of the authority to trust; the system's own unless given. */
  readonly ca: Buffer | undefined;
  readonly clock: Clock & Alarms;
}

/**
 * One TLS connection to one address, opened by its first call.
 *
 * A function is frozen between its calls, and nobody tells it that the other side has gone
 * meanwhile. So what lay idle for `limits.datasphereIdleMs` by either clock is left for a new
 * connection before a call is sent, and so is one on which a call got no answer in its time.
 */
export class Connection {
  readonly #parts: ConnectionParts;
  #client: Client | undefined;
  #calls = 0;
  #usedAt = { wallMs: 0, monotonicMs: 0 };

  constructor(parts: ConnectionParts) {
    this.#parts = parts;
  }

  /** One call with one answer. Rejects with what gRPC gives, or a `DataSphereFailure`. */
  async unary<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    options: { readonly metadata: Metadata; readonly limitMs: number },
  ): Promise<Answer> {
    return await this.#using(async (client) => {
      const { promise: late, reject: giveUp } = Promise.withResolvers<never>();
      late.catch(() => undefined);
      const isSent = { value: false };
      const end: { cancel?: () => void } = {};
      const stop = this.#after(options.limitMs, () => {
        // The connection may be dead: whoever calls next has a new one.
        this.#leave(client);
        giveUp(lateFailure(options.limitMs, isSent.value));
        end.cancel?.();
      });
      try {
        await Promise.race([connected(client.getChannel()), late]);
        isSent.value = true;
        const { promise, resolve, reject } = Promise.withResolvers<Answer>();
        promise.catch(() => undefined);
        const call = client.makeUnaryRequest<Request, Answer>(
          method.path,
          method.requestSerialize,
          method.responseDeserialize,
          request,
          options.metadata,
          (error, answer) => {
            if (error !== null) reject(error);
            else if (answer === undefined) reject(new Error("the answer is empty"));
            else resolve(answer);
          },
        );
        end.cancel = () => call.cancel();
        return await Promise.race([promise, late]);
      } finally {
        stop();
      }
    });
  }

  /**
   * One call with many answers. Ends with the server's end, after `limitMs`, or when nothing came
   * for `quietMs`; leaving it early ends the call.
   */
  async *stream<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    options: { readonly metadata: Metadata; readonly limitMs: number; readonly quietMs: number },
  ): AsyncGenerator<Answer> {
    const client = this.#begin();
    const over = Promise.withResolvers<undefined>();
    const stop = this.#after(options.limitMs, () => over.resolve(undefined));
    const call = client.makeServerStreamRequest<Request, Answer>(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      options.metadata,
    );
    try {
      const answers: AsyncIterator<Answer> = call[Symbol.asyncIterator]();
      for (;;) {
        const quiet = Promise.withResolvers<undefined>();
        const unset = this.#after(options.quietMs, () => quiet.resolve(undefined));
        const step = answers.next();
        step.catch(() => undefined);
        const next = await Promise.race([step, over.promise, quiet.promise]).finally(unset);
        if (next === undefined || next.done === true) return;
        yield next.value;
      }
    } finally {
      call.on("error", () => undefined); // The cancellation itself.
      call.cancel();
      stop();
      this.#end();
    }
  }

  close(): void {
    this.#client?.close();
    this.#client = undefined;
  }

  async #using<T>(steps: (client: Client) => Promise<T>): Promise<T> {
    const client = this.#begin();
    try {
      return await steps(client);
    } finally {
      this.#end();
    }
  }

  #begin(): Client {
    const now = this.#now();
    const idleMs = Math.max(
      now.wallMs - this.#usedAt.wallMs,
      now.monotonicMs - this.#usedAt.monotonicMs,
    );
    if (this.#calls === 0 && idleMs > limits.datasphereIdleMs) this.close();
    this.#client ??= this.#open();
    this.#calls += 1;
    this.#usedAt = now;
    return this.#client;
  }

  #end(): void {
    this.#calls -= 1;
    this.#usedAt = this.#now();
  }

  #leave(client: Client): void {
    if (this.#client === client) this.#client = undefined;
    client.close();
  }

  #now(): { readonly wallMs: number; readonly monotonicMs: number } {
    const { clock } = this.#parts;
    return { wallMs: Number(clock.now()), monotonicMs: clock.monotonicMs() };
  }

  #after(ms: number, wake: () => void): () => void {
    const { clock } = this.#parts;
    return clock.set(plusMs(clock.now(), Math.ceil(ms)), wake);
  }

  #open(): Client {
    const { endpoint, ca } = this.#parts;
    return new Client(endpoint, credentials.createSsl(ca ?? null), {
      "grpc.max_receive_message_length": limits.datasphereAnswerBytes,
      "grpc.max_reconnect_backoff_ms": limits.datasphereReconnectMs,
      // A new client is to have a new connection, not the one that the old client left.
      "grpc.use_local_subchannel_pool": 1,
      "grpc.service_config_disable_resolution": 1,
      // What was sent is repeated by us or by nobody.
      "grpc.enable_retries": 0,
      "grpc.enable_http_proxy": isLoopback(endpoint) ? 0 : 1,
    });
  }
}

/** Resolves once the channel is connected, or cannot be: the call then says why, unsent. */
async function connected(channel: ReturnType<Client["getChannel"]>): Promise<void> {
  for (;;) {
    const state = channel.getConnectivityState(true);
    const isSettled = state !== connectivityState.IDLE && state !== connectivityState.CONNECTING;
    if (isSettled) return;
    await new Promise<void>((resolve) => {
      channel.watchConnectivityState(state, Infinity, () => resolve());
    });
  }
}

function lateFailure(limitMs: number, isSent: boolean): Error {
  const message = `no answer within ${limitMs} ms`;
  if (!isSent)
    return new DataSphereFailure("UNAVAILABLE", "unavailable", `no connection: ${message}`);
  return Object.assign(new Error(message), { code: 4, details: message });
}
