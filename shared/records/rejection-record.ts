import { limits } from "../core/limits.ts";
import { instant, plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { rejectionsTable } from "./tables.ts";

/** A message that could not be understood, with the reason, where a person finds it. */
export interface Rejection {
  readonly source: string;
  readonly id: string;
  readonly sentAt: Instant;
  readonly rejectedAt: Instant;
  readonly reason: string;
  /** The first bytes of the message, enough to recognise it. */
  readonly excerpt: string;
}

/** Writes a rejection under the message's own identity, so the same message has one row. */
export function writeRejection(tx: Transaction, rejection: Rejection): void {
  const { source, id, sentAt, rejectedAt, reason, excerpt } = rejection;
  tx.put(rejectionsTable, {
    source,
    sent_at: sentAt,
    id,
    body: toBody({ rejectedAt, reason, excerpt }),
    expire_at: plusMs(rejectedAt, limits.runRetentionMs),
  });
}

/** Whether a message was set aside before. */
export async function isRejected(
  reader: Reader,
  { source, id, sentAt }: Pick<Rejection, "source" | "id" | "sentAt">,
): Promise<boolean> {
  return (await reader.get(rejectionsTable, { source, sent_at: sentAt, id })) !== undefined;
}

/** The latest rejections of a source, the message sent last first. */
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
    sentAt: instant(row.sent_at),
    ...fromBody<Pick<Rejection, "rejectedAt" | "reason" | "excerpt">>(row.body),
  }));
}
