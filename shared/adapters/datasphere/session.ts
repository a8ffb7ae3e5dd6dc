import { Metadata } from "@grpc/grpc-js";
import { messageOf } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { TokenSource } from "../ydb/token-source.ts";
import { Connection, type Method } from "./connection.ts";
import { DataSphereFailure, type Effect, failureOf } from "./failure.ts";

export { DataSphereFailure } from "./failure.ts";

/** Where DataSphere answers, and where it answers about its operations. */
const CLOUD_ENDPOINT = "datasphere.api.cloud.yandex.net:443";
const CLOUD_OPERATIONS = "operation.api.cloud.yandex.net:443";
const OPERATION_SERVICE = "/yandex.cloud.operation.OperationService/";

export interface DataSphereOptions {
  /** `HOST:PORT`, always TLS; the cloud's own unless given. */
  readonly endpoint?: string | undefined;
  /** PEM of the authority to trust, for another endpoint than the cloud's. */
  readonly ca?: Buffer | undefined;
  readonly tokens: TokenSource;
  readonly clock: Clock & Alarms;
}

interface CallOptions {
  /**
   * `none` for what only reads (the default): it is repeated where that helps. `some` for what
   * changes something: it is sent once, and a lost answer is an `unknownOutcome`.
   */
  readonly effect?: Effect;
  /** Travels as `idempotency-key`. */
  readonly key?: string;
  /** How long one try may take; `limits.datasphereCallMs` unless given. */
  readonly limitMs?: number;
}

interface StreamOptions {
  readonly limitMs: number;
  /** Ends the stream where nothing came for so long. */
  readonly quietMs: number;
}

/**
 * Calls of DataSphere with the SDK's own messages and methods, such as
 * `session.call(ProjectServiceService.get, { projectId })`. Importing this loads gRPC and none of
 * the SDK; a caller imports the services it calls by their subpaths.
 *
 * D1 Every call ends within its time, tries and all: with an answer or a `DataSphereFailure`.
 * D2 A call with an effect is sent at most once, except where DataSphere refused its token.
 * D3 A call never fails for a connection that died while the process was frozen or idle.
 */
export interface DataSphereSession {
  readonly endpoint: string;
  /** PEM of the authority that its certificate is trusted by, if not the system's. */
  readonly ca: Buffer | undefined;
  call<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    options?: CallOptions,
  ): Promise<Answer>;
  /** What a server streams; opened once, so that a failure is the reader's to resume from. */
  stream<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    options: StreamOptions,
  ): AsyncIterable<Answer>;
  close(): void;
}

/** Opens nothing yet: the first call connects. */
export function openDataSphere(options: DataSphereOptions): DataSphereSession {
  return new Calls(options);
}

class Calls implements DataSphereSession {
  readonly endpoint: string;
  readonly ca: Buffer | undefined;
  readonly #options: DataSphereOptions;
  readonly #main: Connection;
  readonly #operations: Connection;

  constructor(options: DataSphereOptions) {
    const { endpoint = CLOUD_ENDPOINT, ca, clock } = options;
    this.endpoint = endpoint;
    this.ca = ca;
    this.#options = options;
    this.#main = new Connection({ endpoint, ca, clock });
    this.#operations =
      endpoint === CLOUD_ENDPOINT
        ? new Connection({ endpoint: CLOUD_OPERATIONS, ca, clock })
        : this.#main;
  }

  async call<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    { effect = "none", key, limitMs = limits.datasphereCallMs }: CallOptions = {},
  ): Promise<Answer> {
    const tries = effect === "none" ? limits.datasphereTries : 1;
    let refusals = 0;
    for (let attempt = 1; ; attempt += 1) {
      const token = await this.#token();
      try {
        const metadata = headers(token, key);
        return await this.#connection(method).unary(method, request, { metadata, limitMs });
      } catch (error) {
        const failure = failureOf(error, effect);
        if (failure.kind === "auth" && refusals === 0) {
          // Refused before anything was done: one more time with another token, if there is one.
          refusals += 1;
          attempt -= 1;
          this.#options.tokens.invalidate(token);
          if ((await this.#token()) !== token) continue;
        }
        if (attempt >= tries || !isRepeated(failure)) throw failure;
        await this.#rest(limits.datasphereRetryMs * 2 ** (attempt - 1));
      }
    }
  }

  async *stream<Request, Answer>(
    method: Method<Request, Answer>,
    request: Request,
    options: StreamOptions,
  ): AsyncGenerator<Answer> {
    const token = await this.#token();
    try {
      const metadata = headers(token, undefined);
      yield* this.#connection(method).stream(method, request, { metadata, ...options });
    } catch (error) {
      const failure = failureOf(error, "none");
      if (failure.kind === "auth") this.#options.tokens.invalidate(token);
      throw failure;
    }
  }

  close(): void {
    this.#main.close();
    this.#operations.close();
  }

  #connection(method: { readonly path: string }): Connection {
    return method.path.startsWith(OPERATION_SERVICE) ? this.#operations : this.#main;
  }

  async #token(): Promise<string> {
    try {
      return await this.#options.tokens.token();
    } catch (error) {
      const message = `no token for DataSphere: ${messageOf(error)}`;
      throw new DataSphereFailure("UNAUTHENTICATED", "auth", message, error);
    }
  }

  async #rest(ms: number): Promise<void> {
    const { clock } = this.#options;
    await new Promise<void>((resolve) => clock.set(plusMs(clock.now(), ms), resolve));
  }
}

function isRepeated({ kind }: DataSphereFailure): boolean {
  return kind === "unavailable" || kind === "broken";
}

function headers(token: string, key: string | undefined): Metadata {
  const metadata = new Metadata();
  metadata.set("authorization", `Bearer ${token}`);
  if (key !== undefined) metadata.set("idempotency-key", key);
  return metadata;
}
