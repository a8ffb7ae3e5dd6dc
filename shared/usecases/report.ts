import { assertNever } from "../core/assert.ts";
import type { Run } from "../core/run/run.ts";
import { liveAttempt } from "../core/run/run.ts";
import { formatDurationMs } from "../core/time/duration.ts";
import { formatInstant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import type { Log, LogEntry } from "../ports/log.ts";
import type { Submitted } from "./admit-run.ts";

/** What the end of an attempt led to. */
export interface Ended {
  readonly run: Run;
  /** The run as it started, where its start and its end were seen at once. */
  readonly startedNow: Run | undefined;
  readonly account: Account;
  readonly unitsHeld: number;
  readonly unitsSettled: number;
}

/** A run's life in log lines. The names are stable: platforms show and filter by them. */

export function reportDue(log: Log, run: Run): void {
  const asked = run.cause.kind === "occurrence" ? "" : `, asked for by a ${run.cause.kind}`;
  const message = `${run.schedule} is due (nominal ${formatInstant(run.nominalAt)}${asked})`;
  log.write(line("info", "run.due", run, message));
}

export function reportDecision(log: Log, submitted: Submitted): void {
  const { decision, run } = submitted;
  switch (decision.kind) {
    case "admit": {
      const { reservation, account } = decision.admitted;
      const held = `${reservation.units} units held`;
      log.write(line("info", "run.admitted", run, `admitted: ${held}${ofLimits(account)}`));
      return;
    }
    case "wait": {
      const until = formatInstant(decision.nextEligibleAt);
      log.write(
        line("info", "run.waiting", run, `waits: ${decision.reason.text} (until ${until} at most)`),
      );
      return;
    }
    case "conclude":
      log.write(line("warn", `run.${run.state}`, run, `${run.state}: ${decision.reason.text}`));
      return;
    default:
      assertNever(decision);
  }
}

export function reportStarted(log: Log, run: Run): void {
  const attempt = liveAttempt(run);
  const message = `started attempt ${attempt?.number ?? 0} on ${attempt?.instanceType ?? "unknown"}`;
  log.write(line("info", "run.started", run, message));
}

/** A run that was under way when the platform before this one ended. */
export function reportFound(log: Log, run: Run): void {
  const startedAt = liveAttempt(run)?.startedAt;
  const since =
    startedAt === undefined ? "was being started" : `runs since ${formatInstant(startedAt)}`;
  const message = `found again: attempt ${run.attempts.length} ${since}`;
  log.write(line("info", "run.found", run, message));
}

export function reportEnd(log: Log, ended: Ended): void {
  const { run, account, unitsHeld, unitsSettled } = ended;
  const attempt = run.attempts.at(-1);
  const tookMs = (attempt?.end?.endedAt ?? 0) - (attempt?.startedAt ?? attempt?.end?.endedAt ?? 0);
  const reason = run.reason === undefined ? "" : `: ${run.reason.text}`;
  const name = run.state === "waiting" ? "run.retried" : `run.${run.state}`;
  const took = `in ${formatDurationMs(Math.max(0, tookMs))}`;
  log.write(
    line(run.state === "succeeded" ? "info" : "warn", name, run, `${run.state} ${took}${reason}`),
  );
  const settled = `settled: ${unitsSettled} units spent of ${unitsHeld} held`;
  log.write(line("info", "units.settled", run, `${settled}${ofLimits(account)}`));
}

/** The limits that the numbers before it are measured against. */
function ofLimits(account: Account): string {
  const { unitsPerHour, unitsPerExecution } = account.limits;
  const parts = [
    ...(unitsPerExecution === undefined ? [] : [`${unitsPerExecution} an execution`]),
    ...(unitsPerHour === undefined ? [] : [`${unitsPerHour} an hour`]),
    ...(account.balance === undefined ? [] : [`a balance of ${account.balance}`]),
  ];
  return parts.length === 0 ? " (no limits)" : ` (${account.held} held of ${parts.join(", ")})`;
}

function line(level: LogEntry["level"], name: string, run: Run, message: string): LogEntry {
  const { id, schedule, project, state } = run;
  return {
    level,
    name,
    message,
    fields: { run: id, schedule, project, state, attempt: run.attempts.length },
  };
}
