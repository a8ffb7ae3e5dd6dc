import { AsyncLocalStorage } from "node:async_hooks";
import {
  InterceptingCall,
  type Interceptor,
  type Listener,
  Metadata,
  type StatusObject,
  status as grpc,
} from "@grpc/grpc-js";
import { OrreryError } from "../../core/errors.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Credentials } from "./credentials.ts";
import { failureOf, grpcFailure, YdbFailure } from "./failure.ts";
import { GuardedWork } from "./guarded-work.ts";
import { refusedCall } from "./refused-call.ts";

/** The header that carries a token. */
const TICKET = "x-ydb-auth-ticket";

/** A code that the SDK takes for final; those it repeats are 1, 4, 8 and 14. */
const FINAL = grpc.FAILED_PRECONDITION;

export interface CallGuardParts {
  readonly clock: Clock & Alarms;
  readonly credentials: Credentials;
  /** The failure that an answer to this method holds, if it holds one. */
  readonly failureIn: (method: string, answer: Uint8Array) => YdbFailure | undefined;
}

interface GuardedCall {
  readonly method: string;
  readonly work: GuardedWork;
  readonly token: string | undefined;
  /** The call has ended. */
  readonly end: () => void;
}

/**
 * Stands between the SDK and its gRPC clients, as an interceptor of their calls.
 *
 * C1 Every call ends: with its answer, with the time of the work that it is part of, or with the
 *    guard. The SDK itself sets no deadline anywhere.
 * C2 What failed has failed. The SDK repeats some calls, up to ten times and for minutes where the
 *    database throttles; it is shown a code that it never repeats, and who asked hears the true one.
 * C3 A call that belongs to work that failed, or that no token can be had for, is not sent.
 * C4 What the SDK does on its own, such as looking for endpoints every minute, is bounded alike.
 * C5 Nothing here throws or rejects into the SDK. It asks for metadata around each call, also where
 *    nobody waits for the answer: a rejection there ends the process, or leaves a call open for good.
 */
export class CallGuard {
  readonly #parts: CallGuardParts;
  readonly #current = new AsyncLocalStorage<GuardedWork>();
  readonly #live = new Set<GuardedWork>();
  /** What nobody waits for (C4); its failure means that the guard is closed. */
  readonly #background = new GuardedWork();
  /** Metadata that lack a token, and why. */
  readonly #tokenless = new WeakMap<Metadata, YdbFailure>();

  constructor(parts: CallGuardParts) {
    this.#parts = parts;
  }

  /**
   * Runs steps that make calls. Rejects with a `YdbFailure`, after `limitMs` at the latest, whatever
   * becomes of the SDK's promises.
   */
  async run<T>(limitMs: number, steps: () => Promise<T>): Promise<T> {
    if (this.#background.failure !== undefined) throw this.#background.failure;
    const { clock } = this.#parts;
    const work = new GuardedWork();
    this.#live.add(work);
    const cancel = clock.set(plusMs(clock.now(), Math.ceil(limitMs)), () => {
      work.fail(new YdbFailure("TIMED_OUT", `no answer within ${Math.ceil(limitMs)} ms`));
    });
    try {
      return await Promise.race([this.#current.run(work, steps), work.failed]);
    } catch (error) {
      if (error instanceof OrreryError) throw error;
      const failure = work.failure ?? failureOf(error);
      work.fail(failure);
      throw failure;
    } finally {
      cancel();
      work.isDone = true;
      this.#live.delete(work);
    }
  }

  /** Ends every call, now and from now on. */
  close(): void {
    const closed = new YdbFailure("CLOSED", "the connection was closed");
    for (const work of [...this.#live, this.#background]) work.fail(closed);
    // Node would walk a storage of a client that is gone for every promise of this process.
    this.#current.disable();
  }

  /** The metadata of a call that is about to be made. Never rejects (C5). */
  async metadata(): Promise<Metadata> {
    const metadata = new Metadata();
    const work = this.#workOfCall();
    try {
      const asked = this.#parts.credentials.token();
      // Background work lives as long as the guard: a race would leave something behind every time.
      const token = await (work === this.#background ? asked : Promise.race([asked, work.failed]));
      if (token !== undefined) metadata.set(TICKET, token);
    } catch (error) {
      this.#tokenless.set(metadata, failureOf(error));
    }
    return metadata;
  }

  readonly intercept: Interceptor = (options, nextCall) => {
    const method = options.method_definition.path;
    const work = this.#workOfCall();
    try {
      const call = new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          const refusal = work.failure ?? this.#tokenless.get(metadata);
          if (refusal !== undefined) {
            this.#note(work, refusal);
            queueMicrotask(() => listener.onReceiveStatus(finalStatus(refusal)));
            return;
          }
          const end = this.#begin(work, () => call.cancelWithStatus(grpc.CANCELLED, "no answer"));
          next(metadata, this.#listener({ method, work, token: ticketIn(metadata), end }));
        },
      });
      return call;
    } catch (error) {
      const failure = work.failure ?? failureOf(error);
      this.#note(work, failure);
      return refusedCall(finalStatus(failure));
    }
  };

  /** Calls of work that ended well are background: those of an interval that it set, for one. */
  #workOfCall(): GuardedWork {
    const work = this.#current.getStore();
    const isOver = work === undefined || (work.isDone && work.failure === undefined);
    return isOver ? this.#background : work;
  }

  #note(work: GuardedWork, failure: YdbFailure): void {
    if (work !== this.#background) work.failure ??= failure;
  }

  /** Binds a call to the end of its work; the returned function unbinds it. */
  #begin(work: GuardedWork, cancel: () => void): () => void {
    work.calls.add(cancel);
    if (work !== this.#background) return () => work.calls.delete(cancel);
    const { clock } = this.#parts;
    const stop = clock.set(plusMs(clock.now(), limits.ydbRequestMs), cancel);
    return () => {
      stop();
      work.calls.delete(cancel);
    };
  }

  #listener(call: GuardedCall): Partial<Listener> {
    let answered: YdbFailure | undefined;
    return {
      onReceiveMessage: (message: unknown, next) => {
        if (message instanceof Uint8Array) {
          answered = this.#parts.failureIn(call.method, message);
        }
        next(message);
      },
      onReceiveStatus: (status, next) => {
        call.end();
        const failure = this.#failureIn(call, status) ?? answered;
        if (failure === undefined) {
          next(status);
          return;
        }
        this.#note(call.work, failure);
        next({ ...finalStatus(failure), metadata: status.metadata });
      },
    };
  }

  #failureIn({ token, work }: GuardedCall, status: StatusObject): YdbFailure | undefined {
    const { credentials } = this.#parts;
    if (status.code === grpc.UNAUTHENTICATED) return credentials.refused(token, status.details);
    if (status.code === grpc.OK) {
      credentials.accepted(token);
      return undefined;
    }
    return work.failure ?? grpcFailure(status.code, status.details);
  }
}

/** What the SDK is shown of a failure. */
function finalStatus({ status, message }: YdbFailure): StatusObject {
  return { code: FINAL, details: `${status}: ${message}`, metadata: new Metadata() };
}

function ticketIn(metadata: Metadata): string | undefined {
  const [ticket] = metadata.get(TICKET);
  return ticket === undefined ? undefined : String(ticket);
}
