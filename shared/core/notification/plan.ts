import { deliveryIdOf } from "../ids.ts";
import type { FinalState, Run } from "../run/run.ts";
import { isFinal } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";
import { runCloudEvent } from "./cloud-event.ts";
import type { Delivery } from "./delivery.ts";
import { wants } from "./match.ts";
import type { NotificationType } from "./notification-type.ts";
import type { Subscription } from "./subscription.ts";

/** What happened to a run, and when. */
export interface Told {
  readonly type: NotificationType;
  readonly run: Run;
  readonly at: Instant;
}

type Addressee = Pick<Subscription, "name" | "target">;

/** The deliveries owed for what just happened to a run: one for each subscription that wants it. */
export function planDeliveries(
  subscriptions: readonly Subscription[],
  told: Told,
): readonly Delivery[] {
  return subscriptions
    .filter((each) => wants(each, told.type, told.run.schedule))
    .map((each) => deliveryTo(each, told));
}

/** The delivery that tells one subscription; the same always gives the same. */
function deliveryTo({ name, target }: Addressee, { type, run, at }: Told): Delivery {
  const event = runCloudEvent(type, run, at);
  return {
    id: deliveryIdOf(name, event.id),
    subscription: name,
    run: run.id,
    target,
    body: JSON.stringify(event),
    state: "pending",
    nextTryAt: at,
    tries: [],
  };
}

/**
 * A delivery that the end of a run owes, as its run keeps it until the first try: a final run never
 * changes, so the rest of it can be told from the run.
 */
export interface OwedDelivery extends Addressee {
  readonly at: Instant;
}

export function owedDelivery(run: Run, { at, ...addressee }: OwedDelivery): Delivery | undefined {
  const type = typeOfEnd(run);
  return type && deliveryTo(addressee, { type, run, at });
}

/** What is told of a run's end; undefined while it lives. */
export function typeOfEnd({ state }: Pick<Run, "state">): `run.${FinalState}` | undefined {
  return isFinal(state) ? `run.${state}` : undefined;
}
