import { scheduleName, type ScheduleName } from "../core/ids.ts";
import type { Run } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { nextScheduleWithRuns, scanRuns } from "../records/run-record.ts";
import type { Services } from "./services.ts";

/** Which runs to list: the latest `limit` of one schedule, or of all. */
export interface RunQuery {
  readonly limit: number;
  readonly schedule?: string;
}

/** The latest runs, latest nominal time first; those of removed schedules included. */
export async function listRuns(
  services: Pick<Services, "store">,
  query: RunQuery,
): Promise<readonly Run[]> {
  return await services.store.snapshot(async (reader) => {
    const { schedule, limit } = query;
    const names =
      schedule === undefined ? await schedulesWithRuns(reader) : [scheduleName(schedule)];
    const runs: Run[] = [];
    for (const name of names) {
      runs.push(...(await scanRuns(reader, name, { limit })).map((record) => record.run));
    }
    return runs
      .toSorted((a, b) => b.nominalAt - a.nominalAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  });
}

async function schedulesWithRuns(reader: Reader): Promise<readonly ScheduleName[]> {
  const names: ScheduleName[] = [];
  for (;;) {
    const next = await nextScheduleWithRuns(reader, names.at(-1));
    if (next === undefined) return names;
    names.push(next);
  }
}
