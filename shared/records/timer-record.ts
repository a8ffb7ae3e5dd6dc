import { digest, runKeyOf, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf, Row } from "../ports/table.ts";
import { timersTable } from "./tables.ts";

/**
 * Who looks: the tick itself for a schedule, the watch for an operation with work left and for a job
 * whose data expires, the queue of the same name for the rest.
 */
export type TimerKind = "schedule" | "submit" | "watch" | "notify" | "operation" | "job";

/**
 * What to look at, and when. An entity remembers its timer, which is how the row is found. A row
 * that is early is harmless; one that nothing remembers is stale, and removed by whoever finds it.
 */
export interface Timer {
  readonly kind: TimerKind;
  readonly ref: string;
  readonly dueAt: Instant;
}

/**
 * What the timer of a schedule refers to: the run that its next fire makes, which the row then
 * belongs to, and the generation of its timing, so that no two fires ever share a row.
 */
export function fireRef(run: RunId, generation: string): string {
  return `${run}~${generation}`;
}

/** The run that a timer of a schedule, a submit or a watch is about; undefined for any other. */
export function runOfTimer(timer: Timer): RunId | undefined {
  const [text = ""] = timer.ref.split("~", 1);
  return runKeyOf(text)?.run;
}

function timerKey(timer: Timer): KeyOf<typeof timersTable> {
  return { lane: laneOf(timer), due_at: timer.dueAt, kind: timer.kind, ref: timer.ref };
}

export function isSameTimer(a: Timer | undefined, b: Timer | undefined): boolean {
  return a?.dueAt === b?.dueAt && a?.kind === b?.kind && a?.ref === b?.ref;
}

/** Whether a timer has its row. */
export async function hasTimer(reader: Reader, timer: Timer): Promise<boolean> {
  return (await reader.get(timersTable, timerKey(timer))) !== undefined;
}

/** Replaces one timer by another; either may be absent. Equal ones cost nothing. */
export function moveTimer(
  tx: Transaction,
  before: Timer | undefined,
  after: Timer | undefined,
): void {
  if (isSameTimer(before, after)) return;
  if (before !== undefined) tx.delete(timersTable, timerKey(before));
  if (after !== undefined) tx.put(timersTable, timerKey(after));
}

interface TimerPage {
  readonly throughAt: Instant;
  readonly after?: Timer;
}

/** A page of a lane's timers due at or before `throughAt`, earliest first. */
export async function scanTimers(
  reader: Reader,
  lane: number,
  page: TimerPage,
): Promise<readonly Timer[]> {
  const rows = await reader.scan(timersTable, {
    prefix: { lane },
    to: page.throughAt,
    limit: limits.tickPageRows,
    ...(page.after === undefined ? {} : { after: timerKey(page.after) }),
  });
  return rows.map(decode);
}

/** When the first timer behind an instant is due, in any lane; undefined where none is. */
export async function nextTimerAfter(reader: Reader, at: Instant): Promise<Instant | undefined> {
  const lanes = Array.from({ length: limits.timerLanes }, (_, lane) => lane);
  const rows = await Promise.all(
    lanes.map(
      async (lane) => await reader.scan(timersTable, { prefix: { lane }, from: at + 1, limit: 1 }),
    ),
  );
  const dueAt = Math.min(...rows.flat().map((row) => row.due_at));
  return dueAt === Infinity ? undefined : instant(dueAt);
}

/** The first page of every lane: all are asked for at once, which an engine can send as one request. */
export async function scanLanes(
  reader: Reader,
  page: { readonly throughAt: Instant },
): Promise<readonly (readonly Timer[])[]> {
  const lanes = Array.from({ length: limits.timerLanes }, (_, lane) => lane);
  return await Promise.all(lanes.map(async (lane) => await scanTimers(reader, lane, page)));
}

function decode(row: Row<typeof timersTable>): Timer {
  return { kind: row.kind as TimerKind, ref: row.ref, dueAt: instant(row.due_at) };
}

/**
 * The lane spreads timers over partitions; it follows from the timer, so nothing has to store it. A
 * schedule stays in one lane, so that whoever sweeps that lane can make up for all it owes.
 */
function laneOf({ kind, ref }: Timer): number {
  const [schedule = ref] = kind === "schedule" ? ref.split(".", 1) : [ref];
  return Number.parseInt(digest([schedule], 4), 16) % limits.timerLanes;
}
