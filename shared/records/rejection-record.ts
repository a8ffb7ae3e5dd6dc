import { limits } from "../core/limits.ts";
import { instant, plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { rejectionsTable } from "./tables.ts";

/** A message that could not be understood, with the reason, where a person finds it. */
export interface Rejection {
  readonly source: string;
  readonly id: string;
  readonly rejectedAt: Instant;
  readonly reason: string;
  /** The first bytes of the message, enough to recognise it. */
  readonly excerpt: string;
}

export function writeRejection(tx: Transaction, rejection: Rejection): void {
  const { source, id, rejectedAt, reason, excerpt } = rejection;
  tx.put(rejectionsTable, {
    source,
    rejected_at: rejectedAt,
    id,
    body: toBody({ reason, excerpt }),
    expire_at: plusMs(rejectedAt, limits.runRetentionMs),
  });
}

/** The latest rejections of a source, newest first. */
export async function scanRejections(
  reader: Reader,
  source: string,
  limit: number,
): Promise<readonly Rejection[]> {
  const rows = await reader.scan(rejectionsTable, {
    prefix: { source },
    order: "descending",
    limit,
  });
  return rows.map((row) => ({
    source: row.source,
    id: row.id,
    rejectedAt: instant(row.rejected_at),
    ...fromBody<{ reason: string; excerpt: string }>(row.body),
  }));
}
