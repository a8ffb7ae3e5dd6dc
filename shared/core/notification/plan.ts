import { deliveryIdOf } from "../ids.ts";
import type { FinalState, Run } from "../run/run.ts";
import { isFinal } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";
import { projectCloudEvent, runCloudEvent, type CloudEvent } from "./cloud-event.ts";
import type { Delivery, Subject } from "./delivery.ts";
import { wants } from "./match.ts";
import type { RunNotificationType } from "./notification-type.ts";
import type { ProjectEvent } from "./project-event.ts";
import type { Subscription } from "./subscription.ts";

/** What happened to a run, and when. */
export interface Told {
  readonly type: RunNotificationType;
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

/** The deliveries owed for what happened to a project or to one of its schedules. */
export function planProjectDeliveries(
  subscriptions: readonly Subscription[],
  event: ProjectEvent,
): readonly Delivery[] {
  const { type, project, schedule, at } = event;
  return subscriptions
    .filter((each) => wants(each, type, schedule))
    .map((each) => deliveryOf(each, projectCloudEvent(event), { at, about: { project } }));
}

/** The delivery that tells one subscription; the same always gives the same. */
function deliveryTo(addressee: Addressee, { type, run, at }: Told): Delivery {
  return deliveryOf(addressee, runCloudEvent(type, run, at), { at, about: { run: run.id } });
}

function deliveryOf(
  { name, target }: Addressee,
  event: CloudEvent,
  { at, about }: { readonly at: Instant; readonly about: Subject },
): Delivery {
  return {
    id: deliveryIdOf(name, event.id),
    subscription: name,
    about,
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
