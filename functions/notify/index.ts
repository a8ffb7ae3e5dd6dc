import type { Handler } from "@yandex-cloud/function-types";
import { deliver } from "../../shared/usecases/deliver.ts";
import { handleBatch } from "../handle-batch.ts";
import { readDeliveryBody } from "../message-body.ts";
import { services } from "../wiring.ts";

/** Delivers one notification to one target. */
export const handler: Handler.MessageQueue = async (event) => {
  await handleBatch(event, {
    name: "notify",
    read: readDeliveryBody,
    // A nudge and the tick's copy of it come together, and two tries at once would both send.
    identity: (message) => message.body,
    handle: async ({ delivery, run }) => await deliver(services(), delivery, run),
  });
};
