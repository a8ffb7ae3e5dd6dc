import type { NotificationType } from "../core/notification/notification-type.ts";
import { planDeliveries } from "../core/notification/plan.ts";
import type { Run } from "../core/run/run.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Transaction } from "../ports/store.ts";
import { writeDelivery } from "../records/delivery-record.ts";
import type { Nudge } from "./nudge.ts";

/**
 * Writes the deliveries owed for what just happened to a run, in the transaction that made it
 * happen (P5), and returns the nudges to send once it has committed.
 */
export function tell(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  told: { readonly type: NotificationType; readonly run: Run; readonly at: Instant },
): readonly Nudge[] {
  return planDeliveries(subscriptions, told).map((delivery) => {
    writeDelivery(tx, undefined, delivery);
    return { kind: "notify", ref: delivery.id, at: told.at };
  });
}
