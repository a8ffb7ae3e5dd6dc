import { assert, assertNever } from "../core/assert.ts";
import { operationIdOf, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { attemptMetadata } from "../core/operation/attempt-operation.ts";
import type { Attempt } from "../core/run/attempt.ts";
import { decideAdmission, type AdmissionDecision } from "../core/run/decide-admission.ts";
import { liveAttempt, type Run } from "../core/run/run.ts";
import { moveRun, type RunEvent } from "../core/run/run-state.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { writeAccount } from "../records/account-record.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { writeOperation } from "../records/operation-record.ts";
import { readRun, writeRun, type RunRecord } from "../records/run-record.ts";
import { admissionFacts } from "./admission-facts.ts";
import { planConclusion, writeConclusion } from "./conclude.ts";
import type { Nudge } from "./nudge.ts";
import { tell } from "./tell.ts";

/** What was decided about a run, and written. */
export interface Submitted {
  readonly run: Run;
  readonly decision: AdmissionDecision;
  /** True where the run waited for the same reason before: nothing new to say. */
  readonly unchanged: boolean;
  /** True where nobody had looked at the run before: it has just become due. */
  readonly isFirstLook: boolean;
  readonly nudges: readonly Nudge[];
}

/**
 * Decides about a run and writes the decision with everything it entails, in one transaction:
 * the reservation, its ledger entry, the attempt and its operation; or the wait; or the end.
 * Undefined where there is nothing to decide: the run has ended, or already has a live attempt.
 */
export async function admitRun(
  tx: Transaction,
  id: RunId,
  seen: { readonly now: Instant; readonly refusal?: string | undefined },
): Promise<Submitted | undefined> {
  const record = await readRun(tx, id);
  if (record?.timerAt === undefined || liveAttempt(record.run) !== undefined) return undefined;
  const decision = decideAdmission(await admissionFacts(tx, record.run, seen));
  const isFirstLook = record.run.state === "queued";
  return { ...(await written(tx, record, decision, seen.now)), isFirstLook };
}

type Written = Omit<Submitted, "isFirstLook">;

async function written(
  tx: Transaction,
  record: RunRecord,
  decision: AdmissionDecision,
  now: Instant,
): Promise<Written> {
  switch (decision.kind) {
    case "conclude":
      return await concluded(tx, record, decision, now);
    case "wait":
      return await waits(tx, record, decision, now);
    case "admit":
      return writeAdmission(tx, record, decision, now);
    default:
      return assertNever(decision);
  }
}

type Decision<K> = Extract<AdmissionDecision, { readonly kind: K }>;

async function concluded(
  tx: Transaction,
  record: RunRecord,
  decision: Decision<"conclude">,
  now: Instant,
): Promise<Written> {
  const { state, reason } = decision;
  const run = moved(record.run, { kind: "conclude", state, reason, at: now });
  const conclusion = await planConclusion(tx, run, now);
  const nudges = writeConclusion(tx, record, conclusion, now);
  return { run, decision, unchanged: false, nudges };
}

async function waits(
  tx: Transaction,
  record: RunRecord,
  decision: Decision<"wait">,
  now: Instant,
): Promise<Written> {
  const { reason, nextEligibleAt } = decision;
  const run = moved(record.run, { kind: "wait", reason, nextEligibleAt, at: now });
  const unchanged = record.run.state === "waiting" && record.run.reason?.code === reason.code;
  const owedAt = record.timerAt ?? now;
  if (unchanged && owedAt > now && owedAt <= nextEligibleAt) {
    // A look ahead of time that finds nothing new leaves the look that is owed as it is: else every
    // wake would begin a chain of messages of its own, and chains end only with the wait.
    return { run: record.run, decision, unchanged, nudges: [] };
  }
  const subscriptions = (await readConfiguration(tx))?.subscriptions ?? [];
  writeRun(tx, record, { run, timerAt: nextEligibleAt });
  const told = unchanged ? [] : tell(tx, subscriptions, { type: "run.waiting", run, at: now });
  return {
    run,
    decision,
    unchanged,
    nudges: [...told, { kind: "submit", ref: run.id, at: nextEligibleAt }],
  };
}

/** Writes an admission: the reservation, its ledger entry, the attempt and its operation. */
export function writeAdmission(
  tx: Transaction,
  record: RunRecord | { readonly run: Run; readonly isNew: true },
  decision: Decision<"admit">,
  now: Instant,
): Written {
  const { request, admitted: admission } = decision;
  const { project } = record.run;
  const { bound, reservation, account, entries } = admission;
  const operation = operationIdOf(project, request.attempt);
  const attempt: Attempt = {
    number: request.number,
    operation,
    admittedAt: now,
    instanceType: request.instanceType,
    rate: reservation.rate,
    unitsHeld: reservation.units,
    softLimitMs: bound.softLimitMs,
    hardLimitMs: bound.hardLimitMs,
    polls: 0,
  };
  const run = moved(record.run, { kind: "admit", attempt });
  const before = "isNew" in record ? undefined : record;
  writeRun(tx, before, { run, timerAt: plusMs(now, limits.startLeaseMs) });
  writeAccount(tx, account, entries);
  writeOperation(tx, undefined, {
    id: operation,
    owner: project,
    description: describe(record.run, request.number),
    createdAt: now,
    createdBy: record.run.createdBy ?? "orrery",
    modifiedAt: now,
    subject: { kind: "attempt", run: run.id, number: request.number },
    metadata: attemptMetadata({ run: run.id, number: request.number, status: run.state }),
  });
  return { run, decision, unchanged: false, nudges: [] };
}

function describe(run: Run, number: number): string {
  switch (run.cause.kind) {
    case "job":
      return "Execute job";
    case "notebook":
      return "Execute notebook";
    default:
      return `Run ${run.schedule}, attempt ${number}`;
  }
}

function moved(run: Run, event: RunEvent): Run {
  const transition = moveRun(run, event);
  assert(transition.outcome === "moved", `a ${run.state} run takes ${event.kind}`);
  return transition.run;
}
