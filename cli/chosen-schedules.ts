import { OrreryError } from "../shared/core/errors.ts";
import type { ScheduleDefinition } from "../shared/core/schedule/schedule-definition.ts";
import { didYouMean } from "../shared/config/did-you-mean.ts";

/** All schedules of a file, or the one with a name; none of that name is `SCHEDULE_NOT_FOUND`. */
export function chosenSchedules(
  schedules: readonly ScheduleDefinition[],
  name: string | undefined,
  file: string,
): readonly ScheduleDefinition[] {
  const found = schedules.filter((each) => name === undefined || each.name === name);
  if (name === undefined || found.length > 0) return found;
  const hint = didYouMean(
    name,
    schedules.map((each) => each.name),
  );
  throw new OrreryError("SCHEDULE_NOT_FOUND", `${file} has no schedule ${name}${hint}`);
}
