import type { DeliveryId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import { plusMs } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import { deliveriesTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

export interface DeliveryRecord {
  readonly delivery: Delivery;
  readonly version: number;
}

export async function readDelivery(
  reader: Reader,
  id: DeliveryId,
): Promise<DeliveryRecord | undefined> {
  const row = await reader.get(deliveriesTable, deliveryKey(id));
  return row && { delivery: fromBody<Delivery>(row.body), version: row.version };
}

/** A page of a subscription's deliveries by id, behind `after`. */
export async function scanDeliveries(
  reader: Reader,
  subscription: string,
  page: { readonly limit: number; readonly after?: DeliveryId },
): Promise<readonly Delivery[]> {
  const rows = await reader.scan(deliveriesTable, {
    prefix: { subscription },
    limit: page.limit,
    ...(page.after === undefined ? {} : { after: deliveryKey(page.after) }),
  });
  return rows.map((row) => fromBody<Delivery>(row.body));
}

/** Writes a delivery; its timer stands while it is pending. */
export function writeDelivery(
  tx: Transaction,
  before: DeliveryRecord | undefined,
  delivery: Delivery,
): void {
  const after = timerOf(delivery);
  const last = delivery.tries.at(-1)?.at ?? delivery.nextTryAt;
  tx.put(deliveriesTable, {
    ...deliveryKey(delivery.id),
    state: delivery.state,
    version: (before?.version ?? 0) + 1,
    timer_at: after?.dueAt ?? 0,
    body: toBody(delivery),
    expire_at: after === undefined ? plusMs(last, limits.runRetentionMs) : null,
  });
  moveTimer(tx, before && timerOf(before.delivery), after);
}

function timerOf(delivery: Delivery): Timer | undefined {
  if (delivery.state !== "pending") return undefined;
  return { kind: "notify", ref: delivery.id, dueAt: delivery.nextTryAt };
}

/**
 * A delivery id spells its subscription: `NAME.DIGEST`. A text without a dot is nobody's id; cut
 * anywhere else it might end in half a character.
 */
export function subscriptionOf(delivery: DeliveryId): string {
  return delivery.slice(0, Math.max(0, delivery.lastIndexOf(".")));
}

function deliveryKey(delivery: DeliveryId): KeyOf<typeof deliveriesTable> {
  return { subscription: subscriptionOf(delivery), delivery };
}
