import { assert, assertNever } from "../core/assert.ts";
import type { ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Attempt } from "../core/run/attempt.ts";
import type { AdmissionDecision } from "../core/run/decide-admission.ts";
import { nextLookAt, waitTimerAt } from "../core/run/due.ts";
import { startDeadlineAt } from "../core/run/gate.ts";
import type { Run } from "../core/run/run.ts";
import { moveRun, type RunEvent } from "../core/run/run-state.ts";
import { earlier, plusMs, type Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { writeAttemptPlace } from "../records/operation-record.ts";
import { timerBy, writeRun, type RunRecord } from "../records/run-record.ts";
import { isSameTimer } from "../records/timer-record.ts";
import type { Seen } from "./admission-facts.ts";
import { tellRefused } from "./budget-events.ts";
import { planConclusion, writeConclusion } from "./conclude.ts";
import { lookAt, type Look, type Nudge } from "./nudge.ts";
import { tell } from "./tell.ts";

/** What a run was decided on by. */
export interface DecidedOn extends Seen, Pick<Look, "chain"> {
  /** Whether all that it may wait for is told by a message; what a provider changes is not. */
  readonly isWoken: boolean;
}

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

/** What the writing of a decision adds to what was known before. */
type Written = Omit<Submitted, "outcome" | "isFirstLook" | "followers"> &
  Partial<Pick<Submitted, "followers">>;

/**
 * Writes what was decided about a run, and everything it entails but the account, which whoever
 * admits several runs writes once.
 */
export async function writeDecision(
  tx: Transaction,
  record: RunRecord,
  decision: AdmissionDecision,
  seen: DecidedOn,
): Promise<Written> {
  switch (decision.kind) {
    case "conclude":
      return await concluded(tx, record, decision, seen);
    case "wait":
      return await waits(tx, record, decision, seen);
    case "admit":
      return writeAdmission(tx, record, decision, seen.now);
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
  const { state, reason, spacedFrom } = decision;
  const run = moved(record.run, { kind: "conclude", state, reason, at: now, spacedFrom });
  const configuration = await readConfiguration(tx);
  const conclusion = await planConclusion(tx, run, { definition, configuration, now });
  const nudges = [
    ...writeConclusion(tx, record, conclusion, now),
    ...tellRefused(tx, conclusion.subscriptions, { run, reason, at: now }),
  ];
  return { run, decision, unchanged: false, nudges, followers: conclusion.followers };
}

async function waits(
  tx: Transaction,
  record: RunRecord,
  decision: Decision<"wait">,
  seen: DecidedOn,
): Promise<Written> {
  const { now, chain } = seen;
  const { reason, nextEligibleAt, isInLine } = decision;
  const unchanged = record.run.state === "waiting" && record.run.reason?.code === reason.code;
  const before = { run: record.run, decision, unchanged };
  const isChained = chain !== undefined && chain === record.timer?.dueAt;
  const promisedAt = record.run.nextEligibleAt ?? now;
  // Nobody knows when it may go, so it is looked at again and again: that is nothing to write down.
  const isOpen = nextEligibleAt === plusMs(now, limits.waitRecheckMs);
  const openAt = unchanged && isOpen ? openLookAt(record.run, decision, seen) : nextEligibleAt;
  const movedTo = isChained && isOpen ? waitTimerAt(chain, openAt, now) : undefined;
  const isPromised = promisedAt <= nextEligibleAt && (isOpen || promisedAt > now);
  const keepsPlace = (record.run.waitingSince !== undefined) === (isInLine === true);
  if (unchanged && isPromised && keepsPlace && movedTo === undefined) {
    const next = lookAt(record.run, { chain, at: isOpen ? openAt : promisedAt });
    return { ...before, nudges: isChained ? [next] : [] };
  }
  const run = moved(record.run, { kind: "wait", reason, nextEligibleAt, isInLine, at: now });
  const timer =
    movedTo === undefined
      ? timerBy(record, nextEligibleAt, now)
      : { kind: "submit" as const, ref: run.id, dueAt: movedTo };
  writeRun(tx, record, { run, timer });
  const subscriptions = unchanged ? [] : ((await readConfiguration(tx))?.subscriptions ?? []);
  const told = unchanged ? [] : tell(tx, subscriptions, { type: "run.waiting", run, at: now });
  // A look out of turn leaves the chain that is under way as it is, if one can be.
  const isFirst = record.run.state === "queued";
  const begins = isFirst || isChained || !isSameTimer(timer, record.timer);
  if (begins) {
    const next = lookAt(run, { chain: timer.dueAt, at: openAt });
    return { run, decision, unchanged, nudges: [...told, next] };
  }
  // The chain looks when it was promised before: where that is sooner by now, somebody has to look besides.
  const isSooner = !isOpen && nextEligibleAt < promisedAt;
  const hints = isSooner ? [lookAt(run, { chain: undefined, at: nextEligibleAt })] : [];
  return { run, decision, unchanged, nudges: [...told, ...hints] };
}

/** The later a look the longer it has waited, where messages tell what it waits for. */
function openLookAt(run: Run, decision: Decision<"wait">, seen: DecidedOn): Instant {
  if (!seen.isWoken) return decision.nextEligibleAt;
  const { definition } = seen.definition ?? {};
  const deadlineAt = definition && startDeadlineAt(run, definition);
  const at = nextLookAt(run, seen.now);
  return deadlineAt === undefined ? at : earlier(at, plusMs(deadlineAt, 1));
}

/** Writes an admitted run and its attempt, whose operation it is; its account is the caller's to write. */
export function writeAdmission(
  tx: Transaction,
  record: RunRecord | { readonly run: Run; readonly isNew: true; readonly timer?: never },
  decision: Decision<"admit">,
  now: Instant,
): Written {
  const { request, admitted: admission } = decision;
  const { bound, reservation } = admission;
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
  writeAttemptPlace(tx, run);
  return { run, decision, unchanged: false, nudges: [], chain: timer.dueAt };
}

function moved(run: Run, event: RunEvent): Run {
  const transition = moveRun(run, event);
  assert(transition.outcome === "moved", `a ${run.state} run takes ${event.kind}`);
  return transition.run;
}
