import type { ProjectEvent } from "../notification/project-event.ts";
import type { Instant } from "../time/instant.ts";
import type { Account } from "./account.ts";
import { lowStanding, percentReached } from "./budget-policy.ts";

/**
 * What one change of an account is worth telling: it spent another percent of the budget, or it took
 * the balance below its low mark or back. It follows from the account before and after alone, so
 * nothing is remembered for it, and a change that is tried again tells the same.
 *
 * B1 A percent is told by the change that reaches it, and again only once less had been spent.
 * B2 A change that reaches several percents at once tells the highest: it says more than the others.
 * B3 A hold tells nothing: it moves no balance.
 */
export function budgetEvents(
  before: Account,
  after: Account,
  at: Instant,
): readonly ProjectEvent[] {
  return [...thresholdEvents(before, after, at), ...lowEvents(before, after, at)];
}

function thresholdEvents(before: Account, after: Account, at: Instant): readonly ProjectEvent[] {
  const percent = percentReached(after);
  const { balance, funded, held, project } = after;
  if (percent <= percentReached(before) || balance === undefined || funded === undefined) return [];
  const data = { percent, funded, balance, spent: funded - balance, held };
  return [{ type: "budget.threshold", project, at, key: keyOf(after, String(percent)), data }];
}

function lowEvents(before: Account, after: Account, at: Instant): readonly ProjectEvent[] {
  const standing = lowStanding(after);
  const low = standing?.isLow ?? false;
  if (low === (lowStanding(before)?.isLow ?? false)) return [];
  const { balance, funded, held, project } = after;
  const lowAtUnits = standing?.lowAtUnits;
  const data = { low, balance, lowAtUnits, funded, held };
  return [{ type: "budget.low", project, at, key: keyOf(after, low ? "low" : "funded"), data }];
}

/** The entry that brought it about, and the version for a change of the budget, which has none. */
function keyOf({ seq, version }: Account, what: string): string {
  return `${seq}.${version}.${what}`;
}
