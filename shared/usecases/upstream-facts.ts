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
  const schedules = await readSchedules(reader, names);
  const facts: UpstreamFact[] = [];
  for (const [index, dependency] of definition.after.entries()) {
    const nextAt = schedules[index]?.next?.nominalAt;
    const [latest] = await scanRuns(reader, dependency.schedule, {
      throughAt: run.nominalAt,
      limit: 1,
    });
    facts.push({
      dependency,
      owes: nextAt !== undefined && nextAt <= run.nominalAt,
      ...(latest === undefined ? {} : { state: latest.run.state }),
    });
  }
  return facts;
}
