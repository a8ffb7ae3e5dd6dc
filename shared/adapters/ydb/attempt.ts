import { assert } from "../../core/assert.ts";
import type { StoredRow } from "../record/row-codec.ts";
import type { WriteBuffer } from "../record/write-buffer.ts";
import { COMMIT_ONLY, flushQueries } from "./flush-statements.ts";
import type { Answer, Query } from "./query.ts";
import { decodeAnswer, planReads, readQuery, type Read } from "./read-statements.ts";
import type { Session } from "./session.ts";

/**
 * One try of a transaction on one session: reads, then one flush of all writes with the commit. The
 * first request begins it, so a transaction has no request of its own for its beginning or its end.
 *
 * A request that fails ends the try: what came after it would begin a transaction of its own, whose
 * writes rest on reads that nobody checks any more.
 */
export class Attempt {
  readonly #session: Session;
  readonly #kind: "serializable" | "snapshot";
  readonly #deadlineMs: number;
  #transaction: string | undefined;
  #hasSentCommit = false;
  /** False while a request is under way, and for good once one failed. */
  #isFree = true;

  constructor(session: Session, kind: "serializable" | "snapshot", deadlineMs: number) {
    this.#session = session;
    this.#kind = kind;
    this.#deadlineMs = deadlineMs;
  }

  /** What each read found, in order: a row or undefined for a get, rows for a scan. */
  async read(
    reads: readonly Read[],
  ): Promise<readonly (StoredRow | undefined | readonly StoredRow[])[]> {
    const found: (StoredRow | undefined | readonly StoredRow[])[] = [];
    for (const part of planReads(reads)) {
      const { resultSets } = await this.#execute(readQuery(part), false);
      for (const [index, read] of part.entries()) {
        found.push(decodeAnswer(read, resultSets[index]));
      }
    }
    return found;
  }

  /**
   * Makes the writes and ends the transaction. Without writes it still asks whether what was read
   * holds together; without reads either there is nothing to ask.
   */
  async commit(writes: WriteBuffer): Promise<void> {
    const queries = flushQueries(writes);
    const last = queries.at(-1);
    if (last === undefined) {
      if (this.#transaction !== undefined) await this.#execute(COMMIT_ONLY, true);
      return;
    }
    for (const query of queries.slice(0, -1)) await this.#execute(query, false);
    this.#hasSentCommit = true;
    await this.#execute(last, true);
  }

  /** Whether the request that can make the writes last was sent: only then can they have lasted. */
  get hasSentCommit(): boolean {
    return this.#hasSentCommit;
  }

  /** Ends the transaction, if one is open, without its writes. Resolves whatever happens. */
  async rollback(): Promise<void> {
    if (this.#transaction === undefined) return;
    await this.#session.rollback(this.#transaction);
    this.#transaction = undefined;
  }

  async #execute(query: Query, commit: boolean): Promise<Answer> {
    assert(this.#isFree, "a try makes one request at a time, and none after one that failed");
    const transaction =
      this.#transaction === undefined ? { begin: this.#kind } : { id: this.#transaction };
    // A statement that fails ends its transaction, and a session that fails takes it along.
    this.#transaction = undefined;
    this.#isFree = false;
    const answer = await this.#session.execute(query, { transaction, commit }, this.#deadlineMs);
    this.#isFree = true;
    this.#transaction = answer.transaction;
    return answer;
  }
}
