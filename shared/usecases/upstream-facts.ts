import type { UpstreamFact } from "../core/run/gate.ts";
import type { Run } from "../core/run/run.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns } from "../records/run-record.ts";
import { readSchedules } from "../records/schedule-record.ts";

/** How the schedules that a run comes after stand, at or before its nominal time. */
export async function upstreamFacts(
  reader: Reader,
  run: Run,
  definition: ScheduleDefinition | undefined,
): Promise<readonly UpstreamFact[]> {
  if (definition === undefined || run.cause.kind !== "occurrence") return [];
  const names = definition.after.map((dependency) => dependency.schedule);
  if (names.length === 0) return [];
  const latest = { throughAt: run.nominalAt, limit: 1 };
  const [schedules, runs] = await Promise.all([
    readSchedules(reader, names),
    Promise.all(names.map(async (name) => await scanRuns(reader, name, latest))),
  ]);
  return definition.after.map((dependency, index) => {
    const nextAt = schedules[index]?.next?.nominalAt;
    const state = runs[index]?.[0]?.run.state;
    return {
      dependency,
      owes: nextAt !== undefined && nextAt <= run.nominalAt,
      ...(state === undefined ? {} : { state }),
    };
  });
}
