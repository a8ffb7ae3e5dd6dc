import { assertNever } from "../../core/assert.ts";
import { limits } from "../../core/limits.ts";
import { plusMs } from "../../core/time/instant.ts";
import type { Alarms, Clock } from "../../ports/clock.ts";
import type { Random } from "../../ports/random.ts";
import type { ConflictPace } from "./conflict-pace.ts";
import { verdictOf, YdbFailure, type Verdict } from "./failure.ts";
import type { Connection, Session } from "./session.ts";
import { storeError } from "./store-error.ts";

/** What the steps of one try work with. */
export interface Try {
  readonly session: Session;
  /** On the monotonic clock: every request of every try ends by then. */
  readonly deadlineMs: number;
}

/** What is tried. */
export interface Work {
  /** Names it in the error that ends it; what is named alike is expected to want the same rows. */
  readonly what: string;
  /** Whether a try sent a commit of which nobody knows yet whether it happened. */
  readonly isInDoubt: () => boolean;
}

export interface RetryLoopParts {
  readonly connection: Connection;
  readonly clock: Clock & Alarms;
  readonly random: Random;
  readonly pace: ConflictPace;
}

/**
 * Runs steps until they succeed, on a session each, with one deadline over all tries and the waits
 * between them (`limits.ydbTransactionMs`). What is not a `YdbFailure` is the steps' own error: it
 * is thrown on as it is.
 */
export async function untilDone<T>(
  parts: RetryLoopParts,
  work: Work,
  steps: (tried: Try) => Promise<T>,
): Promise<T> {
  const { clock, connection, pace } = parts;
  const deadlineMs = clock.monotonicMs() + limits.ydbTransactionMs;
  let cause: YdbFailure | undefined;
  await pause(clock, pace.first(work.what));
  for (let tries = 1; ; tries += 1) {
    let session: Session | undefined;
    try {
      session = await connection.acquire(deadlineMs);
      const result = await steps({ session, deadlineMs });
      session.release(true);
      if (tries === 1) pace.free(work.what);
      return result;
    } catch (error) {
      const failure = error instanceof YdbFailure ? error : undefined;
      const verdict = failure && verdictOf(failure, "commit");
      session?.release(verdict === undefined || verdict.session === "keep");
      if (failure === undefined || verdict === undefined) throw error;
      // That the time is up does not say what took it, be it while a session is waited for.
      const isOutOfTime = session === undefined && failure.status === "TIMED_OUT";
      if (failure.status !== "DEADLINE_PASSED" && !isOutOfTime) cause = failure;
      const waitMs = waitBefore(parts, work, { verdict, tries, deadlineMs });
      const isTooLate = waitMs === undefined || clock.monotonicMs() + waitMs >= deadlineMs;
      if (isTooLate) throw storeError(work, cause ?? failure, tries);
      await pause(clock, waitMs);
    }
  }
}

/** A try that failed. */
interface Failed {
  readonly verdict: Verdict;
  /** How many there were, with this one. */
  readonly tries: number;
  readonly deadlineMs: number;
}

/** How long to wait before the next try, in ms; undefined where another cannot help. */
function waitBefore(
  { clock, random, pace }: RetryLoopParts,
  work: Work,
  { verdict, tries, deadlineMs }: Failed,
): number | undefined {
  // Half of the wait is chance: those who met once would else meet again.
  const grown = (firstMs: number, mostMs: number): number =>
    Math.min(firstMs * 2 ** (tries - 1), mostMs) * (0.5 + random.fraction() / 2);
  switch (verdict.retry) {
    case "at once":
      return tries === 1 ? 0 : grown(limits.ydbRetryFirstMs, limits.ydbRetryMaxMs);
    case "soon":
      return pace.lost(work.what, clock.monotonicMs() + limits.ydbTransactionMs - deadlineMs);
    case "slowly":
      return grown(limits.ydbThrottledFirstMs, limits.ydbThrottledMaxMs);
    case "never":
      // What cannot be repeated can still be looked up, which is how a try begins.
      return tries === 1 && work.isInDoubt() ? 0 : undefined;
    default:
      return assertNever(verdict.retry);
  }
}

async function pause(clock: Clock & Alarms, waitMs: number): Promise<void> {
  if (waitMs === 0) return;
  await new Promise<void>((resolve) => {
    clock.set(plusMs(clock.now(), Math.ceil(waitMs)), resolve);
  });
}
