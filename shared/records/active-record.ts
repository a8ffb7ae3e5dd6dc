import type { ProjectId, RunId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { RANKS } from "../core/run/priority.ts";
import { isProtected } from "../core/run/turn.ts";
import type { RunState } from "../core/run/run.ts";
import { instant, type Instant } from "../core/time/instant.ts";
import type { Reader, Scan } from "../ports/store.ts";
import type { Row } from "../ports/table.ts";
import { activeTable, waitingTable } from "./tables.ts";

/** Runs of a schedule that wait, by run id: nominal time first. */
export async function scanWaitingOf(
  reader: Reader,
  schedule: ScheduleName,
): Promise<readonly ActiveRun[]> {
  return waitingIn(
    await reader.scan(activeTable, { prefix: { schedule }, limit: limits.scanRows }),
  );
}

function waitingIn(rows: readonly Row<typeof activeTable>[]): readonly ActiveRun[] {
  // An older version kept those that run here too.
  const waiting = rows.filter(({ state }) => state === "waiting");
  return waiting.map((row) => ({
    run: row.run as RunId,
    effectiveAt: instant(row.effective_at),
    state: row.state as RunState,
    reason: row.reason,
  }));
}

/** Runs that wait, of any schedule, by schedule; at most `limits.scanRows` of them. */
export async function scanAllWaiting(reader: Reader): Promise<readonly ActiveRun[]> {
  return waitingIn(await reader.scan(activeTable, { limit: limits.scanRows }));
}

/** A run's place in its project's queue. */
export interface WaitingRun {
  readonly run: RunId;
  readonly rank: number;
  readonly since: Instant;
}

/** The runs that wait for a project's limits, first in turn first. */
export async function scanLine(
  reader: Reader,
  project: ProjectId,
  limit: number,
): Promise<readonly WaitingRun[]> {
  return await scanPlaces(reader, { prefix: { project }, to: RANKS - 1, limit });
}

/** Whoever asks for the heads of a line. */
export interface LineAsker {
  /** So many are wanted of each rank, because some of them may leave the line. */
  readonly length: number;
  /** Nobody of a higher number is wanted. */
  readonly lastRank: number;
  readonly now: Instant;
}

/**
 * Enough of a line to tell who must be let go first: its first runs, and those of lower priorities
 * behind one that has not waited for long, in order.
 */
export async function scanHeads(
  reader: Reader,
  project: ProjectId,
  { length, lastRank, now }: LineAsker,
): Promise<readonly WaitingRun[]> {
  const found = new Map<RunId, WaitingRun>();
  let page = await scanLine(reader, project, length);
  for (;;) {
    for (const each of page) found.set(each.run, each);
    const [first] = page;
    if (first === undefined || first.rank >= lastRank || isProtected(first, now)) break;
    const behind = { prefix: { project }, from: first.rank + 1, to: lastRank };
    page = await scanPlaces(reader, { ...behind, limit: length });
  }
  return [...found.values()].toSorted((a, b) => a.rank - b.rank || a.since - b.since);
}

/** The same, and behind them those that wait for units, of which there may be none for long. */
export async function scanWaiting(
  reader: Reader,
  project: ProjectId,
  limit: number,
): Promise<readonly WaitingRun[]> {
  return await scanPlaces(reader, { prefix: { project }, to: 2 * RANKS - 1, limit });
}

/** Those that wait until their low project is funded, first in turn first. */
export async function scanWaitingForFunds(
  reader: Reader,
  project: ProjectId,
  limit: number,
): Promise<readonly WaitingRun[]> {
  return await scanPlaces(reader, { prefix: { project }, from: 2 * RANKS, limit });
}

async function scanPlaces(
  reader: Reader,
  scan: Scan<typeof waitingTable>,
): Promise<readonly WaitingRun[]> {
  const rows = await reader.scan(waitingTable, scan);
  return rows.map(({ run, rank, since }) => ({
    run: run as RunId,
    rank,
    since: instant(since),
  }));
}
