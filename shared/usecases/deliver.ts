import type { DeliveryId, RunId } from "../core/ids.ts";
import { traceParentOf, type Delivery } from "../core/notification/delivery.ts";
import { recordTry, type TryResult } from "../core/notification/delivery-state.ts";
import type { Subscription } from "../core/notification/subscription.ts";
import type { Instant } from "../core/time/instant.ts";
import { assertNever } from "../core/assert.ts";
import type { DeliveryOutcome, Notification } from "../ports/channel.ts";
import type { Reader } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import {
  deliveryOwedBy,
  readDelivery,
  writeDelivery,
  type DeliveryRecord,
} from "../records/delivery-record.ts";
import { readRun } from "../records/run-record.ts";
import { sendNudges } from "./nudge.ts";
import { deliveryTold, type OwedTelling } from "./owed-telling.ts";
import { sorted } from "./run-groups.ts";
import type { Services } from "./services.ts";

type DeliverServices = Pick<
  Services,
  "store" | "clock" | "random" | "queue" | "channels" | "log" | "telemetry"
>;

/** A delivery to be tried. */
export interface Telling {
  readonly delivery: DeliveryId;
  /** The run whose end owes it, where it may have no row yet. */
  readonly run?: RunId | undefined;
  readonly owed?: OwedTelling | undefined;
}

/**
 * Tries deliveries, side by side and each on its own. Delivered, it is done; failed, it is due again
 * after a growing wait; out of tries, it is buried with its history. A delivery that is not pending,
 * or not yet due, is left alone, so a repeated message sends nothing twice. Two tries at the same
 * instant may both send: receivers drop repeats by the notification's id (P5 promises at least once).
 *
 * The first delivery that a run's end owes has no row before its first try: it is told from the
 * message, or else from the run. Resolves to what failed, an error for each delivery.
 */
export async function deliverAll(
  services: DeliverServices,
  tellings: readonly Telling[],
): Promise<readonly unknown[]> {
  const now = services.clock.now();
  const records = await services.store.snapshot(async (reader) => await findAll(reader, tellings));
  const tries = records.map(async (record) => {
    if (record !== undefined) await tryOnce(services, record, now);
  });
  return sorted(await Promise.allSettled(tries)).failures;
}

/** The same for one delivery, and throws what failed. */
export async function deliver(
  services: DeliverServices,
  delivery: DeliveryId,
  run?: RunId,
): Promise<void> {
  for (const failure of await deliverAll(services, [{ delivery, run }])) throw failure;
}

async function findAll(
  reader: Reader,
  tellings: readonly Telling[],
): Promise<readonly (DeliveryRecord | undefined)[]> {
  const isTold = tellings.some(({ owed }) => owed !== undefined);
  const [rows, configuration] = await Promise.all([
    Promise.all(tellings.map(async ({ delivery }) => await readDelivery(reader, delivery))),
    isTold ? readConfiguration(reader) : undefined,
  ]);
  const subscriptions = configuration?.subscriptions ?? [];
  return await Promise.all(
    tellings.map(
      async (telling, index) => rows[index] ?? (await findOwed(reader, telling, subscriptions)),
    ),
  );
}

async function findOwed(
  reader: Reader,
  { delivery, run, owed }: Telling,
  subscriptions: readonly Subscription[],
): Promise<DeliveryRecord | undefined> {
  if (run === undefined) return undefined;
  const told = owed && deliveryTold({ delivery, run, owed }, subscriptions);
  if (told !== undefined) return told;
  const record = await readRun(reader, run);
  const found = record && deliveryOwedBy(record);
  return found?.delivery.id === delivery ? found : undefined;
}

async function tryOnce(
  services: DeliverServices,
  record: DeliveryRecord,
  now: Instant,
): Promise<void> {
  const { id } = record.delivery;
  if (record.delivery.state !== "pending" || record.delivery.nextTryAt > now) return;

  const startedMs = services.clock.monotonicMs();
  const outcome = await send(services, record.delivery);
  const tookMs = Math.round(services.clock.monotonicMs() - startedMs);
  const attempt = tryOf(outcome, {
    at: services.clock.now(),
    tookMs,
    draw: services.random.fraction(),
  });

  const recorded = await services.store.transact("deliver", async (tx) => {
    const fresh = await readDelivery(tx, id);
    if ((fresh?.version ?? 0) !== record.version) return undefined;
    const delivery = recordTry(record.delivery, attempt);
    writeDelivery(tx, record, delivery);
    return delivery;
  });
  if (recorded === undefined) return;
  report(services, recorded, attempt);
  if (recorded.state !== "pending") return;
  await sendNudges(
    services,
    [{ kind: "notify", ref: id, at: recorded.nextTryAt, traceParent: traceParentOf(recorded) }],
    services.clock.now(),
  );
}

async function send(services: DeliverServices, delivery: Delivery): Promise<DeliveryOutcome> {
  const notification: Notification = {
    id: delivery.id,
    sentAt: services.clock.now(),
    body: delivery.body,
  };
  const { target } = delivery;
  switch (target.kind) {
    case "webhook":
      return await services.channels.webhook.deliver(target, notification);
    case "log":
      return await services.channels.log.deliver(target, notification);
    default:
      return assertNever(target);
  }
}

function tryOf(
  outcome: DeliveryOutcome,
  attempt: Pick<TryResult, "at" | "tookMs" | "draw">,
): TryResult {
  const { detail } = outcome;
  if (outcome.delivered) return { ...attempt, detail, result: "delivered" };
  const asked = outcome.retryAfterMs === undefined ? {} : { retryAfterMs: outcome.retryAfterMs };
  return { ...attempt, ...asked, detail, result: outcome.retryable ? "failed" : "rejected" };
}

function report(services: DeliverServices, delivery: Delivery, attempt: TryResult): void {
  const fields = {
    delivery: delivery.id,
    subscription: delivery.subscription,
    ...delivery.about,
    tries: delivery.tries.length,
    tookMs: attempt.tookMs,
  };
  const { kind } = delivery.target;
  const target = `${delivery.subscription} (${kind})`;
  const outcome = delivery.state === "pending" ? "failed" : delivery.state;
  services.telemetry.count("orrery.deliveries", 1, { outcome, target: kind });
  switch (delivery.state) {
    case "delivered":
      services.log.write({
        level: "info",
        name: "delivery.delivered",
        message: `Told ${target}: ${attempt.detail}`,
        fields,
      });
      return;
    case "pending":
      services.log.write({
        level: "warn",
        name: "delivery.failed",
        message: `Could not tell ${target}: ${attempt.detail}; it is tried again`,
        fields,
      });
      return;
    case "buried":
      services.log.write({
        level: "error",
        name: "delivery.buried",
        message: `Gave up telling ${target}: ${attempt.detail}`,
        fields,
      });
      return;
    default:
      assertNever(delivery.state);
  }
}
