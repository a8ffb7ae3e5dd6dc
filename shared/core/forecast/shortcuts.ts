import { attemptRequestOf } from "../run/attempt-request.ts";
import type { AdmissionDecision } from "../run/decide-admission.ts";
import { HOUR_MS, SECOND_MS } from "../time/duration.ts";
import { limitsInForce, type Account } from "../units/account.ts";
import { worstCaseOf } from "../units/explain.ts";
import type { Spend } from "../units/spend.ts";
import type { Course, CourseRun } from "./course.ts";

/**
 * Where the answer about a limit is known, it is not worked out again: to look through the trailing hour
 * is what a decision costs. None of these changes what is decided.
 */

/**
 * The account without its limit of the hour where everything that any hour could hold is less than
 * that: the answer is known, and looking through the hour is what a decision costs.
 */
export function easedAccount(course: Course, run: CourseRun): Account {
  const { account } = course;
  const { unitsPerHour } = limitsInForce(account);
  if (unitsPerHour === undefined || run.run.overrides !== undefined) return account;
  let most = hourMostOf(course, run);
  for (const spend of account.spends) most += spend.units;
  for (const held of account.open) most += inAnHour(held);
  if (most > unitsPerHour) return account;
  const { unitsPerHour: _hour, ...limitsLeft } = account.limits;
  const { provider } = account;
  if (provider === undefined) return { ...account, limits: limitsLeft };
  const { unitsPerHour: _theirs, ...theirs } = provider.limits;
  return { ...account, limits: limitsLeft, provider: { ...provider, limits: theirs } };
}

/** The most that an execution of its schedule may spend within an hour. */
function hourMostOf(course: Course, { run, of }: CourseRun): number {
  if (of.hourMost !== undefined) return of.hourMost;
  const { planned } = of;
  const request = planned && attemptRequestOf(run, planned.definition, planned.rates);
  if (request === undefined) return Infinity;
  of.hourMost = inAnHour(worstCaseOf(course.account, request, course.now).spend);
  return of.hourMost;
}

function inAnHour({ rate, units }: Pick<Spend, "rate" | "units">): number {
  return Math.min(units, (rate * HOUR_MS) / SECOND_MS);
}

/**
 * Whether a run that is woken would only be denied again: no place is free, or the account is as it was
 * when the same did not fit before a later instant. It waits already, so that nothing of it changes.
 */
export function isDeniedStill(course: Course, { run, of }: CourseRun): boolean {
  const { account, now, denied } = course;
  switch (run.reason?.code) {
    case "limit_concurrency":
      return account.open.length >= (limitsInForce(account).concurrentRuns ?? Infinity);
    case "limit_hour":
      return denied?.account === account && now < (denied.until.get(shapeOf(of)) ?? 0);
    default:
      return false;
  }
}

/** Remembers what does not fit the hour with this very account, and until when. */
export function rememberDenial(course: Course, run: CourseRun, decision: AdmissionDecision): void {
  const { account } = course;
  if (run.run.overrides !== undefined || decision.kind !== "wait") return;
  if (decision.reason.code !== "limit_hour") return;
  if (course.denied?.account !== account) course.denied = { account, until: new Map() };
  course.denied.until.set(shapeOf(run.of), decision.nextEligibleAt);
}

/** What its executions ask for: those of two schedules with one shape are admitted or denied alike. */
function shapeOf(of: CourseRun["of"]): string {
  if (of.shape !== undefined) return of.shape;
  const { definition, rates } = of.planned ?? {};
  if (definition === undefined || rates === undefined) return of.name;
  const { work, timeoutMs } = definition;
  const { gracefulShutdown, instanceTypes } = work;
  of.shape = JSON.stringify([instanceTypes, rates, timeoutMs, gracefulShutdown?.timeoutMs]);
  return of.shape;
}
