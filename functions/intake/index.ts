import type { Handler } from "@yandex-cloud/function-types";
import { rejectMessage } from "../../shared/usecases/reject-message.ts";
import { requestRun } from "../../shared/usecases/request-run.ts";
import { failuresOf, handleBatch } from "../handle-batch.ts";
import { readIntakeBody } from "../message-body.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What the intake stands on. */
export const needs = ["store", "clock", "queue", "log", "telemetry"] as const;

/** Makes the run that a message from another system asks for. */
export const handler: Handler.MessageQueue = handleCall(
  { name: "intake", trigger: "queue" },
  async (event) => {
    await handleBatch(event, {
      name: "intake",
      read: readIntakeBody,
      subject: ({ schedule }) => schedule,
      handle: async (messages) =>
        await failuresOf(messages, async ({ value: { schedule, id, inputs }, message }) => {
          const cause = { kind: "message", id: id ?? message.id } as const;
          const request = { schedule, cause, askedAt: message.sentAt, inputs };
          const requested = await requestRun(services(needs), request);
          if (requested.outcome !== "rejected") return;
          const { reason } = requested;
          await rejectMessage(services(needs), { ...message, source: "intake", reason });
        }),
    });
  },
);
