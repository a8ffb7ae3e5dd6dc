import type { ProjectId } from "../../core/ids.ts";
import { limits } from "../../core/limits.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Reader, Transaction } from "../../ports/store.ts";
import { scanWaiting } from "../../records/active-record.ts";
import { readRuns, writeRun, type RunRecord } from "../../records/run-record.ts";
import type { Nudge } from "../nudge.ts";

/** The first in turn of the runs that wait for a project's limits. */
export async function waitingRuns(
  reader: Reader,
  project: ProjectId,
): Promise<readonly RunRecord[]> {
  const places = await scanWaiting(reader, project, limits.wakeRuns);
  const records = await readRuns(
    reader,
    places.map((place) => place.run),
  );
  return records.filter((record) => record !== undefined);
}

/** Has waiting runs looked at now: what they wait for was computed with limits that have changed. */
export function wakeWaitingRuns(
  tx: Transaction,
  records: readonly RunRecord[],
  now: Instant,
): readonly Nudge[] {
  for (const record of records) writeRun(tx, record, { run: record.run, timerAt: now });
  return records.map(({ run }) => ({ kind: "submit", ref: run.id, at: now }));
}
