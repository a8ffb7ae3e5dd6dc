import type { Answer, Query, TransactionControl } from "./query.ts";

/**
 * What the store needs of a database connection. `connection.ts` makes it of `ydb-sdk`, and is the
 * only file that knows the package; every failure arrives as a `YdbFailure`.
 */
export interface Connection {
  /**
   * A session nobody else uses until it is given back. Rejects with a `YdbFailure` once none can be
   * had by `deadlineMs`, on the monotonic clock.
   */
  acquire(deadlineMs: number): Promise<Session>;
  /** Ends every session. Resolves whatever happens, within a bounded time. */
  close(): Promise<void>;
}

export interface Session {
  /** Rejects with a `YdbFailure`, at the latest when the request's own timer or `deadlineMs` ends. */
  execute(query: Query, control: TransactionControl, deadlineMs: number): Promise<Answer>;
  /** Ends an open transaction without its writes. Resolves whatever happens. */
  rollback(transaction: string): Promise<void>;
  /**
   * Gives the session back; `fit` false drops it, so that nobody gets it again: after a timeout it
   * may be busy for good, and after a lost connection it is gone.
   */
  release(fit: boolean): void;
}
