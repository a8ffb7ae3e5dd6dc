import { digest, type DeliveryId, type RunId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import type { Subscription, Target } from "../core/notification/subscription.ts";
import type { Instant } from "../core/time/instant.ts";
import { subscriptionOf, type DeliveryRecord } from "../records/delivery-record.ts";
import type { Timer } from "../records/timer-record.ts";

/**
 * What a message says of a delivery that a run's end owes and nobody has tried: as much as the run's
 * row says, for a run that has ended never changes. Where to is left out, because a URL may be secret:
 * it has to be that of the configuration, or the run is asked.
 */
export interface OwedTelling {
  readonly at: Instant;
  readonly body: string;
  readonly targetDigest: string;
  readonly timer: Timer;
}

/** Undefined where the event is too long to be sent twice. */
export function owedTelling(delivery: Delivery, timer: Timer): OwedTelling | undefined {
  const { body, target, nextTryAt } = delivery;
  if (body.length > limits.owedBodyChars) return undefined;
  return { at: nextTryAt, body, targetDigest: digestOf(target), timer };
}

/** The delivery that a message tells of; undefined where the configuration has another target now. */
export function deliveryTold(
  told: { readonly delivery: DeliveryId; readonly run: RunId; readonly owed: OwedTelling },
  subscriptions: readonly Subscription[],
): DeliveryRecord | undefined {
  const { delivery: id, run, owed } = told;
  const subscription = subscriptionOf(id);
  const target = subscriptions.find(({ name }) => name === subscription)?.target;
  if (target === undefined || digestOf(target) !== owed.targetDigest) return undefined;
  const { at: nextTryAt, body, timer } = owed;
  const state = "pending";
  return {
    delivery: { id, subscription, about: { run }, target, body, state, nextTryAt, tries: [] },
    version: 0,
    timer,
  };
}

function digestOf(target: Target): string {
  return digest([JSON.stringify(target)], 16);
}
