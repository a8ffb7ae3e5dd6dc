import { OrreryError } from "../core/errors.ts";
import type { DeliveryId } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Delivery } from "../core/notification/delivery.ts";
import type { Reader } from "../ports/store.ts";
import { readConfiguration } from "../records/configuration-record.ts";
import { readDelivery, scanDeliveries, subscriptionOf } from "../records/delivery-record.ts";
import { readPage, type Page } from "./read-page.ts";
import type { Services } from "./services.ts";

/** Which deliveries to list: a page of one subscription's, or of all the live ones'. */
export interface DeliveryQuery {
  readonly size: number;
  readonly subscription?: string;
  readonly state?: Delivery["state"];
  readonly after?: DeliveryId;
}

/** A page of deliveries by subscription and id. */
export async function listDeliveries(
  services: Pick<Services, "store">,
  query: DeliveryQuery,
): Promise<Page<Delivery, DeliveryId>> {
  const { size, subscription, state, after } = query;
  return await services.store.snapshot(async (reader) => {
    const live = (await readConfiguration(reader))?.subscriptions.map(({ name }) => name) ?? [];
    const names = subscription === undefined ? live.toSorted() : [subscription];
    return await readPage<Delivery, DeliveryId>({
      size,
      after,
      scan: async (page) =>
        // Few of them may be in one state, so a search reads as much at once as it can.
        await firstDeliveries(reader, names, {
          ...page,
          ...(state === undefined ? {} : { limit: limits.scanRows }),
        }),
      keyOf: ({ id }) => id,
      keep: (found) => found.filter((each) => state === undefined || each.state === state),
    });
  });
}

/** Deliveries of the first of these subscriptions that has any behind `after`. */
async function firstDeliveries(
  reader: Reader,
  names: readonly string[],
  { limit, after }: { readonly limit: number; readonly after?: DeliveryId },
): Promise<readonly Delivery[]> {
  const from = after === undefined ? "" : subscriptionOf(after);
  for (const name of names) {
    if (name < from) continue;
    const behind = after !== undefined && name === from ? { after } : {};
    const found = await scanDeliveries(reader, name, { limit, ...behind });
    if (found.length > 0) return found;
  }
  return [];
}

/** One delivery; one that is unknown throws `RESOURCE_NOT_FOUND`. */
export async function findDelivery(
  services: Pick<Services, "store">,
  id: DeliveryId,
): Promise<Delivery> {
  const record = await services.store.snapshot(async (reader) => await readDelivery(reader, id));
  if (record !== undefined) return record.delivery;
  throw new OrreryError(
    "RESOURCE_NOT_FOUND",
    `There is no delivery ${id}: list them with \`orrery deliveries\``,
  );
}
