import type { AttemptId, RunId, ScheduleName } from "../ids.ts";
import { limits } from "../limits.ts";
import { rankOf } from "../run/priority.ts";
import type { Run, RunState } from "../run/run.ts";
import type { NextFire } from "../schedule/next-fire.ts";
import { earlier, type Instant } from "../time/instant.ts";
import { limitsInForce, type Account } from "../units/account.ts";
import type { Spend } from "../units/spend.ts";
import { Agenda, type Precedence } from "./agenda.ts";
import type { ExpectedExecution } from "./expected.ts";
import { HourProfile } from "./hour-profile.ts";
import type { Plan, PlannedSchedule, WatchedOccurrence } from "./plan.ts";
import { newTally, type Tally } from "./tally.ts";
import { WaitingLine, type Place } from "./waiting-line.ts";

/**
 * A projection under way. Everything in it is changed as it goes, because it has a million steps; only
 * `project.ts` and what it calls see it.
 */
export interface Course {
  readonly plan: Plan;
  now: Instant;
  account: Account;
  steps: number;
  isCut: boolean;
  readonly agenda: Agenda<Happening>;
  readonly schedules: Map<ScheduleName, CourseSchedule>;
  /** Runs that wait for the project's limits, as the platform keeps them in line. */
  readonly line: WaitingLine<CourseRun>;
  readonly profile: HourProfile;
  readonly hasHour: boolean;
  readonly isOver: (course: Course) => boolean;
  /** What does not fit the hour with this very account, and until when. */
  denied?: { readonly account: Account; readonly until: Map<string, Instant> };
  balanceEndsAt?: Instant;
  lowAt?: Instant;
  watched?: WatchedOccurrence & { readonly run: CourseRun };
}

export interface CourseSchedule {
  readonly name: ScheduleName;
  /** Absent where it is not configured: runs of it may still live. */
  readonly planned?: PlannedSchedule;
  /** Of another project: it only matters when its runs end. */
  readonly isElsewhere: boolean;
  /** Whether schedules with a clock of their own come after it. */
  readonly isAwaited: boolean;
  next?: NextFire | undefined;
  /** Runs that are not over, in the order in which they came. */
  readonly live: CourseRun[];
  /** Of an awaited one: its runs by nominal time, as far back as they are remembered. */
  readonly history: Remembered[];
  lastStartedAt?: Instant | undefined;
  /** The most that an execution of it can put into an hour; known once one has asked. */
  hourMost?: number;
  /** What its executions ask for, in a text. */
  shape?: string;
  readonly tally: Tally;
}

/** A run that others may come after. */
interface Remembered {
  readonly id?: RunId;
  readonly nominalAt: Instant;
  readonly stateOf: () => RunState;
}

export interface CourseRun {
  run: Run;
  readonly of: CourseSchedule;
  /** When it was looked at first, where it did not start then. */
  waitsFrom?: Instant;
  /** Looks of an earlier chain are void. */
  chain: number;
  /** When the present chain looks at it next. */
  lookAt?: Instant;
  /** Somebody is to look at it out of turn. */
  isWoken: boolean;
  place?: Place;
  execution?: ExpectedExecution & { readonly attempt: AttemptId; readonly spend: Spend };
  isOver: boolean;
}

/** Something that is to happen. */
type Happening =
  | { readonly kind: "fire"; readonly of: CourseSchedule }
  /** `chain` absent: somebody woke it. */
  | { readonly kind: "look"; readonly run: CourseRun; readonly chain?: number }
  | { readonly kind: "end"; readonly run: CourseRun };

/** A plan before anything of it has happened. */
export function openCourse(plan: Plan): Course {
  const { account, now } = plan;
  const awaited = new Set(
    plan.schedules.flatMap(({ definition, timing }) =>
      timing === undefined ? [] : definition.after.map(({ schedule }) => schedule),
    ),
  );
  const schedules = new Map(
    plan.schedules.map((planned) => {
      const { name, project } = planned.definition;
      const traits = { isElsewhere: project !== account.project, isAwaited: awaited.has(name) };
      return [name, courseSchedule(name, { planned, ...traits })] as const;
    }),
  );
  const hasHour = limitsInForce(account).unitsPerHour !== undefined;
  return {
    plan,
    now,
    account,
    steps: 0,
    isCut: false,
    agenda: new Agenda(),
    schedules,
    line: new WaitingLine(),
    profile: new HourProfile(now, account.spends),
    hasHour,
    isOver: endOf(plan),
  };
}

function endOf(plan: Plan): Course["isOver"] {
  if (plan.toBalanceEnd === true) return (course) => stopsAt(course) !== undefined;
  if (plan.watched === undefined) return () => false;
  return ({ watched }) =>
    watched !== undefined && (watched.startsAt !== undefined || watched.ends !== undefined);
}

/** When the balance first stops something, be it that it is too small or that it is low. */
export function stopsAt({
  balanceEndsAt,
  lowAt,
}: Pick<Course, "balanceEndsAt" | "lowAt">): Instant | undefined {
  if (balanceEndsAt === undefined || lowAt === undefined) return balanceEndsAt ?? lowAt;
  return earlier(balanceEndsAt, lowAt);
}

export function courseSchedule(
  name: ScheduleName,
  traits: Pick<CourseSchedule, "isElsewhere" | "isAwaited"> & {
    readonly planned?: PlannedSchedule;
  },
): CourseSchedule {
  const { planned } = traits;
  const latest = planned?.latest;
  return {
    name,
    ...traits,
    next: planned?.next,
    live: [],
    history:
      latest === undefined ? [] : [{ nominalAt: latest.nominalAt, stateOf: () => latest.state }],
    lastStartedAt: planned?.lastStartedAt,
    tally: newTally(),
  };
}

/** Takes a run in: it is one of its schedule's from now on. */
export function takeIn(of: CourseSchedule, run: Run): CourseRun {
  const taken: CourseRun = { run, of, chain: 0, isWoken: false, isOver: false };
  of.live.push(taken);
  if (!of.isAwaited) return taken;
  const { history } = of;
  const known = { id: run.id, nominalAt: run.nominalAt, stateOf: () => taken.run.state };
  const behind = history.findLastIndex(({ nominalAt }) => nominalAt <= run.nominalAt);
  history.splice(behind + 1, 0, known);
  if (history.length > 2 * limits.projectionHistory) history.splice(0, limits.projectionHistory);
  return taken;
}

/** Moves a run in or out of the line, by what it waits for; the platform's rule is in `run-record.ts`. */
export function settlePlace({ line }: Course, waiting: CourseRun): void {
  const place = placeOf(waiting);
  const before = waiting.place;
  if (before !== undefined && place !== undefined && isSame(before, place)) return;
  if (before !== undefined) line.remove(before);
  if (place === undefined) delete waiting.place;
  else {
    waiting.place = place;
    line.add(place, waiting);
  }
}

/** Whoever waits to be funded has none: nothing is funded meanwhile. */
function placeOf({ run, of }: CourseRun): Place | undefined {
  const { state, waitingSince } = run;
  if (state !== "waiting" || waitingSince === undefined) return undefined;
  const units = of.planned?.estimate?.units ?? 0;
  return { rank: rankOf(run.priority), dueAt: waitingSince, units, id: run.id };
}

function isSame(a: Place, b: Place): boolean {
  return a.rank === b.rank && a.dueAt === b.dueAt;
}

/** Where a run stands among those that come due at one instant. */
export function precedenceOf({ run, of }: CourseRun): Precedence {
  const units = of.planned?.estimate?.units ?? 0;
  return { rank: rankOf(run.priority), dueAt: run.effectiveAt, units };
}

/** Names a run that is to come: `SCHEDULE@TIME`, and its cause where that is not the clock. */
export function idToCome(schedule: ScheduleName, at: string, cause = ""): RunId {
  return `${schedule}@${at}${cause}` as RunId;
}
