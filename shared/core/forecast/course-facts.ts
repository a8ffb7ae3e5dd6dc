import type { RunId } from "../ids.ts";
import type { AdmissionFacts } from "../run/decide-admission.ts";
import type { ActiveRun, UpstreamFact } from "../run/gate.ts";
import { isFinal } from "../run/run.ts";
import { definitionOf } from "../run/run-overrides.ts";
import { formatInstant, type Instant } from "../time/instant.ts";
import { idToCome, type Course, type CourseRun } from "./course.ts";

/** Everything that decides about a run, as `admission-facts.ts` reads it on the platform. */
export function factsOf(course: Course, run: CourseRun): AdmissionFacts {
  const { of } = run;
  const { planned, lastStartedAt } = of;
  const first = course.line.first();
  const head = first && {
    run: first.place.id,
    rank: first.place.rank,
    since: first.place.dueAt as Instant,
  };
  return {
    run: run.run,
    now: course.now,
    ...(planned === undefined ? {} : { definition: definitionOf(run.run, planned.definition) }),
    isNamed: true,
    ...(planned?.operator === undefined ? {} : { operator: planned.operator }),
    ...(planned?.refusal === undefined ? {} : { refusal: planned.refusal }),
    others: of.live.length === 1 ? [] : othersOf(run),
    upstream: upstreamOf(course, run),
    account: course.account,
    rates: planned?.rates ?? {},
    ...(head === undefined ? {} : { head }),
    ...(lastStartedAt === undefined ? {} : { lastStartedAt }),
  };
}

function othersOf({ run, of }: CourseRun): readonly ActiveRun[] {
  if (of.planned?.definition.overlap === "allow") return [];
  return of.live.flatMap(({ run: other, execution }): readonly ActiveRun[] => {
    const { id, effectiveAt, state, reason } = other;
    if (id === run.id || (state !== "waiting" && execution === undefined)) return [];
    return [{ run: id, effectiveAt, state, reason: reason?.code ?? "" }];
  });
}

function upstreamOf(course: Course, { run, of }: CourseRun): readonly UpstreamFact[] {
  const after = of.planned?.definition.after ?? [];
  if (after.length === 0 || run.cause.kind !== "occurrence") return [];
  const { nominalAt } = run;
  return after.map((dependency) => {
    const upstream = course.schedules.get(dependency.schedule);
    const { history = [], next } = upstream ?? {};
    const owes = next !== undefined && next.nominalAt <= nominalAt;
    const latest = history.findLast((each) => each.nominalAt <= nominalAt);
    if (latest !== undefined) return { dependency, owes, state: latest.stateOf() };
    // It came before all that is remembered. A run that waits for something else has passed it.
    const isForgotten = history.length > 0 && run.state === "waiting";
    const state = dependency.condition === "failed" ? "failed" : "succeeded";
    return { dependency, owes, ...(isForgotten ? { state } : {}) };
  });
}

/** The runs that a run comes after and that are not over: its upstream's, or what those still owe. */
export function upstreamRuns(course: Course, { run, of }: CourseRun): readonly RunId[] {
  return (of.planned?.definition.after ?? []).flatMap(({ schedule }): readonly RunId[] => {
    const upstream = course.schedules.get(schedule);
    const { nominalAt } = run;
    if (upstream?.next !== undefined && upstream.next.nominalAt <= nominalAt) {
      return [idToCome(schedule, formatInstant(upstream.next.nominalAt))];
    }
    const latest = upstream?.history.findLast((each) => each.nominalAt <= nominalAt);
    return latest?.id === undefined || isFinal(latest.stateOf()) ? [] : [latest.id];
  });
}
