import type { AccessResource } from "../core/access/access.ts";
import { limits } from "../core/limits.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { requestsTable } from "./tables.ts";

/** Whose an operation is that a provider keeps: what its call was about, and who called. */
export interface PassedOperation {
  /** Absent where the call was about nothing that is there: then only its caller may look. */
  readonly resource?: AccessResource;
  readonly startedBy: string;
}

/** No caller's key can meet it: those of callers name their caller and method. */
const SCOPE = "provider's operations";

/** A provider's ids are 20 letters and digits; those of another Orrery have up to 160 characters. */
const ID = /^[\w.-]{1,200}$/;

export async function readPassedOperation(
  reader: Reader,
  operation: string,
): Promise<PassedOperation | undefined> {
  if (!ID.test(operation)) return undefined;
  const row = await reader.get(requestsTable, { scope: SCOPE, key: operation });
  return row && fromBody<PassedOperation>(row.body);
}

/** Kept as long as what any request led to. */
export function writePassedOperation(
  tx: Transaction,
  operation: string,
  { at, ...passed }: PassedOperation & { readonly at: Instant },
): void {
  const expireAt = plusMs(at, limits.requestRetentionMs);
  tx.put(requestsTable, {
    ...{ scope: SCOPE, key: operation, body: toBody(passed) },
    expire_at: expireAt,
  });
}
