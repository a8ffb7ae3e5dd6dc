import type { Handler } from "@yandex-cloud/function-types";
import { rejectMessage } from "../../shared/usecases/reject-message.ts";
import { requestRun } from "../../shared/usecases/request-run.ts";
import { handleBatch } from "../handle-batch.ts";
import { readIntakeBody } from "../message-body.ts";
import { services } from "../wiring.ts";

/** Makes the run that a message from another system asks for. */
export const handler: Handler.MessageQueue = async (event) => {
  await handleBatch(event, {
    name: "intake",
    read: readIntakeBody,
    handle: async ({ schedule, id, inputs }, message) => {
      const cause = { kind: "message", id: id ?? message.id } as const;
      const request = { schedule, cause, askedAt: message.sentAt, inputs };
      const requested = await requestRun(services(), request);
      if (requested.outcome !== "rejected") return;
      await rejectMessage(services(), { ...message, source: "intake", reason: requested.reason });
    },
  });
};
