import { limits } from "../../core/limits.ts";
import { type Instant, plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import { type FailureStatus, YdbFailure } from "./failure.ts";
import { LentSession } from "./lent-session.ts";
import { Places } from "./places.ts";
import type { Answer, Query, TransactionControl } from "./query.ts";
import type { Connection, Session } from "./session.ts";

/** A client of one database: what the SDK gives us, inside our own bounds. */
export interface Client {
  /** Opens the client first where nobody did. Rejects, usually with a `YdbFailure`, in bounded time. */
  createSession(): Promise<ClientSession>;
  /** False once opening it failed. */
  isUsable(): boolean;
  /** Ends what is under way. Resolves whatever happens, within a bounded time. */
  close(): Promise<void>;
}

export interface ClientSession {
  /** Rejects with a `YdbFailure`, after `limitMs` at the latest. */
  execute(query: Query, control: TransactionControl, limitMs: number): Promise<Answer>;
  /** Rejects with a `YdbFailure`, within a bounded time. */
  rollback(transaction: string): Promise<void>;
  /** False where the server asked to leave the session. */
  isWelcome(): boolean;
  /** Resolves whatever happens, within a bounded time. */
  end(): Promise<void>;
}

export interface SessionPoolParts {
  readonly clock: Clock & Alarms;
  /** Makes a client that has opened nothing yet. */
  readonly makeClient: () => Client;
  /** At most so many sessions are in use at once. */
  readonly sessions: number;
}

/** A client and who uses it. */
interface Lease {
  readonly client: Client;
  /** Its sessions, those being made and being ended included. */
  users: number;
  /** Whether new sessions are made with it. */
  isCurrent: boolean;
}

interface Pooled {
  readonly lease: Lease;
  readonly session: ClientSession;
  readonly usedAt: Instant;
}

/** The session is gone, and those that rested longer may be gone as well. */
const GONE: ReadonlySet<FailureStatus> = new Set<FailureStatus>(["BAD_SESSION", "SESSION_EXPIRED"]);

/** The connection may be gone. */
const LOST: ReadonlySet<FailureStatus> = new Set<FailureStatus>([
  "TIMED_OUT",
  "GRPC_CANCELLED",
  "GRPC_DEADLINE_EXCEEDED",
  "GRPC_INTERNAL",
  "GRPC_UNAVAILABLE",
]);

/**
 * Sessions, each lent to one user at a time, over one client at a time.
 *
 * P1 Nothing is opened before the first `acquire`, and those that come at once share one client.
 * P2 A client that could not be opened, whose connection was lost, or that rested for long, is left
 *    for a new one: after a freeze the old connection may swallow requests without an error.
 * P3 A session goes back only where its last request left nothing behind. The others are ended,
 *    which ends what is open in them, and nobody waits for that.
 * P4 The session used last is lent first, so those that are not needed grow old and are left.
 */
export class SessionPool implements Connection {
  readonly #clock: Clock & Alarms;
  readonly #makeClient: () => Client;
  readonly #places: Places;
  #current: Lease | undefined;
  readonly #leases = new Set<Lease>();
  #idle: Pooled[] = [];
  /** Ends under way: of sessions and clients. */
  readonly #ends = new Set<Promise<void>>();
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor({ clock, makeClient, sessions }: SessionPoolParts) {
    this.#clock = clock;
    this.#makeClient = makeClient;
    this.#places = new Places(clock, sessions);
  }

  async acquire(deadlineMs: number): Promise<Session> {
    await this.#places.take(deadlineMs);
    const idle = this.#takeIdle();
    if (idle !== undefined) return this.#lend(idle);
    const making = this.#make();
    try {
      return this.#lend(await this.#before(deadlineMs, making));
    } catch (error) {
      // One that comes late is kept for the next: a cold database is slow only once. Its place
      // stays taken until then, so that there are never more than there may be.
      void making.then(
        (late) => this.#takeBack(late, true),
        () => this.#places.free(),
      );
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#places.close(closed());
    this.#closing ??= this.#endAll();
    await this.#closing;
  }

  async #endAll(): Promise<void> {
    if (this.#current !== undefined) this.#retire(this.#current);
    await Promise.all(this.#ends);
    // What is left has users: their requests end here.
    for (const lease of this.#leases) this.#closeClient(lease);
    await Promise.all(this.#ends);
  }

  #takeIdle(): Pooled | undefined {
    const trustedFrom = plusMs(this.#clock.now(), -limits.ydbSessionIdleMs);
    const newest = this.#idle.at(-1);
    if (newest !== undefined && newest.usedAt <= trustedFrom) {
      const { lease } = newest;
      if (lease.users === this.#idle.length) this.#retire(lease);
      else this.#endIdle();
    }
    return this.#idle.pop();
  }

  async #make(): Promise<Pooled> {
    if (this.#isClosed) throw closed();
    const lease = this.#lease();
    lease.users += 1;
    try {
      const session = await lease.client.createSession();
      return { lease, session, usedAt: this.#clock.now() };
    } catch (error) {
      if (!lease.client.isUsable()) this.#retire(lease);
      if (error instanceof YdbFailure) this.#learn(lease, error);
      this.#leave(lease);
      throw error;
    }
  }

  #lease(): Lease {
    if (this.#current !== undefined) return this.#current;
    this.#current = { client: this.#makeClient(), users: 0, isCurrent: true };
    this.#leases.add(this.#current);
    return this.#current;
  }

  #lend(pooled: Pooled): Session {
    return new LentSession({
      clock: this.#clock,
      session: pooled.session,
      failed: (failure) => this.#learn(pooled.lease, failure),
      released: (isFit) => this.#takeBack(pooled, isFit),
    });
  }

  #takeBack(pooled: Pooled, isFit: boolean): void {
    const isKept = isFit && pooled.lease.isCurrent && pooled.session.isWelcome();
    if (isKept) this.#idle.push({ ...pooled, usedAt: this.#clock.now() });
    else this.#end(pooled);
    this.#places.free();
  }

  /** Draws from a failure what it means for other sessions. */
  #learn(lease: Lease, { status }: YdbFailure): void {
    if (LOST.has(status)) this.#retire(lease);
    else if (GONE.has(status) && lease.isCurrent) this.#endIdle();
  }

  /** No session is made with it any more; it is closed once its last one has ended. */
  #retire(lease: Lease): void {
    if (!lease.isCurrent) return;
    lease.isCurrent = false;
    this.#current = undefined;
    this.#endIdle();
  }

  /** Idle sessions are always the current client's. */
  #endIdle(): void {
    for (const idle of this.#idle.splice(0)) this.#end(idle);
  }

  #end({ lease, session }: Pooled): void {
    this.#track(session.end().then(() => this.#leave(lease)));
  }

  #leave(lease: Lease): void {
    lease.users -= 1;
    if (!lease.isCurrent && lease.users === 0) this.#closeClient(lease);
  }

  #closeClient(lease: Lease): void {
    if (this.#leases.delete(lease)) this.#track(lease.client.close());
  }

  #track(end: Promise<void>): void {
    const tracked = end.finally(() => this.#ends.delete(tracked));
    this.#ends.add(tracked);
  }

  async #before<T>(deadlineMs: number, made: Promise<T>): Promise<T> {
    const leftMs = Math.max(0, deadlineMs - this.#clock.monotonicMs());
    const { promise: late, reject } = Promise.withResolvers<never>();
    const cancel = this.#clock.set(plusMs(this.#clock.now(), Math.ceil(leftMs)), () => {
      reject(new YdbFailure("TIMED_OUT", `no session within ${Math.ceil(leftMs)} ms`));
    });
    try {
      return await Promise.race([made, late]);
    } finally {
      cancel();
    }
  }
}

function closed(): YdbFailure {
  return new YdbFailure("CLOSED", "the connection was closed");
}
