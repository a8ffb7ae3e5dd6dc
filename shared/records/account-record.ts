import type { ProjectId } from "../core/ids.ts";
import { openAccount, type Account } from "../core/units/account.ts";
import type { Entry } from "../core/units/ledger.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import { fromBody, toBody } from "./body.ts";
import { accountsTable, entriesTable } from "./tables.ts";

/** A project's account, as it stands; one that was never written is open and without limits. */
export async function readAccount(reader: Reader, project: ProjectId): Promise<Account> {
  const row = await reader.get(accountsTable, { project });
  return row === undefined ? openAccount(project) : fromBody<Account>(row.body);
}

/** Writes an account together with the entries that led to it. */
export function writeAccount(tx: Transaction, account: Account, entries: readonly Entry[]): void {
  const { project, version } = account;
  tx.put(accountsTable, { project, version, body: toBody(account) });
  for (const entry of entries) {
    tx.put(entriesTable, { project, seq: entry.seq, body: toBody(entry) });
  }
}

/** A page of a project's ledger, from its first entry on. */
export async function scanEntries(
  reader: Reader,
  project: ProjectId,
  page: { readonly limit: number; readonly after?: number; readonly newestFirst?: true },
): Promise<readonly Entry[]> {
  const rows = await reader.scan(entriesTable, {
    prefix: { project },
    limit: page.limit,
    ...(page.newestFirst === true ? { order: "descending" as const } : {}),
    ...(page.after === undefined ? {} : { after: { project, seq: page.after } }),
  });
  return rows.map((row) => fromBody<Entry>(row.body));
}
