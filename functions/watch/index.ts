import type { Handler } from "@yandex-cloud/function-types";
import { expireJobData } from "../../shared/usecases/jobs/expire-job-data.ts";
import { advanceOperation } from "../../shared/usecases/operations/advance-operation.ts";
import { watchRun } from "../../shared/usecases/watch-run.ts";
import { handleBatch } from "../handle-batch.ts";
import { readWatchBody } from "../message-body.ts";
import { services } from "../wiring.ts";

/** Follows a run's live attempt to its end, an operation to its own, and clears data that expired. */
export const handler: Handler.MessageQueue = async (event) => {
  await handleBatch(event, {
    name: "watch",
    read: readWatchBody,
    handle: async (body) => {
      if ("run" in body) await watchRun(services(), body.run, body);
      else if ("operation" in body) await advanceOperation(services(), body.operation);
      else await expireJobData(services(), body.job);
    },
  });
};
