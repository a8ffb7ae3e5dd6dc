import type { Handler } from "@yandex-cloud/function-types";
import { applySource, type SourceApplied } from "../../shared/usecases/apply-source.ts";
import { decodeObjectEvent } from "../trigger-event.ts";
import { handleCall } from "../handle-call.ts";
import { services } from "../wiring.ts";

/** What applying stands on. */
export const needs = [
  "store",
  "clock",
  "random",
  "queue",
  "log",
  "telemetry",
  "provider",
  "configuration",
] as const;

/**
 * Makes the schedules file in the bucket the live configuration, as it is by now. A job's file beside
 * it counts as a change of it; what is elsewhere in the bucket does not. Nothing reads the result in
 * the cloud: what is wrong with a configuration is in the log, and among what was set aside.
 */
export const handler: Handler.ObjectStorage = handleCall(
  { name: "apply", trigger: "object" },
  async (event): Promise<SourceApplied | undefined> => {
    const wired = services(needs);
    const { configuration } = wired;
    // All of a batch are one look.
    const change = decodeObjectEvent(event)
      .toSorted((a, b) => a.at - b.at)
      .findLast(({ key }) => key.startsWith(configuration.prefix));
    return change === undefined ? undefined : await applySource(wired, configuration, change);
  },
);
