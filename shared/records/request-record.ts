import { limits } from "../core/limits.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { requestsTable } from "./tables.ts";

/** What a request led to. The digest tells a repeat from another request under the same key. */
export interface RequestRecord {
  readonly digest: string;
  /** The id of the run or the operation it made. */
  readonly result: string;
}

export interface RequestKey {
  readonly scope: string;
  readonly key: string;
}

export async function readRequest(
  reader: Reader,
  key: RequestKey,
  now: Instant,
): Promise<RequestRecord | undefined> {
  const row = await reader.get(requestsTable, { scope: key.scope, key: key.key });
  // An engine drops expired rows hours late, so the instant decides, not the row's presence.
  if (row === undefined || (row.expire_at !== null && row.expire_at <= now)) return undefined;
  return fromBody<RequestRecord>(row.body);
}

export function writeRequest(
  tx: Transaction,
  key: RequestKey,
  request: RequestRecord & { readonly at: Instant },
): void {
  const { digest, result } = request;
  const expireAt = plusMs(request.at, limits.requestRetentionMs);
  const body = toBody({ digest, result });
  tx.put(requestsTable, { scope: key.scope, key: key.key, body, expire_at: expireAt });
}
