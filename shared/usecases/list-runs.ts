import type { Caller } from "../core/access/access.ts";
import { scheduleName, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run, RunState } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { nextScheduleWithRuns, type RunPlace } from "../records/run-record.ts";
import { visibleProjects } from "./access/holds.ts";
import { latestRuns, placeOf } from "./latest-runs.ts";
import type { Page } from "./read-page.ts";
import type { Services } from "./services.ts";

/** Which runs to list: a page of one schedule's, or of all. */
export interface RunQuery {
  readonly size: number;
  readonly schedule?: string;
  readonly state?: RunState;
  /** Only runs that it may look at. */
  readonly caller?: Caller;
  readonly after?: RunPlace;
}

/**
 * A page of the latest runs, latest nominal time first; those of removed schedules included. A page
 * that takes too long to fill comes out shorter, even empty, with more behind it.
 */
export async function listRuns(
  services: Pick<Services, "store">,
  query: RunQuery,
): Promise<Page<Run, RunPlace>> {
  return await services.store.snapshot(async (reader) => {
    const { schedule, size } = query;
    const names =
      schedule === undefined ? await schedulesWithRuns(reader) : [scheduleName(schedule)];
    const isWanted = wantedBy(reader, query);
    const items: Run[] = [];
    let searched = 0;
    let last: Run | undefined;
    for await (const run of latestRuns(reader, names, query.after)) {
      if (
        last !== undefined &&
        searched >= limits.runSearchRows &&
        run.nominalAt < last.nominalAt
      ) {
        // Behind everything of that instant: a place may not name a run that its reader does not see.
        return { items, next: { nominalAt: last.nominalAt, run: "" } };
      }
      searched += 1;
      last = run;
      if (!(await isWanted(run))) continue;
      const end = items.length < size ? undefined : items.at(-1);
      if (end !== undefined) return { items, next: placeOf(end) };
      items.push(run);
    }
    return { items };
  });
}

function wantedBy(
  reader: Reader,
  { state, caller }: RunQuery,
): (run: Run) => boolean | Promise<boolean> {
  const known = new Map<ProjectId, boolean>();
  const isVisible = async (to: Caller, project: ProjectId): Promise<boolean> => {
    const is = known.get(project) ?? (await visibleProjects(reader, to, [project])).has(project);
    known.set(project, is);
    return is;
  };
  return (run) =>
    (state === undefined || run.state === state) &&
    (caller === undefined || isVisible(caller, run.project));
}

async function schedulesWithRuns(reader: Reader): Promise<readonly ScheduleName[]> {
  const names: ScheduleName[] = [];
  for (;;) {
    const next = await nextScheduleWithRuns(reader, names.at(-1));
    if (next === undefined) return names;
    names.push(next);
  }
}
