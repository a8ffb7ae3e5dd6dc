import type { ExecutionResult } from "../core/execution/execution-result.ts";
import { attemptIdOf, type ProjectId, type RunId } from "../core/ids.ts";
import type { Attempt, AttemptEnd } from "../core/run/attempt.ts";
import type { Outcome } from "../core/run/outcome.ts";
import type { Run } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import type { Instant } from "../core/time/instant.ts";
import { release, settle, type Account, type Posting } from "../core/units/account.ts";
import { rateOf } from "../core/units/rates.ts";

/** An attempt that is over, and how. */
export interface EndedAttempt {
  readonly run: RunId;
  /** Its run's, where that is known. */
  readonly project?: ProjectId | undefined;
  readonly number: number;
  readonly outcome: Outcome;
  /** What it used and left; absent where nothing of it ran, and then its units are released. */
  readonly usage?: ExecutionResult;
}

/** Settles or releases what an attempt held. */
export function postEnd(
  account: Account,
  ended: EndedAttempt,
  priced: {
    readonly live: Attempt;
    readonly rates: Readonly<Record<string, number>>;
    readonly now: Instant;
  },
): Posting {
  const attempt = attemptIdOf(ended.run, ended.number);
  if (ended.usage === undefined) return release(account, attempt, "not started", priced.now);
  const { startedAt, finishedAt, instanceType } = ended.usage;
  // A rate that was changed meanwhile is for later attempts: this one was held at the old one.
  const known =
    instanceType === priced.live.instanceType ? undefined : rateOf(instanceType, priced.rates);
  const rate = known ?? priced.live.rate;
  return settle(account, attempt, { startedAt, finishedAt, rate }, priced.now);
}

/** What it cost in the end; nothing where its units were released. */
export function settledUnits(posting: Posting): number {
  return posting.reservation?.state === "settled" ? posting.reservation.spend.units : 0;
}

/** How it ended, as its run keeps it. */
export function attemptEnd(ended: EndedAttempt, unitsSettled: number, now: Instant): AttemptEnd {
  const { exitCode, operationError, outputs } = ended.outcome;
  const endedAt = ended.usage?.finishedAt ?? now;
  return {
    endedAt,
    ...(endedAt === now ? {} : { settledAt: now }),
    ...(exitCode === undefined ? {} : { exitCode }),
    unitsSettled,
    outputs,
    ...(operationError === undefined ? {} : { operationError }),
  };
}

/** A program that ended before anybody looked did start: the run is shown so on its way. */
export function observed(run: Run, ended: EndedAttempt): Run {
  if (ended.usage === undefined) return run;
  const moved = moveRun(run, { kind: "observe", startedAt: ended.usage.startedAt });
  return moved.outcome === "moved" ? moved.run : run;
}
