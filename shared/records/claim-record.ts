import type { AttemptId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import { plusMs, type Instant } from "../core/time/instant.ts";
import type { ExecutionClaim, Held } from "../ports/execution-claims.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { claimsTable } from "./tables.ts";

type ClaimBody =
  { readonly claim: Omit<ExecutionClaim, "attempt"> } | { readonly revision: number };

/** What stands for an attempt at its provider. */
export async function readClaim(reader: Reader, attempt: AttemptId): Promise<Held | undefined> {
  const row = await reader.get(claimsTable, { attempt });
  if (row === undefined) return undefined;
  const body = fromBody<ClaimBody>(row.body);
  return "claim" in body
    ? { kind: "claim", claim: { ...body.claim, attempt } }
    : { kind: "revoked", revocation: { attempt, revision: body.revision } };
}

/** Rows go with the runs they belong to. */
export function writeClaim(tx: Transaction, held: Held, now: Instant): void {
  const expireAt = plusMs(now, limits.runRetentionMs);
  if (held.kind === "revoked") {
    const { attempt, revision } = held.revocation;
    tx.put(claimsTable, { attempt, body: toBody({ revision }), expire_at: expireAt });
    return;
  }
  const { attempt, ...claim } = held.claim;
  tx.put(claimsTable, { attempt, body: toBody({ claim }), expire_at: expireAt });
}

export function deleteClaim(tx: Transaction, attempt: AttemptId): void {
  tx.delete(claimsTable, { attempt });
}
