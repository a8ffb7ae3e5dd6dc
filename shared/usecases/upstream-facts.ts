import type { UpstreamFact } from "../core/run/gate.ts";
import type { Run } from "../core/run/run.ts";
import type { ScheduleDefinition } from "../core/schedule/schedule-definition.ts";
import type { Instant } from "../core/time/instant.ts";
import type { Reader } from "../ports/store.ts";
import { scanRuns } from "../records/run-record.ts";
import { readDefinitions } from "../records/schedule-record.ts";
import { nextFireOf } from "./next-fire.ts";

/** How the schedules that a run comes after stand, at or before its nominal time. */
export async function upstreamFacts(
  reader: Reader,
  run: Run,
  {
    definition,
    now,
  }: { readonly definition: ScheduleDefinition | undefined; readonly now: Instant },
): Promise<readonly UpstreamFact[]> {
  if (definition === undefined || run.cause.kind !== "occurrence") return [];
  const names = definition.after.map((dependency) => dependency.schedule);
  if (names.length === 0) return [];
  const throughAt = run.nominalAt;
  const [records, runs] = await Promise.all([
    readDefinitions(reader, names),
    Promise.all(names.map(async (name) => await scanRuns(reader, name, { throughAt, limit: 1 }))),
  ]);
  return await Promise.all(
    definition.after.map(async (dependency, index) => {
      const latest = runs[index]?.[0]?.run;
      const record = records[index];
      const next = record && (await nextFireOf(reader, record, { now, throughAt, latest }));
      return {
        dependency,
        owes: next !== undefined && next.nominalAt <= throughAt,
        ...(latest === undefined ? {} : { state: latest.state }),
      };
    }),
  );
}
