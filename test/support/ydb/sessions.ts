import type { Database } from "./database.ts";
import type { DoubleLimits } from "./double.ts";
import { Refusal } from "./refusal.ts";
import type { Transaction } from "./transaction.ts";

export interface Session {
  readonly id: string;
  readonly service: "table" | "query";
  readonly database: Database;
  readonly transactions: Map<string, Transaction>;
  /** Whether a call is under way: a session serves one at a time. */
  isBusy: boolean;
  /** Ends the stream by which a session of the query service lives. */
  detach: (() => void) | undefined;
}

/** The sessions of a server. One that has gone takes its open transactions with it. */
export class Sessions {
  readonly #open = new Map<string, Session>();
  readonly #limits: DoubleLimits;
  #made = 0;
  #begun = 0;

  constructor(limits: DoubleLimits) {
    this.#limits = limits;
  }

  create(database: Database, service: Session["service"]): Session {
    if (this.count(database) >= this.#limits.sessions) {
      throw new Refusal("OVERLOADED", `${database.path} has too many sessions`);
    }
    const session: Session = {
      id: `ydb://session/3?node_id=1&id=${(this.#made += 1)}`,
      service,
      database,
      transactions: new Map(),
      isBusy: false,
      detach: undefined,
    };
    this.#open.set(session.id, session);
    return session;
  }

  find(path: string, id: string): Session | undefined {
    const session = this.#open.get(id);
    return session?.database.path === path ? session : undefined;
  }

  /** A session of this service; throws where there is none. */
  get(path: string, id: string, service: Session["service"]): Session {
    const session = this.find(path, id);
    if (session?.service !== service) {
      throw new Refusal("BAD_SESSION", `Session not found: ${id}`, 2015);
    }
    return session;
  }

  count(database: Database): number {
    let count = 0;
    for (const session of this.#open.values()) if (session.database === database) count += 1;
    return count;
  }

  end(session: Session): void {
    if (!this.#open.delete(session.id)) return;
    for (const transaction of session.transactions.values()) {
      session.database.rollback(transaction);
    }
    session.transactions.clear();
    session.detach?.();
  }

  /** Ends every session, or those of one database; answers how many. */
  endAll(path: string | undefined): number {
    const ended = [...this.#open.values()].filter(
      ({ database }) => path === undefined || database.path === path,
    );
    for (const session of ended) this.end(session);
    return ended.length;
  }

  begin(session: Session, mode: Transaction["mode"]): Transaction {
    const most = this.#limits.transactionsPerSession;
    if (session.transactions.size >= most) {
      const message = `Too many transactions, current active: ${session.transactions.size}`;
      throw new Refusal("BAD_SESSION", `${message}, MaxTxPerSession: ${most}`);
    }
    const id = `tx-${(this.#begun += 1)}`;
    const transaction = session.database.begin(id, mode);
    session.transactions.set(id, transaction);
    return transaction;
  }

  transaction(session: Session, id: string): Transaction {
    const transaction = session.transactions.get(id);
    if (transaction === undefined) {
      throw new Refusal("NOT_FOUND", `Transaction not found: ${id}`, 2015);
    }
    return transaction;
  }

  rollback(session: Session, transaction: Transaction): void {
    if (session.transactions.delete(transaction.id)) session.database.rollback(transaction);
  }

  commit(session: Session, transaction: Transaction): void {
    session.transactions.delete(transaction.id);
    session.database.commit(transaction);
  }
}
