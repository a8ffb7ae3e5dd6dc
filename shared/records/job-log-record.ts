import type { JobId } from "../core/ids.ts";
import type { LogStretch } from "../core/job/log-order.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { jobLogsTable } from "./tables.ts";

/** The last stretch of a job's log order that begins at or before an offset; the last of all without one. */
export async function readStretch(
  reader: Reader,
  job: JobId,
  offset?: number,
): Promise<LogStretch | undefined> {
  const [row] = await reader.scan(jobLogsTable, {
    prefix: { job },
    ...(offset === undefined ? {} : { to: offset }),
    order: "descending",
    limit: 1,
  });
  return row && fromBody<LogStretch>(row.body);
}

/** Writes a stretch over the one that begins where it begins. */
export function writeStretch(tx: Transaction, job: JobId, stretch: LogStretch): void {
  tx.put(jobLogsTable, { job, start: stretch.start, body: toBody(stretch) });
}

/** Removes the first stretches of a job's log order; answers with how many there were. */
export async function deleteStretches(tx: Transaction, job: JobId, limit: number): Promise<number> {
  const rows = await tx.scan(jobLogsTable, { prefix: { job }, limit });
  for (const { start } of rows) tx.delete(jobLogsTable, { job, start });
  return rows.length;
}
