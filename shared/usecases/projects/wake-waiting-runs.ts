import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import { plusMs, type Instant } from "../../core/time/instant.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { scanWaiting, scanWaitingForFunds } from "../../records/active-record.ts";
import { readRuns, writeRun, type RunRecord } from "../../records/run-record.ts";
import { lookAt, type Nudge } from "../nudge.ts";

/** The first in turn of the runs that wait for a project's limits, and of those that wait for funds. */
export async function waitingRuns(
  reader: Reader,
  project: ProjectId,
): Promise<readonly RunRecord[]> {
  const places = await Promise.all([
    scanWaiting(reader, project, limits.wakeRuns),
    scanWaitingForFunds(reader, project, limits.wakeRuns),
  ]);
  const records = await readRuns(
    reader,
    places.flat().map((place) => place.run),
  );
  return records.filter((record) => record !== undefined);
}

/**
 * Has waiting runs looked at now: what they wait for was computed with limits that have changed.
 * Their timers are overdue at once, so that the next tick does it where no message does.
 */
export function wakeWaitingRuns(
  tx: Transaction,
  records: readonly RunRecord[],
  now: Instant,
): readonly Nudge[] {
  const dueAt = plusMs(now, -limits.timerGraceMs);
  return records.map((record) => {
    const { run } = record;
    const timer = { kind: "submit" as const, ref: run.id, dueAt };
    writeRun(tx, record, { run, timer });
    return lookAt(run, { chain: dueAt, at: now });
  });
}
