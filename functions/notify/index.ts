import type { Handler } from "@yandex-cloud/function-types";
import { deliverAll } from "../../shared/usecases/deliver.ts";
import { handleBatch } from "../handle-batch.ts";
import { readDeliveryBody } from "../message-body.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What notify stands on. */
export const needs = ["store", "clock", "random", "queue", "channels", "log", "telemetry"] as const;

/** Delivers notifications, each to one target. */
export const handler: Handler.MessageQueue = handleCall(
  { name: "notify", trigger: "queue" },
  async (event) => {
    await handleBatch(event, {
      name: "notify",
      read: readDeliveryBody,
      subject: ({ delivery }) => delivery,
      // A nudge and the tick's copy of it come together, and two tries at once would both send.
      identity: ({ delivery }) => `delivery ${delivery}`,
      handle: async (messages) =>
        await deliverAll(
          services(needs),
          messages.map(({ value }) => value),
        ),
    });
  },
);
