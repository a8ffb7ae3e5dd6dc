import type { RunId } from "../core/ids.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import { planDeliveries, type Told } from "../core/notification/plan.ts";
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
  told: Told,
): readonly Nudge[] {
  return planDeliveries(subscriptions, told).map((delivery) => owe(tx, delivery));
}

/** Writes a delivery that is owed from now on. */
export function owe(tx: Transaction, delivery: Delivery): Nudge {
  writeDelivery(tx, undefined, delivery);
  return notify(delivery);
}

/** Has a delivery tried; one that has no row yet is found by the run that owes it. */
export function notify(delivery: Delivery, owedBy?: RunId): Nudge {
  return { kind: "notify", ref: delivery.id, at: delivery.nextTryAt, run: owedBy };
}
