import type { ProjectEvent } from "../../core/notification/project-event.ts";
import type { Log } from "../../ports/log.ts";
import type { Telemetry } from "../../ports/telemetry.ts";

/** Counts and logs each drift that begins, whoever subscribed to it. */
export function reportDrift(
  { log, telemetry }: { readonly log: Log; readonly telemetry: Telemetry },
  events: readonly ProjectEvent[],
): void {
  for (const { type, project, schedule = "", data } of events) {
    if (type !== "estimate.drift") continue;
    telemetry.count("orrery.estimates.drifted", 1, {
      direction: data["direction"] === "under" ? "under" : "over",
    });
    const [expected, actual, unit] =
      data["measure"] === "units"
        ? [data["expectedUnits"], data["actualUnits"], "units"]
        : [data["expectedSeconds"], data["actualSeconds"], "seconds"];
    log.write({
      level: "warn",
      name: "estimate.drift",
      message: `Runs of ${schedule} came to ${String(actual)} ${unit} where ${String(expected)} were expected`,
      fields: { project, schedule },
    });
  }
}
