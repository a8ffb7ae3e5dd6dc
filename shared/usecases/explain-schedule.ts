import { OrreryError } from "../core/errors.ts";
import { gateChecks, turnCheck, type GateCheck } from "../core/forecast/gate-checks.ts";
import type { Plan, PlannedSchedule, WatchedOccurrence } from "../core/forecast/plan.ts";
import type { RunId, ScheduleName } from "../core/ids.ts";
import { limits } from "../core/limits.ts";
import {
  attemptRequest,
  type AdmissionDecision,
  type AdmissionFacts,
} from "../core/run/decide-admission.ts";
import { lowCheck, type LowCheck } from "../core/run/low-balance.ts";
import { isFinal, liveAttempt, type Run } from "../core/run/run.ts";
import type { NextFire } from "../core/schedule/next-fire.ts";
import { fireAfter } from "../core/schedule/owed.ts";
import { earlier, formatInstant, later, plusMs, type Instant } from "../core/time/instant.ts";
import type { Estimate } from "../core/units/estimate.ts";
import { checks, type Check } from "../core/units/explain.ts";
import type { ProviderCheck } from "../core/units/exposure.ts";
import { readDefinition } from "../records/schedule-record.ts";
import { providerChecks } from "./explain-run.ts";
import { projectInParts, type Parts } from "./forecast/in-parts.ts";
import { readPlan, type PlanStart } from "./forecast/read-plan.ts";
import { followProvider } from "./provider/follow-provider.ts";
import type { Services } from "./services.ts";

/** What would be decided about one occurrence to come. */
export interface ScheduleExplanation {
  readonly schedule: ScheduleName;
  /** Absent where no occurrence is to come. */
  readonly fire?: NextFire;
  /** What is decided when it comes due; absent where that is not known. */
  readonly decision?: AdmissionDecision;
  /** Every rule in the order in which they decide, with the numbers compared. */
  readonly checks: readonly (GateCheck | LowCheck | Check | ProviderCheck)[];
  readonly blockers: readonly RunId[];
  /** When it is expected to start; absent where it does not. */
  readonly startsAt?: Instant;
  readonly estimate?: Estimate;
}

export type ExplainServices = Pick<Services, "store" | "clock" | "log" | "provider" | "executor"> &
  Parts;

/**
 * Explains the first occurrence of a schedule at or after an instant: its project's plan is projected to
 * it, and there the decision is taken that the platform would take, without effect. Throws
 * `SCHEDULE_NOT_FOUND`, and `ARGUMENT_INVALID` for an instant that is past or too far ahead.
 */
export async function explainSchedule(
  services: ExplainServices,
  { schedule, at }: { readonly schedule: ScheduleName; readonly at?: Instant | undefined },
): Promise<ScheduleExplanation> {
  const project = await projectOf(services, schedule);
  const unanswered = await followProvider(services, project);
  const now = services.clock.now();
  if (at !== undefined) requireToCome(at, now);
  const start = await services.store.snapshot(
    async (reader) => await readPlan(reader, project, now),
  );
  const own = start.schedules.find(({ definition }) => definition.name === schedule);
  if (own === undefined) throw notConfigured(schedule);
  const fire = occurrenceToExplain(start, own, at ?? now);
  if (fire === undefined) return withoutFire(own);
  const refusal = await services.executor.check(project, own.definition.work);
  const plan = planTo(start, { own, fire, now, refusal: refusal?.reason });
  const projection = await projectInParts(services, plan);
  const { watched } = projection;
  const estimate = own.estimate === undefined ? {} : { estimate: own.estimate };
  if (watched === undefined) {
    return { schedule, fire, checks: [cutCheck(projection.until)], blockers: [], ...estimate };
  }
  const { decision, blockers, startsAt } = watched;
  const facts = unanswered === undefined ? watched.facts : { ...watched.facts, unanswered };
  return {
    schedule,
    fire,
    decision,
    checks: [
      ...checksOf(facts),
      ...providerChecks(services.provider, facts),
      planCheck(plan, watched, projection.until),
    ],
    blockers: blockers.slice(0, limits.blockersShown),
    ...(startsAt === undefined ? {} : { startsAt }),
    ...estimate,
  };
}

async function projectOf(
  { store }: Pick<ExplainServices, "store">,
  schedule: ScheduleName,
): Promise<Plan["account"]["project"]> {
  const record = await store.snapshot(async (reader) => await readDefinition(reader, schedule));
  if (record === undefined) throw notConfigured(schedule);
  return record.definition.project;
}

function notConfigured(schedule: ScheduleName): OrreryError {
  return new OrreryError(
    "SCHEDULE_NOT_FOUND",
    `Schedule ${schedule} is not configured: apply a YAML that has it`,
  );
}

function requireToCome(at: Instant, now: Instant): void {
  const latest = plusMs(now, limits.explainAheadMs);
  if (at >= now && at <= latest) return;
  const description =
    at < now
      ? `${formatInstant(at)} is past: \`orrery runs\` lists the runs, and \`orrery explain RUN\` explains one`
      : `${formatInstant(at)} is too far ahead: at most ${formatInstant(latest)}`;
  throw new OrreryError("ARGUMENT_INVALID", `at: ${description}`, {
    fields: [{ field: "at", description }],
  });
}

/** An occurrence that the tick has made already is a run by now, and no other one is meant. */
function occurrenceToExplain(
  { runs }: PlanStart,
  { definition, timing, next }: PlannedSchedule,
  at: Instant,
): NextFire | undefined {
  const [made] = runs
    .filter((run) => run.schedule === definition.name && run.cause.kind === "occurrence")
    .filter((run) => isUndecided(run) && run.nominalAt >= at)
    .toSorted((a, b) => a.nominalAt - b.nominalAt);
  if (made !== undefined) return { nominalAt: made.nominalAt, effectiveAt: made.effectiveAt };
  if (timing === undefined || next === undefined || next.nominalAt >= at) return next;
  return fireAfter(definition, timing, plusMs(at, -1));
}

function isUndecided(run: Run): boolean {
  return !isFinal(run.state) && liveAttempt(run) === undefined;
}

function withoutFire({ definition, timing, estimate }: PlannedSchedule): ScheduleExplanation {
  const after = definition.after.map((each) => each.schedule).join(", ");
  const why =
    timing !== undefined
      ? "it names no time that is still to come"
      : `no clock starts it${after === "" ? "" : `; it comes after ${after}`}`;
  const relief = { kind: "never" } as const;
  const named = { rule: "named", holds: false, compared: {}, relief } as const;
  return {
    schedule: definition.name,
    checks: [{ ...named, sentence: `Named: ${why}.` }],
    blockers: [],
    ...(estimate === undefined ? {} : { estimate }),
  };
}

function planTo(
  start: PlanStart,
  wanted: {
    readonly own: PlannedSchedule;
    readonly fire: NextFire;
    readonly now: Instant;
    readonly refusal: string | undefined;
  },
): Plan {
  const { own, fire, now, refusal } = wanted;
  const { name: schedule } = own.definition;
  const refused = refusal === undefined ? own : { ...own, refusal };
  return {
    ...start,
    schedules: start.schedules.map((each) => (each === own ? refused : each)),
    until: plusMs(later(fire.effectiveAt, now), limits.explainWaitMs),
    stepsMax: limits.projectionSteps,
    watched: { schedule, nominalAt: fire.nominalAt },
  };
}

function checksOf(facts: AdmissionFacts): readonly (GateCheck | LowCheck | Check)[] {
  const { definition } = facts;
  const low = definition && lowCheck(facts, definition);
  const request = definition && attemptRequest(facts, definition);
  return [
    ...gateChecks(facts),
    ...(low === undefined ? [] : [low]),
    turnCheck(facts),
    ...(request === undefined ? [] : checks(facts.account, request, facts.now)),
  ];
}

/** On what all of this stands: nobody knows what is to come. */
function planCheck(
  { schedules, account, now }: Plan,
  { decidedAt, startsAt, ends }: WatchedOccurrence,
  until: Instant,
): GateCheck {
  const own = schedules.filter(({ definition }) => definition.project === account.project);
  const learnt = own.filter(({ estimate }) => estimate?.source === "history").length;
  const compared = { schedules: own.length, learnt, decidedAt, now: earlier(now, decidedAt) };
  const basis = `by the estimates of ${own.length} schedules, ${learnt} of them learnt; what people, messages and callers ask for is not in it`;
  const rule = "plan";
  if (startsAt !== undefined) {
    const sentence = `Plan: it starts at ${formatInstant(startsAt)}, ${basis}.`;
    return { rule, holds: true, compared, sentence };
  }
  const end =
    ends === undefined
      ? `it has not started by ${formatInstant(until)}`
      : `it ends ${ends.state} at ${formatInstant(ends.at)} (${ends.reason.code})`;
  const relief = { kind: ends === undefined ? "settlement" : "never" } as const;
  return { rule, holds: false, compared, sentence: `Plan: ${end}, ${basis}.`, relief };
}

function cutCheck(until: Instant): GateCheck {
  const sentence = `Plan: so much happens before it that only the time until ${formatInstant(until)} was looked at.`;
  return { rule: "plan", holds: false, compared: {}, sentence, relief: { kind: "never" } };
}
