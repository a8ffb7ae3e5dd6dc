import type { Handler } from "@yandex-cloud/function-types";
import { submitRuns } from "../../shared/usecases/submit-run.ts";
import { handleBatch } from "../handle-batch.ts";
import { readRunBody } from "../message-body.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What submit stands on. */
export const needs = [
  "store",
  "clock",
  "random",
  "queue",
  "executor",
  "files",
  "channels",
  "log",
  "telemetry",
  "provider",
] as const;

/** Admits runs against their projects' limits and starts an attempt of each. */
export const handler: Handler.MessageQueue = handleCall(
  { name: "submit", trigger: "queue" },
  async (event) => {
    await handleBatch(event, {
      name: "submit",
      read: readRunBody,
      subject: ({ run }) => run,
      handle: async (messages) =>
        await submitRuns(
          services(needs),
          messages.map(({ value }) => value),
        ),
    });
  },
);
