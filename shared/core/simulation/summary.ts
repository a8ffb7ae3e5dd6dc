import type { ProjectId, ScheduleName } from "../ids.ts";
import type { ReasonCode } from "../run/reason.ts";
import { isFinal, type RunState } from "../run/run.ts";
import type { Instant } from "../time/instant.ts";
import type { SimulatedRun } from "./simulated-run.ts";
import { peakHour, trailingHour, type HourPoint } from "./trailing-hour.ts";

/** What became of a schedule's occurrences. */
export interface ScheduleSummary {
  readonly schedule: ScheduleName;
  readonly project: ProjectId;
  readonly fires: number;
  readonly started: number;
  /** How many are in each state, and how many of those that ended unstarted had each reason. */
  readonly states: Readonly<Partial<Record<RunState, number>>>;
  readonly unstarted: Readonly<Partial<Record<ReasonCode, number>>>;
  /** Those that started later than they were due because they had to wait. */
  readonly waits: number;
  readonly longestWaitMs: number;
  readonly totalWaitMs: number;
  readonly units: number;
}

/** What a project's schedules come to together. */
export interface ProjectSummary {
  readonly project: ProjectId;
  readonly units: number;
  /** The most of any trailing hour; absent where nothing was spent. */
  readonly peak?: HourPoint;
  /** When something first had to wait for balance, or was refused for it. */
  readonly balanceEndsAt?: Instant;
  /** When something first waited or was left out because the balance was low. */
  readonly lowAt?: Instant;
}

export interface Summary {
  readonly schedules: readonly ScheduleSummary[];
  readonly projects: readonly ProjectSummary[];
}

/** Sums up what a simulation played; schedules that never fired are listed too. */
export function summarize(
  runs: readonly SimulatedRun[],
  played: {
    readonly schedules: readonly { readonly name: ScheduleName; readonly project: ProjectId }[];
    readonly balanceEnds: readonly {
      readonly project: ProjectId;
      readonly at: Instant;
      readonly because: "limit_balance" | "low_balance";
    }[];
  },
): Summary {
  const bySchedule = Map.groupBy(runs, ({ schedule }) => schedule);
  const byProject = Map.groupBy(runs, ({ project }) => project);
  const projects = [...new Set(played.schedules.map(({ project }) => project))].toSorted();
  return {
    schedules: played.schedules.map((each) =>
      scheduleSummary(each, bySchedule.get(each.name) ?? []),
    ),
    projects: projects.map((project) => {
      const attempts = (byProject.get(project) ?? []).flatMap((run) => run.attempts);
      const peak = peakHour(trailingHour(attempts));
      const ends = played.balanceEnds.filter((each) => each.project === project);
      const end = ends.find(({ because }) => because === "limit_balance");
      const low = ends.find(({ because }) => because === "low_balance");
      return {
        project,
        units: attempts.reduce((sum, { units }) => sum + units, 0),
        ...(peak === undefined ? {} : { peak }),
        ...(end === undefined ? {} : { balanceEndsAt: end.at }),
        ...(low === undefined ? {} : { lowAt: low.at }),
      };
    }),
  };
}

function scheduleSummary(
  { name, project }: { readonly name: ScheduleName; readonly project: ProjectId },
  runs: readonly SimulatedRun[],
): ScheduleSummary {
  const waits = runs.map(waitMs).filter((ms) => ms > 0);
  const unstarted = runs.flatMap(({ attempts, state, reason }) =>
    attempts.length === 0 && isFinal(state) && reason !== undefined ? [reason] : [],
  );
  return {
    schedule: name,
    project,
    fires: runs.length,
    started: runs.filter(({ attempts }) => attempts.length > 0).length,
    states: counted(runs.map(({ state }) => state)),
    unstarted: counted(unstarted),
    waits: waits.length,
    longestWaitMs: waits.reduce((longest, ms) => Math.max(longest, ms), 0),
    totalWaitMs: waits.reduce((sum, ms) => sum + ms, 0),
    units: runs.flatMap((run) => run.attempts).reduce((sum, { units }) => sum + units, 0),
  };
}

/** How long a run that started had to wait for something; zero for one that did not wait or start. */
export function waitMs({ waitedFor, attempts, effectiveAt }: SimulatedRun): number {
  const [first] = attempts;
  if (waitedFor === undefined || first === undefined) return 0;
  return Math.max(0, first.startedAt - effectiveAt);
}

function counted<T extends string>(values: readonly T[]): Readonly<Partial<Record<T, number>>> {
  const counts: Partial<Record<T, number>> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
