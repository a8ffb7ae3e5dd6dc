import type { ProjectId, RunId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { ActiveRun } from "../core/run/gate.ts";
import { RANKS } from "../core/run/priority.ts";
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

/** The same, and behind them those that wait for units, of which there may be none for long. */
export async function scanWaiting(
  reader: Reader,
  project: ProjectId,
  limit: number,
): Promise<readonly WaitingRun[]> {
  return await scanPlaces(reader, { prefix: { project }, limit });
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
