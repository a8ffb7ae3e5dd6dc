import { adHocSchedule } from "../ids.ts";
import { limits } from "../limits.ts";
import { isAdHoc, isFinal, liveAttempt, type Run } from "../run/run.ts";
import { fireAfter, occurrencesOwed, type OwedOccurrence } from "../schedule/owed.ts";
import { formatInstant, later } from "../time/instant.ts";
import {
  courseSchedule,
  idToCome,
  openCourse,
  precedenceOf,
  settlePlace,
  takeIn,
  type Course,
  type CourseRun,
  type CourseSchedule,
} from "./course.ts";
import { concludeRun, endRun, resumeLive, startElsewhere } from "./executions.ts";
import { lookAtRun } from "./look.ts";
import type { Plan, Projection, WatchedOccurrence } from "./plan.ts";
import { ranked } from "./tally.ts";

/**
 * What becomes of a project if nothing is changed and every execution takes what it is estimated to: its
 * schedules fire, its runs are decided on by the very rules that the platform goes by, and what ends
 * is settled on a copy of its account. So it is wrong where estimates are, and besides in this:
 *
 * F1 Every execution succeeds, unless its limits let it run for less than is estimated: then it is
 *    stopped. Nothing is tried again.
 * F2 Ends are seen at once, and what is cancelled ends at once; the platform may be a minute late.
 * F3 What people, messages and callers of the API will ask for is not known, and neither is what others
 *    spend in the same project. Schedules of other projects start whenever they are due.
 */
export function project(plan: Plan): Projection {
  const course = beginProjection(plan);
  while (goOn(course, plan.stepsMax));
  return outcomeOf(course);
}

/** The same in parts, for whoever has something else to do in between: `goOn` until it says false. */
export function beginProjection(plan: Plan): Course {
  const course = openCourse(plan);
  for (const of of [...course.schedules.values()]) beginSchedule(course, of);
  for (const run of plan.runs) beginRun(course, run);
  return course;
}

/** Goes on for about so many steps; false once there is nothing more to do. */
export function goOn(course: Course, steps: number): boolean {
  const { plan, agenda } = course;
  const pauseAt = course.steps + steps;
  while (course.steps < pauseAt) {
    const at = agenda.nextAt();
    if (course.isOver(course) || at === undefined || at > plan.until) return false;
    if (course.steps >= plan.stepsMax) {
      course.isCut = true;
      return false;
    }
    course.now = later(course.now, at);
    step(course);
  }
  return true;
}

/** The next thing happens. */
function step(course: Course): void {
  const next = course.agenda.take();
  if (next === undefined) return;
  course.steps += 1;
  if (next.kind === "fire") fire(course, next.of);
  else if (next.kind === "look") lookAtRun(course, next.run, next.chain);
  else endRun(course, next.run);
}

/** What it owes by now comes due at once; a platform that was down catches up as its policy says. */
function beginSchedule(course: Course, of: CourseSchedule): void {
  const { planned, next } = of;
  const { now } = course;
  if (planned?.timing === undefined || next === undefined) return;
  const { definition, timing } = planned;
  const window = { now, throughAt: now, limit: limits.occurrencesPerClaim };
  const owed = occurrencesOwed({ definition, timing }, next, window);
  for (const occurrence of owed.occurrences) makeOccurrence(course, of, occurrence);
  of.next = owed.next;
  if (of.next !== undefined) {
    course.agenda.add(later(of.next.effectiveAt, now), "fire", { kind: "fire", of });
  }
}

function beginRun(course: Course, run: Run): void {
  if (isFinal(run.state)) return;
  const name = isAdHoc(run) ? adHocSchedule(run.project) : run.schedule;
  const known = course.schedules.get(name);
  const of = known ?? courseSchedule(name, { isElsewhere: false, isAwaited: false });
  course.schedules.set(name, of);
  const taken = takeIn(of, run);
  if (liveAttempt(run) !== undefined) {
    resumeLive(course, taken);
    return;
  }
  of.tally.fires += 1;
  settlePlace(course, taken);
  const { waitingSince, nextEligibleAt, effectiveAt, state } = run;
  if (state === "waiting") taken.waitsFrom = waitingSince ?? effectiveAt;
  const lookAt = later(later(effectiveAt, nextEligibleAt ?? effectiveAt), course.now);
  const look = { kind: "look", run: taken, chain: taken.chain } as const;
  course.agenda.add(lookAt, "look", look, precedenceOf(taken));
}

function fire(course: Course, of: CourseSchedule): void {
  const { planned, next } = of;
  if (planned?.timing === undefined || next === undefined) return;
  const following = fireAfter(planned.definition, planned.timing, next.nominalAt);
  of.next = following;
  if (following !== undefined && following.effectiveAt <= course.plan.until) {
    course.agenda.add(later(following.effectiveAt, course.now), "fire", { kind: "fire", of });
  }
  makeOccurrence(course, of, next);
}

function makeOccurrence(course: Course, of: CourseSchedule, occurrence: OwedOccurrence): void {
  const { planned } = of;
  if (planned === undefined) return;
  const { nominalAt, effectiveAt, missed } = occurrence;
  const run = takeIn(of, {
    id: idToCome(of.name, formatInstant(nominalAt)),
    schedule: of.name,
    project: planned.definition.project,
    cause: { kind: "occurrence" },
    priority: planned.definition.priority,
    nominalAt,
    effectiveAt,
    state: "queued",
    inputs: {},
    attempts: [],
  });
  of.tally.fires += 1;
  if (missed !== undefined) concludeRun(course, run, "skipped", { code: "missed", text: missed });
  else if (course.plan.paused?.has(of.name) === true) {
    concludeRun(course, run, "skipped", { code: "paused", text: "As if it were paused" });
  } else if (of.isElsewhere) startElsewhere(course, run);
  else comesDue(course, run);
}

function comesDue(course: Course, run: CourseRun): void {
  const look = { kind: "look", run, chain: run.chain } as const;
  course.agenda.add(later(run.run.effectiveAt, course.now), "look", look, precedenceOf(run));
}

/** What it came to, once `goOn` has said false. */
export function outcomeOf(course: Course): Projection {
  const { plan, account, isCut, balanceEndsAt, lowAt, watched } = course;
  const until = isCut || course.isOver(course) ? course.now : plan.until;
  course.profile.walkTo(until);
  const own = [...course.schedules.values()].filter((each) => !each.isElsewhere);
  const tallies = own.map(({ name, tally, live }) => {
    const waiting = live.filter((each) => each.execution === undefined);
    for (const { waitsFrom = until } of waiting) {
      tally.longestWaitMs = Math.max(tally.longestWaitMs, until - waitsFrom);
    }
    return { name, tally, waiting: waiting.length };
  });
  return {
    project: account.project,
    at: plan.now,
    until,
    truncated: isCut,
    plannedUnits: own.reduce((sum, { tally }) => sum + tally.plannedUnits, 0),
    peak: course.profile.peak(),
    ...(balanceEndsAt === undefined ? {} : { balanceEndsAt }),
    ...(lowAt === undefined ? {} : { lowAt }),
    schedules: ranked(tallies),
    ...(watched === undefined ? {} : { watched: withoutRun(watched) }),
  };
}

function withoutRun({ run: _run, ...watched }: NonNullable<Course["watched"]>): WatchedOccurrence {
  return watched;
}
