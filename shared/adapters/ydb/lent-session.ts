import { assert } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import type { Clock } from "../../ports/clock.ts";
import { failureOf, verdictOf, YdbFailure } from "./failure.ts";
import type { Answer, Query, TransactionControl } from "./query.ts";
import type { ClientSession } from "./session-pool.ts";
import type { Session } from "./session.ts";

export interface LentSessionParts {
  readonly clock: Clock;
  readonly session: ClientSession;
  /** Told of every failure. */
  readonly failed: (failure: YdbFailure) => void;
  /** Told once; `isFit` false where the session must not be lent again. */
  readonly released: (isFit: boolean) => void;
}

/**
 * A session in the hands of its user. It is given back as unfit, whatever its user says, where a
 * transaction may still be open in it or a request under way.
 */
export class LentSession implements Session {
  readonly #parts: LentSessionParts;
  #isFit = true;
  #isReleased = false;
  /** What its user has begun and not ended. */
  #open: string | undefined;

  constructor(parts: LentSessionParts) {
    this.#parts = parts;
  }

  async execute(query: Query, control: TransactionControl, deadlineMs: number): Promise<Answer> {
    assert(!this.#isReleased, "a session is used by whom it is lent to");
    const { clock, session } = this.#parts;
    const limitMs = Math.min(deadlineMs - clock.monotonicMs(), limits.ydbRequestMs);
    try {
      if (limitMs <= 0) throw new YdbFailure("DEADLINE_PASSED", "the deadline passed before");
      const answer = await session.execute(query, control, limitMs);
      this.#open = answer.transaction;
      return answer;
    } catch (error) {
      throw this.#noted(failureOf(error));
    }
  }

  async rollback(transaction: string): Promise<void> {
    assert(!this.#isReleased, "a session is used by whom it is lent to");
    try {
      await this.#parts.session.rollback(transaction);
      this.#open = undefined;
    } catch (error) {
      this.#noted(failureOf(error)); // It stays open, for all we know.
    }
  }

  release(fit: boolean): void {
    assert(!this.#isReleased, "a session is given back once");
    this.#isReleased = true;
    this.#parts.released(fit && this.#isFit && this.#open === undefined);
  }

  #noted(failure: YdbFailure): YdbFailure {
    // No other status is certain to have ended the transaction.
    if (failure.status === "ABORTED") this.#open = undefined;
    if (verdictOf(failure, "commit").session === "drop") this.#isFit = false;
    this.#parts.failed(failure);
    return failure;
  }
}
