import { digest } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf } from "../ports/table.ts";
import { timersTable } from "./tables.ts";

/**
 * Who looks: the tick itself for a schedule, the watch for an operation with work left and for a job
 * whose data expires, the queue of the same name for the rest.
 */
export type TimerKind = "schedule" | "submit" | "watch" | "notify" | "operation" | "job";

/** What to look at, and when. An entity remembers its `dueAt`, which is how its timer is found. */
export interface Timer {
  readonly kind: TimerKind;
  readonly ref: string;
  readonly dueAt: Instant;
}

function timerKey(timer: Timer): KeyOf<typeof timersTable> {
  return { lane: laneOf(timer.ref), due_at: timer.dueAt, kind: timer.kind, ref: timer.ref };
}

/** Replaces one timer by another; either may be absent. Equal ones cost nothing. */
export function moveTimer(
  tx: Transaction,
  before: Timer | undefined,
  after: Timer | undefined,
): void {
  if (before?.dueAt === after?.dueAt && before?.kind === after?.kind) return;
  if (before !== undefined) tx.delete(timersTable, timerKey(before));
  if (after !== undefined) tx.put(timersTable, timerKey(after));
}

/** A page of a lane's timers due at or before `throughAt`, earliest first. */
export async function scanTimers(
  reader: Reader,
  lane: number,
  page: { readonly throughAt: Instant; readonly after?: Timer },
): Promise<readonly Timer[]> {
  const rows = await reader.scan(timersTable, {
    prefix: { lane },
    to: page.throughAt,
    limit: limits.tickPageRows,
    ...(page.after === undefined ? {} : { after: timerKey(page.after) }),
  });
  return rows.map((row) => ({
    kind: row.kind as TimerKind,
    ref: row.ref,
    dueAt: instant(row.due_at),
  }));
}

/** The lane spreads timers over partitions; it follows from the ref, so nothing has to store it. */
function laneOf(ref: string): number {
  return Number.parseInt(digest([ref], 4), 16) % limits.timerLanes;
}
