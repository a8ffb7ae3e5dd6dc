import { attemptIdOf, type RunId } from "../ids.ts";
import { limits } from "../limits.ts";
import type { AdmissionDecision } from "../run/decide-admission.ts";
import { holds } from "../run/gate.ts";
import { RANKS } from "../run/priority.ts";
import type { Reason } from "../run/reason.ts";
import { liveAttempt, type FinalState } from "../run/run.ts";
import { formatInstant, later, plusMs } from "../time/instant.ts";
import { settle, type Account } from "../units/account.ts";
import { unitsFor } from "../units/rates.ts";
import type { Usage } from "../units/reservation.ts";
import type { Spend } from "../units/spend.ts";
import {
  idToCome,
  precedenceOf,
  settlePlace,
  takeIn,
  type Course,
  type CourseRun,
  type CourseSchedule,
} from "./course.ts";
import { expectedExecution, expectedOfLive } from "./expected.ts";
import { isForUnits } from "./tally.ts";

type Admission = Extract<AdmissionDecision, { readonly kind: "admit" }>;

/** Starts an admitted run; `account` is what the admission left. */
export function startRun(
  course: Course,
  run: CourseRun,
  { admitted, request }: Admission,
  account: Account,
): void {
  const { now } = course;
  const { of, waitsFrom } = run;
  const { bound, reservation } = admitted;
  const { units, hardLimitMs: durationMs } = bound;
  const estimate = of.planned?.estimate ?? { units, durationMs, source: "bound" as const };
  const expected = expectedExecution(estimate, bound, { at: now, rate: reservation.rate });
  course.account = account;
  of.lastStartedAt = later(run.run.nominalAt, of.lastStartedAt ?? run.run.nominalAt);
  of.tally.starts += 1;
  if (waitsFrom !== undefined) {
    of.tally.waits += 1;
    of.tally.longestWaitMs = Math.max(of.tally.longestWaitMs, now - waitsFrom);
  }
  const { reason: _why, nextEligibleAt: _next, waitingSince: _since, ...rest } = run.run;
  run.run = { ...rest, state: "running" };
  settlePlace(course, run);
  run.chain += 1;
  executes(course, run, { ...expected, attempt: request.attempt });
  if (course.watched?.run === run) course.watched = { ...course.watched, startsAt: now };
}

/** A run that runs now goes on. */
export function resumeLive(course: Course, run: CourseRun): void {
  const { now } = course;
  const attempt = liveAttempt(run.run);
  if (attempt === undefined) return;
  const id = attemptIdOf(run.run.id, attempt.number);
  executes(course, run, {
    ...expectedOfLive(run.of.planned?.estimate, attempt, now),
    attempt: id,
  });
}

function executes(
  course: Course,
  run: CourseRun,
  expected: Omit<NonNullable<CourseRun["execution"]>, "spend">,
): void {
  const spend = spendOf(expected.usage);
  run.execution = { ...expected, spend };
  run.of.tally.plannedUnits += spend.units;
  course.profile.walkTo(course.now);
  course.profile.add(spend);
  course.agenda.add(expected.endAt, "end", { kind: "end", run });
}

function spendOf({ startedAt, finishedAt, rate }: Usage): Spend {
  const ranMs = finishedAt - startedAt;
  return { startAt: startedAt, endAt: finishedAt, rate, units: unitsFor(ranMs, rate) };
}

/** A run of another project is only there for those that come after it. */
export function startElsewhere(course: Course, run: CourseRun): void {
  const { durationMs } = run.of.planned?.estimate ?? { durationMs: 0 };
  run.run = { ...run.run, state: "running" };
  const endAt = plusMs(later(run.run.effectiveAt, course.now), durationMs);
  course.agenda.add(endAt, "end", { kind: "end", run });
}

/** An execution ends as expected: it is settled, and whoever waited for that is looked at. */
export function endRun(course: Course, run: CourseRun): void {
  if (run.isOver) return;
  if (run.execution !== undefined)
    settleRun(course, run.execution.attempt, run.execution.usage, course);
  finish(course, run, run.execution?.isStopped === true ? "timedOut" : "succeeded");
  if (!run.of.isElsewhere) wakeForRoom(course);
}

/** An execution is cancelled: it is settled for what it has spent by now. */
function cutRun(course: Course, run: CourseRun): void {
  const { now } = course;
  if (run.execution !== undefined) {
    const { attempt, usage, spend } = run.execution;
    const finishedAt = usage.finishedAt < now ? usage.finishedAt : now;
    const cut = { ...usage, finishedAt };
    settleRun(course, attempt, cut, course);
    course.profile.walkTo(now);
    course.profile.cut(spend, finishedAt);
    run.of.tally.plannedUnits -= spend.units - spendOf(cut).units;
  }
  finish(course, run, "cancelled");
  wakeForRoom(course);
}

function settleRun(
  course: Course,
  attempt: NonNullable<CourseRun["execution"]>["attempt"],
  usage: Usage,
  { hasHour, now }: Pick<Course, "hasHour" | "now">,
): void {
  const { account } = settle(course.account, attempt, usage, now);
  // Without a limit of the hour nobody asks what was spent in it, and keeping it is half the cost.
  course.account = hasHour || account.spends.length === 0 ? account : { ...account, spends: [] };
}

/** Ends a run that never started. */
export function concludeRun(
  course: Course,
  run: CourseRun,
  state: "skipped" | "refused" | "expired",
  reason: Reason,
): void {
  const { tally } = run.of;
  if (isForUnits(reason)) tally.refusals += 1;
  else tally.skips += 1;
  run.run = { ...run.run, state, reason };
  if (course.watched?.run === run) {
    course.watched = { ...course.watched, ends: { at: course.now, state, reason } };
  }
  finish(course, run, state);
  wakeForRoom(course);
}

/** By the policy `cancel-running`. */
export function cancelRuns(course: Course, of: CourseSchedule, ids: readonly RunId[]): void {
  for (const run of of.live.filter((each) => ids.includes(each.run.id))) {
    if (run.execution === undefined) {
      run.of.tally.skips += 1;
      finish(course, run, "cancelled");
    } else cutRun(course, run);
  }
}

function finish(course: Course, run: CourseRun, state: FinalState): void {
  const { of } = run;
  run.isOver = true;
  run.chain += 1;
  const { waitingSince: _since, nextEligibleAt: _next, ...rest } = run.run;
  run.run = { ...rest, state };
  settlePlace(course, run);
  of.live.splice(of.live.indexOf(run), 1);
  for (const name of of.planned?.downstream ?? []) bringAbout(course, run, name);
  wakeBehind(course, of);
}

/** A schedule without a clock has a run for each end of the one it comes after. */
function bringAbout(course: Course, upstream: CourseRun, name: CourseSchedule["name"]): void {
  const of = course.schedules.get(name);
  const planned = of?.planned;
  if (of === undefined || planned === undefined || planned.definition.timing !== undefined) return;
  const { nominalAt, schedule, state } = upstream.run;
  const dependency = planned.definition.after.find((each) => each.schedule === schedule);
  const run = takeIn(of, {
    id: idToCome(name, formatInstant(nominalAt)),
    schedule: name,
    project: planned.definition.project,
    cause: { kind: "upstream", run: upstream.run.id },
    priority: planned.definition.priority,
    nominalAt,
    effectiveAt: course.now,
    state: "queued",
    inputs: {},
    attempts: [],
  });
  of.tally.fires += 1;
  if (dependency !== undefined && !holds(dependency.condition, state)) {
    const text = `It needs ${schedule} ${dependency.condition}, which is ${state}`;
    concludeRun(course, run, "skipped", { code: "dependency", text });
  } else if (course.plan.paused?.has(name) === true) {
    concludeRun(course, run, "skipped", { code: "paused", text: "As if it were paused" });
  } else if (of.isElsewhere) startElsewhere(course, run);
  else {
    const look = { kind: "look", run, chain: run.chain } as const;
    course.agenda.add(course.now, "wake", look, precedenceOf(run));
  }
}

/** Whoever waits for the project's limits: as many as the platform wakes, in their order. */
function wakeForRoom(course: Course): void {
  for (const run of course.line.upTo(limits.wakeRuns)) wake(course, run, 0);
}

/** Whoever waits for a run of this schedule to end. */
function wakeBehind(course: Course, of: CourseSchedule): void {
  wakeWhere(course, of, "overlap", RANKS);
  for (const name of of.planned?.downstream ?? []) {
    const follower = course.schedules.get(name);
    if (follower !== undefined) wakeWhere(course, follower, "dependency", 2 * RANKS);
  }
}

function wakeWhere(
  course: Course,
  of: CourseSchedule,
  code: Reason["code"],
  ranksBehind: number,
): void {
  for (const run of of.live) {
    if (run.execution === undefined && run.run.reason?.code === code)
      wake(course, run, ranksBehind);
  }
}

/** The platform looks at those that wait for limits first, then at those of the schedule, then at others. */
function wake(course: Course, run: CourseRun, ranksBehind: number): void {
  if (run.isWoken) return;
  run.isWoken = true;
  const precedence = precedenceOf(run);
  const rank = precedence.rank + ranksBehind;
  course.agenda.add(course.now, "wake", { kind: "look", run }, { ...precedence, rank });
}
