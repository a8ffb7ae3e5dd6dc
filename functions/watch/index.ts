import type { Handler } from "@yandex-cloud/function-types";
import { expireJobData } from "../../shared/usecases/jobs/expire-job-data.ts";
import { advanceOperation } from "../../shared/usecases/operations/advance-operation.ts";
import { watchRuns } from "../../shared/usecases/watch-runs.ts";
import { failuresOf, handleBatch } from "../handle-batch.ts";
import { readWatchBody } from "../message-body.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What watch stands on. */
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
  "alarms",
] as const;

/** Follows live attempts of runs to their end, operations to their own, and clears data that expired. */
export const handler: Handler.MessageQueue = handleCall(
  { name: "watch", trigger: "queue" },
  async (event) => {
    await handleBatch(event, {
      name: "watch",
      read: readWatchBody,
      subject: (body) =>
        "run" in body ? body.run : "operation" in body ? body.operation : body.job,
      handle: async (messages) => {
        const bodies = messages.map(({ value }) => value);
        const failures = await Promise.all([
          watchRuns(
            services(needs),
            bodies.filter((body) => "run" in body),
          ),
          failuresOf(bodies, async (body) => {
            if ("operation" in body) await advanceOperation(services(needs), body.operation);
            else if ("job" in body) await expireJobData(services(needs), body.job);
          }),
        ]);
        return failures.flat();
      },
    });
  },
);
