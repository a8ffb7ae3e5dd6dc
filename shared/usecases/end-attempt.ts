import type { ExecutionResult } from "../core/execution/execution-result.ts";
import { attemptIdOf, type RunId } from "../core/ids.ts";
import { attemptResponse } from "../core/operation/attempt-operation.ts";
import { moveOperation, type OperationEvent } from "../core/operation/operation-state.ts";
import { assert } from "../core/assert.ts";
import type { Attempt, AttemptEnd } from "../core/run/attempt.ts";
import { endEvent } from "../core/run/end-event.ts";
import type { Outcome } from "../core/run/outcome.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun } from "../core/run/run-state.ts";
import type { Instant } from "../core/time/instant.ts";
import { release, settle, type Account, type Posting } from "../core/units/account.ts";
import { rateOf } from "../core/units/rates.ts";
import type { Transaction } from "../ports/store.ts";
import { readAccount, writeAccount } from "../records/account-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readOperation, writeOperation } from "../records/operation-record.ts";
import { readRun, writeRun } from "../records/run-record.ts";
import { readRunDefinition } from "../records/run-definition.ts";
import { readAdHocWork, writeWorkEnd } from "./finish-work.ts";
import { planConclusion, writeConclusion } from "./conclude.ts";
import { sendNudges, type Nudge } from "./nudge.ts";
import { reportEnd, reportStarted, type Ended } from "./report.ts";
import type { Services } from "./services.ts";
import { tell } from "./tell.ts";
import { wakeWaiting } from "./wake.ts";

/** An attempt that is over, and how. */
export interface EndedAttempt {
  readonly run: RunId;
  readonly number: number;
  readonly outcome: Outcome;
  /** What it used and left; absent where nothing of it ran, and then its units are released. */
  readonly usage?: ExecutionResult;
}

/**
 * Ends an attempt: its reservation is settled or released, its operation is done, its run is final
 * or waits for a retry, deliveries are owed and downstream runs are made, all in one transaction
 * (P4, P5). Whoever comes second finds another attempt, or none, and changes nothing. Afterwards
 * the runs that this one kept waiting are woken.
 */
export async function endAttempt(services: Services, ended: EndedAttempt): Promise<void> {
  const now = services.clock.now();
  const draw = services.random.fraction();
  const result = await services.store.transact(
    "end-attempt",
    async (tx) => await writeEnd(tx, ended, { now, draw }),
  );
  if (result === undefined) return;
  if (result.startedNow !== undefined) reportStarted(services.log, result.startedNow);
  reportEnd(services.log, result);
  await sendNudges(services, result.nudges, now);
  await wakeWaiting(services, result.run);
}

async function writeEnd(
  tx: Transaction,
  ended: EndedAttempt,
  drawn: { readonly now: Instant; readonly draw: number },
): Promise<(Ended & { readonly nudges: readonly Nudge[] }) | undefined> {
  const { now } = drawn;
  const record = await readRun(tx, ended.run);
  const live = record && liveAttempt(record.run);
  if (record === undefined || live?.number !== ended.number) return undefined;
  const configuration = await readConfiguration(tx);
  const definition = (await readRunDefinition(tx, record.run))?.definition;
  const operation = await readOperation(tx, live.operation);
  const before = await readAccount(tx, record.run.project);

  const posting = postEnd(before, ended, {
    live,
    rates: configuration?.rates ?? {},
    now,
  });
  const unitsSettled = settledUnits(posting);
  const end = attemptEnd(ended, unitsSettled, now);
  const seen = observed(record.run, ended);
  const retry = definition?.retry;
  const moved = moveRun(seen, endEvent(seen, { outcome: ended.outcome, end }, { retry, ...drawn }));
  assert(moved.outcome === "moved", "a live attempt ends");
  const { run } = moved;
  const conclusion = await planConclusion(tx, run, now);
  const work = isFinal(run.state) ? await readAdHocWork(tx, run) : undefined;

  if (work !== undefined) writeWorkEnd(tx, work, run, { result: ended.usage, now });
  writeAccount(tx, posting.account, posting.entries);
  if (operation !== undefined) {
    writeOperation(
      tx,
      operation,
      moveOperation(operation.operation, operationEvent(ended.outcome, run, now)),
    );
  }
  const { subscriptions } = conclusion;
  const startedNow = record.run.state === "starting" && seen.state === "running" ? seen : undefined;
  const nudges: Nudge[] = [];
  if (startedNow !== undefined) {
    const at = ended.usage?.startedAt ?? now;
    nudges.push(...tell(tx, subscriptions, { type: "run.started", run: startedNow, at }));
  }
  if (isFinal(run.state)) {
    nudges.push(...writeConclusion(tx, record, conclusion, now));
  } else {
    const retryAt = run.nextEligibleAt ?? now;
    writeRun(tx, record, { run, timerAt: retryAt });
    nudges.push(...tell(tx, subscriptions, { type: "run.retried", run, at: now }));
    nudges.push({ kind: "submit", ref: run.id, at: retryAt });
  }
  return {
    run,
    startedNow,
    account: posting.account,
    unitsHeld: live.unitsHeld,
    unitsSettled,
    nudges,
  };
}

function postEnd(
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

function settledUnits(posting: Posting): number {
  return posting.reservation?.state === "settled" ? posting.reservation.spend.units : 0;
}

function attemptEnd(ended: EndedAttempt, unitsSettled: number, now: Instant): AttemptEnd {
  const { exitCode, outputs } = ended.outcome;
  return {
    endedAt: ended.usage?.finishedAt ?? now,
    ...(exitCode === undefined ? {} : { exitCode }),
    unitsSettled,
    outputs,
  };
}

/** A program that ended before anybody looked did start: the run is shown so on its way. */
function observed(run: Run, ended: EndedAttempt): Run {
  if (ended.usage === undefined) return run;
  const moved = moveRun(run, { kind: "observe", startedAt: ended.usage.startedAt });
  return moved.outcome === "moved" ? moved.run : run;
}

function operationEvent(outcome: Outcome, run: Run, at: Instant): OperationEvent {
  if (outcome.operationError !== undefined) {
    // Whoever cancelled it said why, in words that its caller may know.
    const given = outcome.state === "cancelled" ? run.cancelText : undefined;
    const message = given ?? outcome.reason?.text ?? outcome.state;
    return { kind: "fail", code: outcome.operationError, message, at };
  }
  return { kind: "respond", response: attemptResponse(outcome.exitCode ?? 0), at };
}
