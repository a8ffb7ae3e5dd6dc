import type { ExecutionResult } from "../core/execution/execution-result.ts";
import { attemptIdOf, type RunId, type ScheduleName } from "../core/ids.ts";
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
import { writeAttemptPlace } from "../records/operation-record.ts";
import { readRun, timerBy, writeRun } from "../records/run-record.ts";
import { readAdHocWork, writeWorkEnd } from "./finish-work.ts";
import { conclusionFacts, planConclusion, writeConclusion } from "./conclude.ts";
import { lookAt, sendNudges, type Nudge } from "./nudge.ts";
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
  await wakeWaiting(services, result.run, result.followers);
}

interface Written extends Ended {
  readonly nudges: readonly Nudge[];
  readonly followers: readonly ScheduleName[];
}

async function writeEnd(
  tx: Transaction,
  ended: EndedAttempt,
  drawn: { readonly now: Instant; readonly draw: number },
): Promise<Written | undefined> {
  const { now } = drawn;
  const record = await readRun(tx, ended.run);
  const live = record && liveAttempt(record.run);
  if (record === undefined || live?.number !== ended.number) return undefined;
  const [facts, before] = await Promise.all([
    conclusionFacts(tx, record.run),
    readAccount(tx, record.run.project),
  ]);
  const { configuration } = facts;

  const posting = postEnd(before, ended, {
    live,
    rates: configuration?.rates ?? {},
    now,
  });
  const unitsSettled = settledUnits(posting);
  const end = attemptEnd(ended, unitsSettled, now);
  const seen = observed(record.run, ended);
  const retry = facts.definition?.definition.retry;
  const moved = moveRun(seen, endEvent(seen, { outcome: ended.outcome, end }, { retry, ...drawn }));
  assert(moved.outcome === "moved", "a live attempt ends");
  const { run } = moved;
  const conclusion = await planConclusion(tx, run, { ...facts, now });
  const work = isFinal(run.state) ? await readAdHocWork(tx, run) : undefined;

  if (work !== undefined) writeWorkEnd(tx, work, run, { result: ended.usage, now });
  await writeAccount(tx, posting.account, posting.entries);
  writeAttemptPlace(tx, run);
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
    const timer = timerBy(record, retryAt, now);
    writeRun(tx, record, { run, timer });
    nudges.push(...tell(tx, subscriptions, { type: "run.retried", run, at: now }));
    nudges.push(lookAt(run, { chain: timer.dueAt, at: retryAt }));
  }
  return {
    run,
    startedNow,
    account: posting.account,
    unitsHeld: live.unitsHeld,
    unitsSettled,
    nudges,
    followers: conclusion.followers,
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
function observed(run: Run, ended: EndedAttempt): Run {
  if (ended.usage === undefined) return run;
  const moved = moveRun(run, { kind: "observe", startedAt: ended.usage.startedAt });
  return moved.outcome === "moved" ? moved.run : run;
}
