import type { Reason, ReasonCode } from "../core/run/reason.ts";
import type { Run } from "../core/run/run.ts";
import { formatInstant, type Instant } from "../core/time/instant.ts";
import type { Account } from "../core/units/account.ts";
import { budgetEvents } from "../core/units/budget-events.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Transaction } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import type { Nudge } from "./nudge.ts";
import { tellProject } from "./tell.ts";

/**
 * Writes the deliveries owed for what a change of an account means to its project's budget, in the
 * transaction that writes the account; the nudges are to be sent once it has committed. The live
 * configuration is read only where there is something to tell, which most changes have not.
 */
export async function tellBudget(
  tx: Transaction,
  change: { readonly before: Account; readonly after: Account },
  at: Instant,
): Promise<readonly Nudge[]> {
  const events = budgetEvents(change.before, change.after, at);
  if (events.length === 0) return [];
  const subscriptions = (await readConfiguration(tx))?.subscriptions ?? [];
  return events.flatMap((event) => tellProject(tx, subscriptions, event));
}

/** The same where the subscriptions are those of a configuration that becomes live just now. */
export function tellBudgetTo(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  {
    before,
    after,
    at,
  }: { readonly before: Account; readonly after: Account; readonly at: Instant },
): readonly Nudge[] {
  return budgetEvents(before, after, at).flatMap((event) => tellProject(tx, subscriptions, event));
}

/** Why a run ended that wanted more units than its project had for it; places at once are no units. */
const WANTING: readonly ReasonCode[] = [
  "limit_execution",
  "limit_balance",
  "limit_hour",
  "low_balance",
];

/** The same for a run that ended unstarted: told where it was units that were wanting. */
export function tellRefused(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  ended: { readonly run: Run; readonly reason: Reason; readonly at: Instant },
): readonly Nudge[] {
  const { run, reason, at } = ended;
  if (!WANTING.includes(reason.code)) return [];
  const { id, schedule, project, state } = run;
  const nominalAt = formatInstant(run.nominalAt);
  return tellProject(tx, subscriptions, {
    type: "budget.refused",
    project,
    schedule,
    at,
    // A run ends once.
    key: id,
    data: { run: id, state, nominalAt, reason },
  });
}
