import type { ProjectId } from "../../core/ids.ts";
import type { Instant } from "../../core/time/instant.ts";
import type { Account, Posting } from "../../core/units/account.ts";
import type { Transaction } from "../../ports/store.ts";
import { readAccount, writeAccount } from "../../records/account-record.ts";
import { tellBudget } from "../budget-events.ts";
import type { Nudge } from "../nudge.ts";
import { waitingRuns, wakeWaitingRuns } from "./wake-waiting-runs.ts";

/**
 * Posts a change of limits or balance, and wakes the runs that wait for them. What is reserved stays
 * reserved: work that runs goes on to its bound, also above a limit that was lowered.
 */
export async function postToAccount(
  tx: Transaction,
  project: ProjectId,
  now: Instant,
  change: (account: Account) => Posting,
): Promise<{ readonly account: Account; readonly nudges: readonly Nudge[] }> {
  const before = await readAccount(tx, project);
  const { account, entries } = change(before);
  if (account === before) return { account, nudges: [] };
  const waiting = await waitingRuns(tx, project);
  await writeAccount(tx, account, entries);
  const told = await tellBudget(tx, { before, after: account }, now);
  return { account, nudges: [...told, ...wakeWaitingRuns(tx, waiting, now)] };
}
