import type { Handler } from "@yandex-cloud/function-types";
import { watchRun } from "../../shared/usecases/watch-run.ts";
import { handleBatch } from "../handle-batch.ts";
import { readRunBody } from "../message-body.ts";
import { services } from "../wiring.ts";

/** Follows a run's live attempt to its end and settles its units. */
export const handler: Handler.MessageQueue = async (event) => {
  await handleBatch(event, {
    name: "watch",
    read: readRunBody,
    handle: async ({ run }) => await watchRun(services(), run),
  });
};
