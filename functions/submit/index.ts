import type { Handler } from "@yandex-cloud/function-types";
import { submitRun } from "../../shared/usecases/submit-run.ts";
import { handleBatch } from "../handle-batch.ts";
import { readRunBody } from "../message-body.ts";
import { services } from "../wiring.ts";

/** Admits a run against its project's limits and starts an attempt. */
export const handler: Handler.MessageQueue = async (event) => {
  await handleBatch(event, {
    name: "submit",
    read: readRunBody,
    handle: async ({ run, ...look }) => await submitRun(services(), run, look),
  });
};
