import { create, toBinary, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { deliveryId, type DeliveryId } from "../../../core/ids.ts";
import type { Delivery } from "../../../core/notification/delivery.ts";
import { DeliverySchema, DeliveryService } from "../../../gen/orrery/v1/delivery_service_pb.ts";
import { findDelivery, listDeliveries } from "../../../usecases/list-deliveries.ts";
import type { ApiServices } from "../../api-services.ts";
import { fitPage } from "../../fit-page.ts";
import { serve, type ServedService } from "../../handlers.ts";
import { decodePageToken, encodePageToken, pageSize, wrongPageToken } from "../../page-token.ts";

const PAGE = "deliveries";

export function deliveryService(services: ApiServices): ServedService {
  return serve(DeliveryService, {
    get: async ({ delivery }) =>
      deliveryMessage(await findDelivery(services, deliveryId(delivery))),
    list: async (request) => {
      const after = placeIn(request.pageToken);
      const page = await listDeliveries(services, {
        size: pageSize(request.pageSize),
        ...(request.subscription === "" ? {} : { subscription: request.subscription }),
        ...(request.state === "" ? {} : { state: request.state as Delivery["state"] }),
        ...(after === undefined ? {} : { after }),
      });
      const { items, next } = fitPage(page, {
        bytesOf: (each) =>
          toBinary(DeliverySchema, create(DeliverySchema, deliveryMessage(each))).length,
        keyOf: ({ id }) => id,
      });
      return {
        deliveries: items.map(deliveryMessage),
        nextPageToken: encodePageToken(PAGE, next && [next]),
      };
    },
  });
}

function placeIn(token: string): DeliveryId | undefined {
  const place = decodePageToken(PAGE, token);
  if (place === undefined) return undefined;
  const [id] = place;
  if (typeof id !== "string" || !id.includes(".")) throw wrongPageToken();
  return deliveryId(id);
}

function deliveryMessage(delivery: Delivery): MessageInitShape<typeof DeliverySchema> {
  const { state, nextTryAt } = delivery;
  return {
    delivery: delivery.id,
    subscription: delivery.subscription,
    type: typeOf(delivery.body),
    ...delivery.about,
    state,
    ...(state === "pending" ? { nextTryAt: timestampFromMs(nextTryAt) } : {}),
    tries: delivery.tries.map(({ at, detail }, index) => ({
      at: timestampFromMs(at),
      // Nothing is tried again after it arrived.
      delivered: state === "delivered" && index === delivery.tries.length - 1,
      detail,
    })),
  };
}

/** `run.failed` of the event `orrery.run.failed.v1` that we wrote ourselves. */
function typeOf(body: string): string {
  const { type } = JSON.parse(body) as { readonly type: string };
  return type.replace(/^orrery\.(.+)\.v\d+$/, "$1");
}
