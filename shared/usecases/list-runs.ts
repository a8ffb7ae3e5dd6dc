import { scheduleName, type RunId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run, RunState } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { nextScheduleWithRuns, scanRuns } from "../records/run-record.ts";
import type { Services } from "./services.ts";

/** Which runs to list: the latest `limit` (1 to 900) of one schedule, or of all. */
export interface RunQuery {
  readonly limit: number;
  readonly schedule?: string;
  /** Only runs in this state; those behind `limits.runSearchPages` of a schedule are not found. */
  readonly state?: RunState;
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
    for (const name of names) runs.push(...(await latestRuns(reader, name, query)));
    return runs
      .toSorted((a, b) => b.nominalAt - a.nominalAt || (a.id < b.id ? 1 : -1))
      .slice(0, limit);
  });
}

async function latestRuns(
  reader: Reader,
  schedule: ScheduleName,
  { limit, state }: RunQuery,
): Promise<readonly Run[]> {
  const pageRows = state === undefined ? limit : limits.scanRows;
  const found: Run[] = [];
  let after: { readonly after: RunId } | undefined;
  for (let page = 0; page < limits.runSearchPages; page += 1) {
    const records = await scanRuns(reader, schedule, { limit: pageRows, ...after });
    const runs = records.map((record) => record.run);
    found.push(...runs.filter((run) => state === undefined || run.state === state));
    const last = runs.at(-1);
    if (last === undefined || runs.length < pageRows || found.length >= limit) break;
    after = { after: last.id };
  }
  return found.slice(0, limit);
}

async function schedulesWithRuns(reader: Reader): Promise<readonly ScheduleName[]> {
  const names: ScheduleName[] = [];
  for (;;) {
    const next = await nextScheduleWithRuns(reader, names.at(-1));
    if (next === undefined) return names;
    names.push(next);
  }
}
