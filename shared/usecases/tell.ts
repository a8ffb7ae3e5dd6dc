import type { Delivery } from "../core/notification/delivery.ts";
import { planDeliveries, planProjectDeliveries, type Told } from "../core/notification/plan.ts";
import type { ProjectEvent } from "../core/notification/project-event.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Run } from "../core/run/run.ts";
import type { Transaction } from "../ports/store.ts";
import { writeDelivery } from "../records/delivery-record.ts";
import type { Timer } from "../records/timer-record.ts";
import type { Nudge } from "./nudge.ts";
import { owedTelling } from "./owed-telling.ts";

/**
 * Writes the deliveries owed for what just happened to a run, in the transaction that made it
 * happen (P5), and returns the nudges to send once it has committed.
 */
export function tell(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  told: Told,
): readonly Nudge[] {
  return planDeliveries(subscriptions, told).map((delivery) => owe(tx, delivery, told.run));
}

/**
 * The same for what happened to a project or to one of its schedules: the deliveries are written, and
 * the nudges are to be sent once the transaction has committed.
 */
export function tellProject(
  tx: Transaction,
  subscriptions: readonly Subscription[],
  event: ProjectEvent,
): readonly Nudge[] {
  return planProjectDeliveries(subscriptions, event).map((delivery) => {
    writeDelivery(tx, undefined, delivery);
    return notify(delivery);
  });
}

/** Writes a delivery about a run, which is owed from now on. */
export function owe(tx: Transaction, delivery: Delivery, { traceParent }: Run): Nudge {
  writeDelivery(tx, undefined, delivery);
  return { ...notify(delivery), traceParent };
}

/** Has a delivery tried; one that has no row yet is told from the run that owes it. */
export function notify(
  delivery: Delivery,
  owedBy?: { readonly run: Run; readonly timer: Timer },
): Nudge {
  const nudge = { kind: "notify", ref: delivery.id, at: delivery.nextTryAt } as const;
  if (owedBy === undefined) return nudge;
  const { run, timer } = owedBy;
  const { traceParent } = run;
  return { ...nudge, run: run.id, owed: owedTelling(delivery, timer), traceParent };
}
