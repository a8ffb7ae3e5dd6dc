import type { Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { metaTable } from "./tables.ts";

/** A sweep over all rows of a kind, a page to an audit, and what the one before it came to. */
export interface Sweep {
  readonly beganAt: Instant;
  /** The key of the row that it came to; absent once it is through. */
  readonly after?: string | undefined;
  /** What it has counted so far. */
  readonly counted: Counts;
  /** What the last one that is through counted; absent before the first. */
  readonly found?: Counts | undefined;
}

export interface Counts {
  readonly seen: number;
  /** Of those, how many are not as they have to be. */
  readonly wrong: number;
}

type SweepName = "reservations" | "schedules";

/** Where the sweeps of the audit are, whichever instance of the tick goes on with them. */
export type AuditState = { readonly [K in SweepName]?: Sweep };

const NAME = "audit";

export async function readAuditState(reader: Reader): Promise<AuditState> {
  const row = await reader.get(metaTable, { name: NAME });
  return row === undefined ? {} : fromBody<AuditState>(row.body);
}

export function writeAuditState(tx: Transaction, state: AuditState): void {
  tx.put(metaTable, { name: NAME, body: toBody(state) });
}
