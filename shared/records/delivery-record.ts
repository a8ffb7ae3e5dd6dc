import { deliveryId, type DeliveryId } from "../core/ids.ts";
import type { Json } from "../core/json.ts";
import { limits } from "../core/limits.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import { owedDelivery } from "../core/notification/plan.ts";
import { plusMs } from "../core/time/instant.ts";
import type { Reader, Transaction } from "../ports/store.ts";
import type { KeyOf, Row } from "../ports/table.ts";
import { fromBody, toBody } from "./body.ts";
import type { RunRecord } from "./run-record.ts";
import { deliveriesTable } from "./tables.ts";
import { moveTimer, type Timer } from "./timer-record.ts";

export interface DeliveryRecord {
  readonly delivery: Delivery;
  /** Zero for one that has no row yet. */
  readonly version: number;
  /** Its row among the timers, where that is the one of its run. */
  readonly timer?: Timer;
}

/** The delivery that a run owes and nobody has tried yet. */
export function deliveryOwedBy({ run, owes, timer }: RunRecord): DeliveryRecord | undefined {
  const delivery = owes && owedDelivery(run, owes);
  if (delivery === undefined) return undefined;
  return { delivery, version: 0, ...(timer === undefined ? {} : { timer }) };
}

export async function readDelivery(
  reader: Reader,
  id: DeliveryId,
): Promise<DeliveryRecord | undefined> {
  const row = await reader.get(deliveriesTable, deliveryKey(id));
  return row && { delivery: decode(row), version: row.version };
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
  return rows.map(decode);
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
    body: toBody(encode(delivery)),
    expire_at: after === undefined ? plusMs(last, limits.runRetentionMs) : null,
  });
  moveTimer(tx, before && (before.timer ?? timerOf(before.delivery)), after);
}

/**
 * What its key does not say, with the event as JSON instead of as its text, which would be longer by
 * a backslash for every quote: so that most rows take a kilobyte at most, by which writes are billed.
 */
type StoredDelivery = Omit<Delivery, "id" | "subscription" | "body"> & { readonly event: Json };

function encode({ id, subscription, body, ...rest }: Delivery): StoredDelivery {
  return { ...rest, event: JSON.parse(body) as Json };
}

function decode(row: Row<typeof deliveriesTable>): Delivery {
  const stored = fromBody<StoredDelivery | Delivery>(row.body);
  // An older version stored deliveries whole.
  if ("body" in stored) return stored;
  const { event, ...rest } = stored;
  const { subscription, delivery } = row;
  // The same bytes as before: an object keeps the order of its members.
  return { ...rest, id: deliveryId(delivery), subscription, body: JSON.stringify(event) };
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
