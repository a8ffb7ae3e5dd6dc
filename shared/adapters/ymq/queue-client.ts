import { SQSClient, type SQSClientConfig } from "@aws-sdk/client-sqs";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import { type Connections, createConnections } from "./connections.ts";
import { failureOf, QueueFailure } from "./failure.ts";

/** Where the queues are, and who asks. */
export interface QueueServiceOptions {
  /** `https://HOST[:PORT]`, or `http://` for an emulator. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly clock: Clock & Alarms;
  readonly random: Random;
}

/** Makes one request; it ends when the signal says so. */
export type Ask<T> = (client: SQSClient, signal: AbortSignal) => Promise<T>;

interface CallOptions {
  readonly limitMs: number;
  /** Ends the call early, as `stopped`. */
  readonly signal?: AbortSignal | undefined;
}

/** Makes single calls, opened by the first of them. */
export interface QueueClient {
  /** One try. Rejects with a `QueueFailure`, within `limitMs` whatever happens. */
  call<T>(ask: Ask<T>, options: CallOptions): Promise<T>;
  /** Ends what is under way, and all connections. */
  close(): void;
}

export function createQueueClient(options: QueueServiceOptions): QueueClient {
  const { credentials, clock } = options;
  const secrets = [credentials.secretAccessKey, credentials.accessKeyId].filter(
    (each) => each !== "",
  );
  const closing = new AbortController();
  let open: { readonly client: SQSClient; readonly connections: Connections } | undefined;

  return {
    call: async (ask, { limitMs, signal }) => {
      open ??= openClient(options);
      const { client, connections } = open;
      connections.dropStale();
      const end = endingOf(clock, limitMs, [
        closing.signal,
        ...(signal === undefined ? [] : [signal]),
      ]);
      try {
        return await Promise.race([ask(client, end.signal), end.ended]);
      } catch (error) {
        const failure = failureOf(error, secrets);
        if (failure.kind === "cut" || failure.kind === "late") connections.dropResting();
        throw failure;
      } finally {
        end.release();
      }
    },
    close: () => {
      closing.abort();
      open?.connections.close();
    },
  };
}

interface Ending {
  /** Tells the SDK to give up the request. */
  readonly signal: AbortSignal;
  /** Rejects when the time is up or a signal came; the SDK may take longer, or never notice. */
  readonly ended: Promise<never>;
  readonly release: () => void;
}

function endingOf(clock: Clock & Alarms, limitMs: number, signals: readonly AbortSignal[]): Ending {
  const request = new AbortController();
  const { promise: ended, reject } = Promise.withResolvers<never>();
  ended.catch(() => undefined);
  const end = (failure: QueueFailure): void => {
    reject(failure);
    request.abort();
  };
  const stop = (): void => end(new QueueFailure("stopped", "the call was given up"));
  const cancel = clock.set(plusMs(clock.now(), Math.ceil(limitMs)), () => {
    end(new QueueFailure("late", `no answer within ${Math.ceil(limitMs)} ms`));
  });
  for (const signal of signals) {
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  }
  return {
    signal: request.signal,
    ended,
    release: () => {
      cancel();
      for (const signal of signals) signal.removeEventListener("abort", stop);
    },
  };
}

function openClient({ endpoint, region, credentials, clock }: QueueServiceOptions): {
  readonly client: SQSClient;
  readonly connections: Connections;
} {
  const connections = createConnections(endpoint.startsWith("https:"), clock);
  const { agent } = connections;
  // Each is said, so that the SDK looks for none of them in files of the machine's user.
  const said: SQSClientConfig = {
    defaultsMode: "standard",
    retryMode: "standard",
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    authSchemePreference: [],
    userAgentAppId: async () => await Promise.resolve(undefined),
  };
  const client = new SQSClient({
    ...said,
    // The way to the service is the endpoint's, whatever host stands in a queue's URL.
    ...{ endpoint, region, credentials },
    // What is tried again, when and for how long is ours to say.
    maxAttempts: 1,
    // A clock that is wrong is mended from the service's answers, without which nothing would work.
    disableClockSkewCorrection: false,
    requestHandler: { httpAgent: agent, httpsAgent: agent, connectionTimeout: limits.ymqCallMs },
  });
  return { client, connections };
}
