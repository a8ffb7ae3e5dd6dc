import type { Caller } from "../core/access/access.ts";
import { adHocSchedule, scheduleName, type ProjectId, type ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import type { Run, RunState } from "../core/run/run.ts";
import type { Reader } from "../ports/store.ts";
import { scanAllProjects } from "../records/project-record.ts";
import { nextScheduleWithRuns, type NameRange, type RunPlace } from "../records/run-record.ts";
import { scanSchedules } from "../records/schedule-record.ts";
import { visibleProjects } from "./access/held-role.ts";
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
    const { isWanted, learn } = wantedBy(reader, query);
    const listing = { schedules: names, after: query.after, wanted: size + 1, onRead: learn };
    const items: Run[] = [];
    let searched = 0;
    let last: Run | undefined;
    for await (const run of latestRuns(reader, listing)) {
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
      if (!isWanted(run)) continue;
      const end = items.length < size ? undefined : items.at(-1);
      if (end !== undefined) return { items, next: placeOf(end) };
      items.push(run);
    }
    return { items };
  });
}

/** What a reader wants of runs; `learn` is told of each before `isWanted` is asked about it. */
interface Wish {
  readonly isWanted: (run: Run) => boolean;
  readonly learn: (runs: readonly Run[]) => Promise<void>;
}

function wantedBy(reader: Reader, { state, caller }: RunQuery): Wish {
  const isInState = (run: Run): boolean => state === undefined || run.state === state;
  if (caller === undefined) {
    return { isWanted: isInState, learn: async () => await Promise.resolve() };
  }
  const known = new Map<ProjectId, boolean>();
  return {
    isWanted: (run) => isInState(run) && known.get(run.project) === true,
    learn: async (runs) => {
      const projects = new Set(runs.filter(isInState).map(({ project }) => project));
      const news = [...projects].filter((project) => !known.has(project));
      const visible = await visibleProjects(reader, caller, news);
      for (const project of news) known.set(project, visible.has(project));
    },
  };
}

/**
 * Every schedule that may have runs. Those that are configured are expected to have some, and those
 * under which the projects that are there keep what callers started. Others, such as removed ones,
 * are looked for between each two of these at once, and there one by one.
 */
async function schedulesWithRuns(reader: Reader): Promise<readonly ScheduleName[]> {
  const page = { limit: limits.scanRows };
  const [schedules, projects] = await Promise.all([
    scanSchedules(reader, page),
    scanAllProjects(reader, page),
  ]);
  const expected = [
    ...schedules.map(({ schedule }) => schedule),
    ...projects.map(({ id }) => adHocSchedule(id)),
  ].toSorted();
  const ranges = [undefined, ...expected].map((after, index) => ({
    after,
    before: expected[index],
  }));
  const others = await Promise.all(ranges.map(async (range) => await namesWithin(reader, range)));
  return [...expected, ...others.flat()];
}

async function namesWithin(
  reader: Reader,
  { after, before }: NameRange,
): Promise<readonly ScheduleName[]> {
  const names: ScheduleName[] = [];
  for (;;) {
    const next = await nextScheduleWithRuns(reader, { after: names.at(-1) ?? after, before });
    if (next === undefined) return names;
    names.push(next);
  }
}
