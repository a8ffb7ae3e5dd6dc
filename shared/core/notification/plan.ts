import { deliveryIdOf } from "../ids.ts";
import type { Run } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";
import { runCloudEvent } from "./cloud-event.ts";
import type { Delivery } from "./delivery.ts";
import { wants } from "./match.ts";
import type { NotificationType } from "./notification-type.ts";
import type { Subscription } from "./subscription.ts";

/** The deliveries owed for what just happened to a run: one for each subscription that wants it. */
export function planDeliveries(
  subscriptions: readonly Subscription[],
  told: { readonly type: NotificationType; readonly run: Run; readonly at: Instant },
): readonly Delivery[] {
  const { type, run, at } = told;
  const wanting = subscriptions.filter((each) => wants(each, type, run.schedule));
  if (wanting.length === 0) return [];
  const event = runCloudEvent(type, run, at);
  return wanting.map((subscription) => ({
    id: deliveryIdOf(subscription.name, event.id),
    subscription: subscription.name,
    run: run.id,
    target: subscription.target,
    body: JSON.stringify(event),
    state: "pending",
    nextTryAt: at,
    tries: [],
  }));
}
