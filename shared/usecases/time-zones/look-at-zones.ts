import type { Finding } from "../../core/finding.ts";
import { limits } from "../../core/limits.ts";
import { differenceOf, movedText } from "../../core/schedule/moved-fire.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Store } from "../../ports/store.ts";
import { scanDefinitions } from "../../records/schedule-record.ts";
import { readTimeZones } from "../../records/time-zone-record.ts";
import { movedAmong, type MovedSchedule } from "./moved-schedules.ts";
import { timeZoneData } from "./zone-data.ts";

/** Whether the time zone data of this process moves a fire that a schedule was applied with. */
export async function lookAtZones({
  store,
  clock,
}: {
  readonly store: Store;
  readonly clock: Clock;
}): Promise<Omit<Finding, "check">> {
  const recorded = await store.snapshot(readTimeZones);
  const version = timeZoneData();
  if (recorded === undefined) {
    return { status: "ok", text: `No schedule names a zone but UTC; this is tz data ${version}` };
  }
  const now = clock.now();
  const span = { fromAt: Math.max(now, recorded.fromAt), untilAt: recorded.untilAt };
  const changed = Object.keys(recorded.zones).filter(
    (name) => differenceOf(name, recorded.zones, span) !== undefined,
  );
  const since = recorded.version === version ? "as" : `and ${recorded.version}`;
  const text = `tz data ${version}, ${since} when the configuration was applied`;
  if (changed.length === 0)
    return { status: "ok", text: `${text}; no clock of a schedule differs` };

  // The scan costs a row a schedule, and is made only where a zone differs.
  const moved = await store.snapshot(async (reader) =>
    movedAmong(await scanDefinitions(reader, { limit: limits.scanRows }), recorded, now),
  );
  const zones = `the clocks of ${changed.slice(0, limits.doctorItems).join(", ")} differ`;
  if (moved.length === 0) return { status: "ok", text: `${text}; ${zones}, and move no fire` };
  return {
    status: "warning",
    text: `${text}; ${zones}, and ${movedList(moved)}`,
    remedy: "apply the schedules file again, so that timers stand where the clocks are now",
  };
}

const SHOWN = 3;

function movedList(moved: readonly MovedSchedule[]): string {
  const shown = moved
    .slice(0, SHOWN)
    .map(({ schedule, ...fire }) => `${schedule} ${movedText(fire)}`);
  const more = moved.length - shown.length;
  return more > 0 ? `${shown.join("; ")}; and ${more} more` : shown.join("; ");
}
