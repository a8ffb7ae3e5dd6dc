import { lookedAtBy, timerMovedTo } from "../core/run/due.ts";
import { digest } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run } from "../core/run/run.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Transaction } from "../ports/store.ts";
import { readRuns, writeRun } from "../records/run-record.ts";
import { isSameTimer, moveTimer, runOfTimer, type Timer } from "../records/timer-record.ts";
import { deliveryOwedBy } from "../records/delivery-record.ts";
import { lookAt, type Nudge } from "./nudge.ts";
import { notify } from "./tell.ts";

/** Whether a run's timer has waited for its message long enough. */
export function isOverdue(timer: Timer, now: Instant): boolean {
  return plusMs(timer.dueAt, limits.timerGraceMs) <= now;
}

/**
 * Has runs looked at that these timers are about, and moves every timer that is overdue, so that it
 * is not found again and again while its run lives. Each look begins a chain. A run that has ended
 * has a timer while it owes a delivery; a timer that its run does not have any more is removed.
 */
export async function redriveRuns(
  tx: Transaction,
  timers: readonly Timer[],
  { now, scope }: { readonly now: Instant; readonly scope: "due" | "everything" },
): Promise<readonly Nudge[]> {
  const owned = timers.flatMap((timer) => {
    const run = runOfTimer(timer);
    return run === undefined ? [] : [{ timer, run }];
  });
  const records = await readRuns(
    tx,
    owned.map(({ run }) => run),
  );
  return owned.flatMap(({ timer }, index) => {
    const record = records[index];
    if (record === undefined || !isSameTimer(record.timer, timer)) {
      moveTimer(tx, timer, undefined);
      return [];
    }
    const { run } = record;
    const owed = deliveryOwedBy(record);
    if (owed !== undefined) return [notify(owed.delivery, { run, timer })];
    const at = scope === "everything" ? now : plusMs(now, spreadMs(run));
    if (!isOverdue(timer, now)) return [lookAt(run, { chain: timer.dueAt, at })];
    const moved = { kind: lookedAtBy(run), ref: run.id, dueAt: timerMovedTo(run, now) };
    writeRun(tx, record, { run, timer: moved });
    return [lookAt(run, { chain: moved.dueAt, at })];
  });
}

/**
 * Polls are kept off the whole minute at which everything else is looked at: so whoever is woken by
 * an end goes in turn, and not whoever happens to be looked at just then. All others are looked at now.
 */
function spreadMs(run: Run): number {
  if (lookedAtBy(run) === "submit") return 0;
  return Number.parseInt(digest([run.id], 8), 16) % limits.timerGraceMs;
}
