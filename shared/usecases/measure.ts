import { SECOND_MS } from "../core/time/duration.ts";
import type { Instant } from "../core/time/instant.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Timer } from "../records/timer-record.ts";
import type { Submitted } from "./admit-run.ts";
import { isOverdue } from "./redrive-runs.ts";
import type { Ended } from "./report.ts";

/** A run's life in metrics, told where `report.ts` tells it in log lines. */

/** Runs that a claim made, now that they stand: each begins a trace. */
export function measureFired(telemetry: Telemetry, runs: readonly Run[]): void {
  for (const { id, schedule, project, state, cause } of runs) {
    telemetry.made(id, { run: id, schedule, project });
    if (cause.kind !== "occurrence") continue;
    telemetry.count("orrery.occurrences", 1, { outcome: isFinal(state) ? "missed" : "fired" });
  }
}

/** What a tick finds among the first timers of each lane. */
export function measureTimers(telemetry: Telemetry, timers: readonly Timer[], now: Instant): void {
  const overdue = timers.filter((timer) => isOverdue(timer, now));
  const first = Math.min(now, ...overdue.map(({ dueAt }) => dueAt));
  telemetry.gauge("orrery.timers.overdue", overdue.length, {});
  telemetry.gauge("orrery.timers.overdue.oldest", seconds(now - first), {});
}

/** The first look at a run, made now. */
export function measureDue(telemetry: Telemetry, run: Run, now: Instant): void {
  telemetry.record("orrery.run.due.lateness", seconds(now - run.effectiveAt), causeOf(run));
}

export function measureDecision(telemetry: Telemetry, { decision, run }: Submitted): void {
  if (decision.kind === "admit") {
    telemetry.count("orrery.units.held", decision.admitted.reservation.units, {});
  }
  if (isFinal(run.state)) measureFinal(telemetry, run);
}

export function measureStarted(telemetry: Telemetry, run: Run): void {
  const attempt = liveAttempt(run);
  if (attempt?.startedAt === undefined) return;
  const { startedAt, admittedAt, number } = attempt;
  const cause = causeOf(run);
  telemetry.record("orrery.run.start.delay", seconds(startedAt - admittedAt), cause);
  if (number > 1) return;
  telemetry.record("orrery.run.start.lateness", seconds(startedAt - run.effectiveAt), cause);
}

export function measureEnd(telemetry: Telemetry, ended: Ended): void {
  const { run, unitsHeld, unitsSettled } = ended;
  telemetry.count("orrery.units.settled", unitsSettled, {});
  const overrun = unitsSettled - unitsHeld;
  if (overrun > 0) telemetry.count("orrery.units.overrun", overrun, {});
  if (isFinal(run.state)) measureFinal(telemetry, run);
  else telemetry.count("orrery.runs.retried", 1, causeOf(run));
}

/** A run that has just become final. */
export function measureFinal(telemetry: Telemetry, run: Run): void {
  if (isFinal(run.state)) {
    telemetry.count("orrery.runs.ended", 1, { state: run.state, ...causeOf(run) });
  }
}

function causeOf({ cause }: Run): { readonly cause: Run["cause"]["kind"] } {
  return { cause: cause.kind };
}

/** Clocks of two machines may disagree: nothing starts before its time. */
function seconds(ms: number): number {
  return Math.max(0, ms) / SECOND_MS;
}
