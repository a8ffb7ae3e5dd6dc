import { assert, assertNever } from "../core/assert.ts";
import type { RunId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Attempt } from "../core/run/attempt.ts";
import { decideAdmission, type AdmissionDecision } from "../core/run/decide-admission.ts";
import { eligibleAt } from "../core/run/due.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun, type RunEvent } from "../core/run/run-state.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { writeAccount } from "../records/account-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { writeAttemptPlace } from "../records/operation-record.ts";
import { readRun, timerBy, writeRun, type RunRecord } from "../records/run-record.ts";
import { isSameTimer } from "../records/timer-record.ts";
import { admissionFacts, type Seen } from "./admission-facts.ts";
import { planConclusion, writeConclusion } from "./conclude.ts";
import { lookAt, type Look, type Nudge } from "./nudge.ts";
import { tell } from "./tell.ts";

/** What was decided about a run, and written. */
export interface Submitted {
  readonly outcome: "decided";
  readonly run: Run;
  readonly decision: AdmissionDecision;
  /** True where the run waited for the same reason before: nothing new to say. */
  readonly unchanged: boolean;
  /** True where nobody had looked at the run before: it has just become due. */
  readonly isFirstLook: boolean;
  readonly nudges: readonly Nudge[];
  /** The chain that looks at the run from here on; absent once it is final. */
  readonly chain?: Instant | undefined;
  /** Schedules that come after the one of a run that has ended. */
  readonly followers: readonly ScheduleName[];
}

/** What a look at a run that may be due came to. */
export type SubmitResult =
  | Submitted
  /** There is nothing to decide: it has ended, or is not there. */
  | { readonly outcome: "over" }
  /** It was admitted before. */
  | { readonly outcome: "live"; readonly run: Run; readonly chain: Instant | undefined }
  /** Nobody may decide about it yet. */
  | { readonly outcome: "early"; readonly dueAt: Instant };

/**
 * Decides about a run and writes the decision with everything it entails, in one transaction:
 * the reservation, its ledger entry, the attempt and its operation; or the wait; or the end.
 *
 * What the run is to do was read a moment before (`seen.definition`): a configuration that changes
 * in between changes the runs after this one, as it does right after an admission.
 */
export async function admitRun(
  tx: Transaction,
  id: RunId,
  seen: Seen & Pick<Look, "chain">,
): Promise<SubmitResult> {
  const record = await readRun(tx, id);
  if (record === undefined || isFinal(record.run.state)) return { outcome: "over" };
  const { run, timer } = record;
  if (liveAttempt(run) !== undefined) return { outcome: "live", run, chain: timer?.dueAt };
  const dueAt = eligibleAt(run);
  if (dueAt > seen.now) return { outcome: "early", dueAt };
  const decision = decideAdmission(await admissionFacts(tx, run, seen));
  const isFirstLook = run.state === "queued";
  const decided = { outcome: "decided", isFirstLook, followers: [] } as const;
  return { ...decided, ...(await written(tx, record, decision, seen)) };
}

type Written = Omit<Submitted, "outcome" | "isFirstLook" | "followers"> &
  Partial<Pick<Submitted, "followers">>;

async function written(
  tx: Transaction,
  record: RunRecord,
  decision: AdmissionDecision,
  seen: Seen & Pick<Look, "chain">,
): Promise<Written> {
  switch (decision.kind) {
    case "conclude":
      return await concluded(tx, record, decision, seen);
    case "wait":
      return await waits(tx, record, decision, seen);
    case "admit":
      return await writeAdmission(tx, record, decision, seen.now);
    default:
      return assertNever(decision);
  }
}

type Decision<K> = Extract<AdmissionDecision, { readonly kind: K }>;

async function concluded(
  tx: Transaction,
  record: RunRecord,
  decision: Decision<"conclude">,
  { now, definition }: Seen,
): Promise<Written> {
  const { state, reason } = decision;
  const run = moved(record.run, { kind: "conclude", state, reason, at: now });
  const configuration = await readConfiguration(tx);
  const conclusion = await planConclusion(tx, run, { definition, configuration, now });
  const nudges = writeConclusion(tx, record, conclusion, now);
  return { run, decision, unchanged: false, nudges, followers: conclusion.followers };
}

async function waits(
  tx: Transaction,
  record: RunRecord,
  decision: Decision<"wait">,
  { now, chain }: Seen & Pick<Look, "chain">,
): Promise<Written> {
  const { reason, nextEligibleAt } = decision;
  const unchanged = record.run.state === "waiting" && record.run.reason?.code === reason.code;
  const before = { run: record.run, decision, unchanged };
  const isChained = chain !== undefined && chain === record.timer?.dueAt;
  const promisedAt = record.run.nextEligibleAt ?? now;
  // Nobody knows when it may go, so it is looked at again and again: that is nothing to write down.
  const isOpen = nextEligibleAt <= plusMs(now, limits.waitRecheckMs);
  if (unchanged && promisedAt <= nextEligibleAt && (isOpen || promisedAt > now)) {
    const next = lookAt(record.run, { chain, at: isOpen ? nextEligibleAt : promisedAt });
    return { ...before, nudges: isChained ? [next] : [] };
  }
  const run = moved(record.run, { kind: "wait", reason, nextEligibleAt, at: now });
  const timer = timerBy(record, nextEligibleAt, now);
  writeRun(tx, record, { run, timer });
  const subscriptions = unchanged ? [] : ((await readConfiguration(tx))?.subscriptions ?? []);
  const told = unchanged ? [] : tell(tx, subscriptions, { type: "run.waiting", run, at: now });
  // A look out of turn leaves the chain that is under way as it is, if one can be.
  const isFirst = record.run.state === "queued";
  const begins = isFirst || isChained || !isSameTimer(timer, record.timer);
  const next = lookAt(run, { chain: timer.dueAt, at: nextEligibleAt });
  return { run, decision, unchanged, nudges: begins ? [...told, next] : told };
}

/** Writes an admission: the reservation, its ledger entry, and the attempt, whose operation it is. */
export async function writeAdmission(
  tx: Transaction,
  record: RunRecord | { readonly run: Run; readonly isNew: true; readonly timer?: never },
  decision: Decision<"admit">,
  now: Instant,
): Promise<Written> {
  const { request, admitted: admission } = decision;
  const { bound, reservation, account, entries } = admission;
  const attempt: Attempt = {
    number: request.number,
    admittedAt: now,
    instanceType: request.instanceType,
    rate: reservation.rate,
    unitsHeld: reservation.units,
    softLimitMs: bound.softLimitMs,
    hardLimitMs: bound.hardLimitMs,
  };
  const run = moved(record.run, { kind: "admit", attempt });
  const before = "isNew" in record ? undefined : record;
  const timer = timerBy(record, plusMs(now, limits.timerGraceMs), now);
  writeRun(tx, before, { run, timer });
  await writeAccount(tx, account, entries);
  writeAttemptPlace(tx, run);
  return { run, decision, unchanged: false, nudges: [], chain: timer.dueAt };
}

function moved(run: Run, event: RunEvent): Run {
  const transition = moveRun(run, event);
  assert(transition.outcome === "moved", `a ${run.state} run takes ${event.kind}`);
  return transition.run;
}
