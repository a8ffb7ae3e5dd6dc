import type { DeliveryId, RunId } from "../core/ids.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import { recordTry, type TryResult } from "../core/notification/delivery-state.ts";
import { assertNever } from "../core/assert.ts";
import type { DeliveryOutcome, Notification } from "../ports/channel.ts";
import type { Reader } from "../ports/store.ts";
import {
  deliveryOwedBy,
  readDelivery,
  writeDelivery,
  type DeliveryRecord,
} from "../records/delivery-record.ts";
import { readRun } from "../records/run-record.ts";
import { sendNudges } from "./nudge.ts";
import type { Services } from "./services.ts";

type DeliverServices = Pick<Services, "store" | "clock" | "random" | "queue" | "channels" | "log">;

/**
 * Tries one delivery. Delivered, it is done; failed, it is due again after a growing wait; out of
 * tries, it is buried with its history. A delivery that is not pending, or not yet due, is left
 * alone, so a repeated message sends nothing twice. Two tries at the same instant may both send:
 * receivers drop repeats by the notification's id (P5 promises at least once).
 *
 * The first delivery that a run's end owes has no row before its first try: it is told from `owedBy`.
 */
export async function deliver(
  services: DeliverServices,
  id: DeliveryId,
  owedBy?: RunId,
): Promise<void> {
  const now = services.clock.now();
  const record = await services.store.snapshot(async (reader) => await find(reader, id, owedBy));
  if (record?.delivery.state !== "pending" || record.delivery.nextTryAt > now) return;

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
    [{ kind: "notify", ref: id, at: recorded.nextTryAt }],
    services.clock.now(),
  );
}

async function find(
  reader: Reader,
  id: DeliveryId,
  owedBy: RunId | undefined,
): Promise<DeliveryRecord | undefined> {
  const [record, run] = await Promise.all([
    readDelivery(reader, id),
    owedBy === undefined ? undefined : readRun(reader, owedBy),
  ]);
  const owed = run && deliveryOwedBy(run);
  return record ?? (owed?.delivery.id === id ? owed : undefined);
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
    run: delivery.run,
    tries: delivery.tries.length,
    tookMs: attempt.tookMs,
  };
  const target = `${delivery.subscription} (${delivery.target.kind})`;
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
